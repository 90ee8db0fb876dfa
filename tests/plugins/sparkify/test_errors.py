"""What the drivers really raise, sorted into what a retry can cure and what it cannot."""

import psycopg2
import pytest
import redshift_connector
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from sparkify import errors

PERMANENT = {
    "no table": "select * from nowhere",
    "no column": "select nothing from pg_class",
    "no schema": "select * from nowhere.nothing",
    "syntax": "selec 1",
    "not a number": "select 'x'::integer",
    "division by zero": "select 1 / 0",
    "no such role": "copy {schema}.t from 's3://sparkify-source/x' "
    "iam_role 'arn:aws:iam::123456789012:role/nobody' format as json 'auto'",
}


@pytest.fixture(params=["redshift_connector", "psycopg2"])
def connection(request, sandbox):
    opened = sandbox.redshift() if request.param == "redshift_connector" else sandbox.psycopg2()
    opened.autocommit = True
    return opened


def raised(connection, statement):
    with pytest.raises((redshift_connector.Error, psycopg2.Error)) as caught:
        connection.cursor().execute(statement)
    return caught.value


@pytest.mark.parametrize("statement", PERMANENT.values(), ids=PERMANENT)
def test_the_same_statement_would_fail_again(connection, scratch, statement):
    connection.cursor().execute(f"create table {scratch.schema}.t (a integer)")
    error = raised(connection, statement.format(schema=scratch.schema))
    assert errors.is_permanent(error), (errors.sqlstate(error), errors.message(error))
    assert not errors.is_conflict(error)


def test_a_statement_that_took_too_long_may_succeed_next_time(connection, sandbox, scratch):
    connection.cursor().execute(f"create table {scratch.schema}.t (a integer)")
    connection.cursor().execute("set statement_timeout to 100")
    sandbox.redshift().cursor().execute(f"lock {scratch.schema}.t")
    waited = raised(connection, f"insert into {scratch.schema}.t values (1)")
    assert not errors.is_permanent(waited)
    assert not errors.is_conflict(waited)


def test_a_transaction_that_loses_is_a_conflict(connection, sandbox, scratch):
    table = f"{scratch.schema}.t"
    connection.cursor().execute(f"create table {table} (a integer)")
    connection.cursor().execute(f"insert into {table} values (1)")
    connection.autocommit = False
    connection.cursor().execute(f"select * from {table}")
    other = sandbox.redshift()
    other.autocommit = True
    other.cursor().execute(f"update {table} set a = 2")
    error = raised(connection, f"update {table} set a = 3")
    assert errors.is_conflict(error), errors.message(error)
    assert not errors.is_permanent(error)
    connection.rollback()


@pytest.mark.parametrize("words", ["1023", "1018"])
def test_the_serializable_conflicts_of_redshift_are_conflicts(words):
    error = redshift_connector.ProgrammingError(
        {"C": "XX000", "M": f"{words}", "D": "Serializable isolation violation"}
    )
    assert errors.is_conflict(error)
    assert not errors.is_conflict(ValueError(words)), "only what the server says"


def test_the_same_digits_elsewhere_are_no_conflict():
    words = "S3ServiceException:Access Denied,Status 403,Rid 1A1023, reading s3://b/runs/1018.manifest"
    error = redshift_connector.ProgrammingError({"C": "XX000", "M": words})
    assert not errors.is_conflict(error)
    assert errors.is_permanent(error)


def test_an_explained_error_names_connection_action_and_reason(connection):
    with (
        pytest.raises(
            AirflowFailException, match=r"(?s)^Counting failed on connection 'dwh': .*nowhere.*\(SQLSTATE 42P01\)"
        ),
        errors.explained("dwh", "Counting"),
    ):
        connection.cursor().execute("select * from nowhere")


def test_an_error_of_nobody_knows_what_may_be_tried_again():
    with pytest.raises(AirflowException, match="tried again") as stopped, errors.explained("dwh", "Counting"):
        raise ConnectionResetError("gone")
    assert stopped.type is AirflowException


def test_what_is_explained_already_is_left_as_it_is():
    with pytest.raises(AirflowFailException, match=r"^clear$"), errors.explained("dwh", "Counting"):
        raise AirflowFailException("clear")


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("The specified key does not exist.,Status 404,Error NoSuchKey,Rid 1,CanRetry 1", True),
        ("We encountered an internal error.,Status 500,Error InternalError,Rid 1,CanRetry 1", False),
        ('Read timeout on endpoint URL: "https://b.s3.amazonaws.com/m"', False),
    ],
)
def test_a_manifest_that_s3_fails_to_serve_may_be_served_next_time(answer, permanent):
    fields = {"C": "XX000", "M": f"Problem reading manifest file - S3ServiceException:{answer}"}
    assert errors.is_permanent(redshift_connector.ProgrammingError(fields)) is permanent
