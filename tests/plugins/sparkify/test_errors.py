"""What the drivers really raise, sorted into what a retry can cure and what it cannot."""

import psycopg
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
DRIVERS = ("redshift_connector", "psycopg2", "psycopg")
ANY = (redshift_connector.Error, psycopg2.Error, psycopg.Error)


@pytest.fixture(params=DRIVERS)
def driver(request):
    return request.param


@pytest.fixture
def connection(driver, sandbox):
    opened = sandbox.by(driver)
    opened.autocommit = True
    return opened


def raised(connection, statement, *values):
    with pytest.raises((*ANY, *errors.CLIENT_FAULTS, OSError)) as caught:
        connection.cursor().execute(statement, *values)
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


@pytest.mark.parametrize(
    ("driver", "statement", "values"),
    [
        *((driver, "select %s", [object()]) for driver in DRIVERS),
        *((driver, "select %z", [1]) for driver in ("redshift_connector", "psycopg")),
        *((driver, "", None) for driver in ("redshift_connector", "psycopg2")),
        *((driver, "select %s, %s", [1]) for driver in ("psycopg2", "psycopg")),
    ],
)
def test_what_the_driver_itself_refuses_it_would_refuse_again(connection, statement, values):
    error = raised(connection, statement, values)
    assert errors.is_permanent(error), repr(error)


@pytest.mark.parametrize("other", [{"password": "wrong"}, {"user": "nobody"}, {"database": "nowhere"}], ids=str)
def test_a_login_that_is_refused_would_be_refused_again(driver, sandbox, other):
    if driver != "redshift_connector":
        other = {{"database": "dbname"}.get(name, name): value for name, value in other.items()}
    with pytest.raises(ANY) as refused:
        sandbox.by(driver, **other)
    assert errors.is_permanent(refused.value), repr(refused.value)


def test_a_server_that_nobody_reaches_may_be_there_next_time(driver, sandbox, free_port):
    with pytest.raises(ANY) as unreached:
        sandbox.by(driver, port=free_port)
    assert not errors.is_permanent(unreached.value), repr(unreached.value)


def test_a_connection_that_is_lost_may_be_opened_again(connection, sandbox):
    cursor = connection.cursor()
    cursor.execute("select pg_backend_pid()")
    other = sandbox.redshift()
    other.autocommit = True
    other.cursor().execute(f"select pg_terminate_backend({cursor.fetchone()[0]})")
    for _ in range(2):  # as it is lost, and afterwards
        error = raised(connection, "select 1")
        assert not errors.is_permanent(error), repr(error)


def test_a_server_without_tls_is_a_matter_of_settings(driver, sandbox):
    how = {"ssl": True, "sslmode": "verify-ca"} if driver == "redshift_connector" else {"sslmode": "require"}
    with pytest.raises(ANY) as refused:
        sandbox.by(driver, **how)
    assert errors.is_permanent(refused.value), repr(refused.value)


@pytest.mark.parametrize("fault", [KeyError("start"), TypeError("no int"), AttributeError("no such field")], ids=repr)
def test_a_fault_of_the_program_is_named_by_its_kind_and_not_tried_again(fault):
    with (
        pytest.raises(AirflowFailException, match=f"{type(fault).__name__}: .*A retry would meet it again"),
        errors.explained("dwh", "Counting"),
    ):
        raise fault
