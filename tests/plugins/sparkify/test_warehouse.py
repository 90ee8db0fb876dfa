"""One transaction at a time, and what is said when the server goes away in the middle of one."""

import psycopg2
import pytest
import redshift_connector

from sparkify.warehouse import Session


@pytest.fixture(params=["redshift_connector", "psycopg2"])
def session(request, sandbox):
    connection = sandbox.redshift() if request.param == "redshift_connector" else sandbox.psycopg2()
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

    with pytest.raises((redshift_connector.Error, psycopg2.Error)) as lost:
        interrupted()
    assert [lost.value] == raised


@pytest.mark.parametrize("end", ["; -- end", ";;", ";\n/* end */", ";\n/* end */;", ";;-- end\n"])
def test_a_script_may_end_in_semicolons_and_comments(session, scratch, end):
    table = f"{scratch.schema}.t"
    assert session.script(f"create table {table} (a integer); insert into {table} values (1), (2){end}") == 2
    assert session.run(f"select count(*) from {table}") == [(2,)]
