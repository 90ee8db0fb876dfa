"""The SQL that makes Airflow's user runs on the stand-in, and gives the user what the DAG's first run needs."""

import secrets

import pytest
import redshift_connector

from include.aws.stack import Stack
from include.sandbox.state import DATABASE
from tests.aws.test_stack import SERVERLESS

PASSWORD = "Sandbox123"


@pytest.fixture
def admin(sandbox):
    connection = sandbox.redshift()
    connection.autocommit = True
    return connection.cursor()


def test_the_user_makes_the_schema_and_grants_to_the_readers_and_may_do_no_more(sandbox, admin):
    token = secrets.token_hex(4)
    user, schema = f"IAMR:Worker-{token}", f"star_{token}"
    stack = Stack("us-west-2", {**SERVERLESS, "DatabaseUser": user, "Schema": schema, "Database": DATABASE})
    with_password = stack.user_sql().replace("password disable", f"password '{PASSWORD}'")  # the stand-in knows no IAM
    assert with_password != stack.user_sql()
    for statement in with_password.splitlines():
        admin.execute(statement)
    # It folds users' names too, whose case Redshift keeps (AWS: r_enable_case_sensitive_identifier).
    connection = sandbox.redshift(user=user.lower(), password=PASSWORD)
    connection.autocommit = True
    worker = connection.cursor()
    worker.execute(f"select role_name from svv_roles where role_name = '{schema}_reader'")
    assert [row[0] for row in worker.fetchall()] == [f"{schema}_reader"]
    worker.execute(f"create schema {schema}")
    worker.execute(f"create table {schema}.plays (id int)")
    worker.execute(f"grant usage on schema {schema} to role {schema}_reader")
    worker.execute(f"grant select on {schema}.plays to role {schema}_reader")
    for refused in (f"create user other_{token} password '{PASSWORD}'", f"create role other_{token}"):
        with pytest.raises(redshift_connector.error.ProgrammingError, match="permission denied"):
            worker.execute(refused)
    worker.execute(f"drop schema {schema} cascade")
    connection.close()
    admin.execute(f'revoke role {schema}_reader from "{user}"')
    admin.execute(f"drop role {schema}_reader")
    admin.execute(f'revoke create on database {DATABASE} from "{user}"')
    admin.execute(f'drop user "{user}"')
