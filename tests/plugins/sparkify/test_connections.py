"""A connection means the same however it is written; what is missing or means nothing is named and not tried again."""

import json
import secrets
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.context import VariableAccessor

from sparkify.operators.tune_tables import TuneTablesOperator
from sparkify.operators.warehouse import WarehouseOperator

PASSWORD = "Aa1!#$%&()*+,-.:;<=>?[]^_`{|}~"  # all that Redshift allows (AWS: CREATE USER) beside letters and digits
USER = "fred o'neill: 50%/+?#@ü"  # Redshift folds the case of names, also within quotes


def operator(conn_id="written", schema="public"):
    with DAG("any", schedule=None):
        return TuneTablesOperator(
            task_id="task", conn_id=conn_id, schema=schema, statement_timeout=timedelta(seconds=5)
        )


def who(task: WarehouseOperator) -> str:
    with task.session() as session:
        return session.run("select current_user")[0][0].strip()


@pytest.fixture
def person(sandbox):
    """A user whose name and password hold what has a meaning elsewhere."""
    name = f"{USER} {secrets.token_hex(3)}"
    admin = sandbox.redshift()
    admin.autocommit = True
    admin.cursor().execute(f"create user \"{name}\" password '{PASSWORD}'")
    yield name
    admin.cursor().execute(f'drop user "{name}"')


def as_uri(sandbox, user, password, kind="redshift", **extra):
    host, port = sandbox.address["host"], sandbox.address["port"]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"{kind}://{login}@{host}:{port}/dev?{urlencode(extra)}"


def as_json(sandbox, user, password, kind="redshift", **extra):
    where = {"host": sandbox.address["host"], "port": str(sandbox.address["port"]), "schema": "dev"}
    return json.dumps({"conn_type": kind, "login": user, "password": password, **where, "extra": extra})


@pytest.mark.parametrize("written", [as_uri, as_json])
@pytest.mark.parametrize(
    ("kind", "extra"),
    [
        ("redshift", {"iam": "false", "ssl": "False", "timeout": "20", "application_name": "airflow"}),
        ("postgres", {"iam": "false", "sslmode": "disable", "connect_timeout": "20"}),
    ],
)
def test_flags_and_numbers_may_be_text_and_users_and_passwords_hold_any_character(
    sandbox, environment, person, monkeypatch, written, kind, extra
):
    monkeypatch.setenv("AIRFLOW_CONN_WRITTEN", written(sandbox, person, PASSWORD, kind, **extra))
    assert who(operator()) == person


def test_the_port_may_stand_in_the_extra(sandbox, environment, monkeypatch):
    address = sandbox.address
    monkeypatch.setenv(
        "AIRFLOW_CONN_WRITTEN",
        as_json(sandbox, address["user"], address["password"], port=str(address["port"]), ssl="false"),
    )
    assert who(operator()) == address["user"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"ssl": "no"}, "ssl in its extra is 'no'; write true or false"),
        ({"iam": ""}, "iam in its extra is ''; write true or false"),
        ({"timeout": "20s"}, "timeout in its extra is '20s'; write a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(sandbox, environment, monkeypatch, extra, said):
    monkeypatch.setenv("AIRFLOW_CONN_WRITTEN", as_uri(sandbox, "u", "p", **extra))
    with pytest.raises(AirflowFailException, match=f"Connection 'written': {said}"):
        who(operator())


def test_text_that_means_yes_still_asks_iam(sandbox, environment, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_WRITTEN", as_uri(sandbox, "u", "p", iam="true"))
    hook = operator().get_db_hook()
    assert hook.get_connection("written").extra_dejson == {"iam": True}


def test_a_connection_that_is_missing_is_named_and_not_waited_for(environment):
    with pytest.raises(AirflowFailException, match=r"`nowhere` isn't defined.*airflow connections add --help"):
        who(operator("nowhere"))


def test_a_variable_that_is_missing_is_named_and_not_waited_for(environment):
    context = {"var": {"value": VariableAccessor(deserialize_json=False)}, "params": {"only": "everything"}}
    task = operator("sparkify_redshift", "{{ var.value.not_set_by_anybody }}")
    with pytest.raises(AirflowFailException, match=r"not_set_by_anybody not found.*airflow variables set --help"):
        task.render_template_fields(context)
