"""One transaction at a time, and what is said when the server goes away in the middle of one."""

import psycopg
import psycopg2
import pytest
import redshift_connector
from airflow.sdk.exceptions import AirflowFailException

from sparkify.warehouse import Session


@pytest.fixture(params=["redshift_connector", "psycopg2", "psycopg"])
def session(request, sandbox):
    connection = sandbox.by(request.param)
    connection.autocommit = True
    opened = Session(connection, pid=0)
    opened.pid = opened.run("select pg_backend_pid()")[0][0]
    return opened


def test_what_is_raised_inside_rolls_all_of_it_back_and_the_session_goes_on(session, scratch):
    table = f"{scratch.schema}.t"

    def half_done():
        with session.transaction():
            session.run(f"create table {table} (a integer)")
            raise KeyError

    with pytest.raises(KeyError):
        half_done()
    with session.transaction():
        session.run(f"create table {table} (a integer)")
        session.run(f"insert into {table} values (%(a)s)", {"a": 1})
    assert session.run(f"select a from {table}") == [(1,)]


def test_a_server_that_goes_away_is_not_hidden_by_the_rollback_that_fails(session, sandbox):
    other = sandbox.redshift()
    other.autocommit = True
    raised = []

    def interrupted():
        with session.transaction():
            session.run("select 1")
            other.cursor().execute(f"select pg_terminate_backend({session.pid})")
            try:
                session.run("select 2")
            except Exception as first:
                raised.append(first)
                raise

    with pytest.raises((redshift_connector.Error, psycopg2.Error, psycopg.Error)) as lost:
        interrupted()
    assert [lost.value] == raised


@pytest.mark.parametrize("end", ["; -- end", ";;", ";\n/* end */", ";\n/* end */;", ";;-- end\n"])
def test_a_script_may_end_in_semicolons_and_comments(session, scratch, end):
    table = f"{scratch.schema}.t"
    assert session.script(f"create table {table} (a integer); insert into {table} values (1), (2){end}") == 2
    assert session.run(f"select count(*) from {table}") == [(2,)]


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("select 7 %% %(a)s::integer, %(a)s::integer", (1, 3)),  # before the first name
        ("select %(a)s::integer, 7 %% 4", (3, 3)),
        ("select '100%%', %(a)s::integer, '%%%%', \"%%\" from (select 1 as \"%%\")", ("100%", 3, "%%", 1)),
        (
            "select %(a)s::integer, 'it''s 1:2 ?' -- %% of what?\n, %(b)s::varchar || 'x' /* 5%% */",
            (3, "it's 1:2 ?", "%x"),
        ),
        ("select '100%', '%%', 7 % 4", ("100%", "%%", 3)),  # no name
        ("select '%(a)', 7 % 4", ("%(a)", 3)),
    ],
)
def test_a_percent_sign_is_written_in_one_way_for_all_drivers(session, statement, row):
    assert session.run(statement, {"a": 3, "b": "%", "unnamed": 1}) == [row]


@pytest.mark.parametrize("statement", ["select %(a)s::integer, 'a%'", "select 7 % %(a)s", "select %(a)s -- 5% of"])
def test_a_single_percent_sign_beside_a_name_is_refused(session, statement):
    with pytest.raises(AirflowFailException, match=r"holds a single % near .*write it %%"):
        session.run(statement, {"a": 3})


def test_a_name_without_a_value_is_refused(session):
    with pytest.raises(AirflowFailException, match=r"%\(b\)s, which is not among \['a'\]"):
        session.run("select %(a)s, %(b)s", {"a": 1})
