"""The system's own views: who is connected, what runs; and those that the sandbox cannot fill, which it names."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg2
import pytest


def test_c11_sessions_and_what_runs_are_shown(cursor: Any, owner: Any) -> None:
    cursor.execute("SELECT pg_backend_pid(), trim(user_name), trim(db_name), timeout_sec FROM stv_sessions "
                   "WHERE process = pg_backend_pid() AND starttime <= getdate() + interval '1 second'")  # fmt: skip
    ((pid, *session),) = cursor.fetchall()
    assert session == ["awsuser", "dev", 0]
    # AWS: r_STV_RECENTS; a finished query has no process.
    owner.execute("SELECT 'something to be seen'")
    cursor.execute("SELECT trim(status), pid FROM stv_recents WHERE query LIKE 'SELECT trim(status)%%'")
    assert cursor.fetchall() == [("Running", pid)]
    cursor.execute("SELECT trim(status), pid FROM stv_recents WHERE query = 'SELECT ''something to be seen'''")
    assert cursor.fetchall() == [("Done", -1)]


def test_c11_locks_are_shown_with_their_transaction(cursor: Any, owner: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    cursor.execute("BEGIN; LOCK t")
    # AWS: PG_TERMINATE_BACKEND looks here for who holds a table.
    owner.execute("SELECT txn_owner, txn_db, pid, lock_mode, granted FROM svv_transactions v "
                  "JOIN svv_table_info i ON i.table_id = v.relation WHERE i.schema = %s", [schema])  # fmt: skip
    locks = owner.fetchall()
    cursor.execute("SELECT pg_backend_pid()")
    assert locks == [("awsuser", "dev", *cursor.fetchone(), "AccessExclusiveLock", True)]


def test_c1_cancel_ends_another_sessions_statement(cursor: Any, owner: Any, schema: str) -> None:
    owner.execute(f"CREATE TABLE {schema}.t (a int)")
    owner.execute("SELECT pg_backend_pid()")
    cursor.execute("SELECT pg_backend_pid()")
    (pid,) = cursor.fetchone()
    owner.execute(f"BEGIN; LOCK {schema}.t")  # what runs is seen within a block too: it is not of its snapshot

    def cancel() -> None:
        waiting = f"SELECT 1 FROM stv_recents WHERE pid = {pid} AND query LIKE '%waits%' AND trim(status) = 'Running'"
        owner.execute(waiting)
        while not owner.fetchall():
            time.sleep(0.01)
            owner.execute(waiting)
        owner.execute(f"CANCEL {pid}")

    other = threading.Thread(target=cancel)
    other.start()
    with pytest.raises(psycopg2.errors.QueryCanceled):
        cursor.execute(f"SELECT 'waits' FROM {schema}.t")
    other.join()
    owner.execute("ROLLBACK")
    cursor.execute("SELECT 1")
    with pytest.raises(psycopg2.errors.InternalError_, match="Session 1 does not exist"):  # AWS: r_CANCEL
        cursor.execute("CANCEL 1")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="message of CANCEL"):
        cursor.execute("CANCEL 1 'too long'")
    with pytest.raises(psycopg2.errors.SyntaxError):
        cursor.execute("CANCEL now")


@pytest.mark.parametrize("name", [
    "sys_query_history", "sys_query_detail", "stl_query", "pg_catalog.stl_querytext", "svl_qlog", "stv_inflight",
    "sys_unload_history", "stl_wlm_query", "svcs_query_summary", "svv_diskusage",
])  # fmt: skip
def test_c11_a_view_that_the_sandbox_cannot_fill_is_refused_by_name(cursor: Any, name: str) -> None:
    bare = name.rpartition(".")[2]
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match=f"^{bare} is not supported in the sandbox"):
        cursor.execute(f"SELECT * FROM {name} LIMIT 1")


@pytest.mark.parametrize("call", ["pg_last_query_id()", "current_namespace", "slice_num()"])
def test_c11_a_function_that_the_sandbox_cannot_answer_is_refused_by_name(cursor: Any, call: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="^" + call.partition("(")[0]):
        cursor.execute(f"SELECT {call}")


def test_c11_a_users_table_may_have_such_a_name(cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE stl_query (a int); SELECT * FROM stl_query")
    assert cursor.fetchall() == []
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute("SELECT * FROM sys_of_mine")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute(f"SELECT * FROM {schema}.stl_scan")


def test_c11_groups_are_those_that_were_made(cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE GROUP g_{schema}; CREATE ROLE r_{schema}; SELECT groname FROM pg_group")
    names = [name for (name,) in cursor.fetchall()]
    cursor.execute(f"DROP GROUP g_{schema}; DROP ROLE r_{schema}")
    assert f"g_{schema}" in names
    assert not [name for name in names if name.startswith(("pg_", "r_"))]
