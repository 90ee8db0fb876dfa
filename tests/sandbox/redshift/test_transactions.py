"""Transactions as Redshift's: snapshots, table locks before them, what commits and what only warns."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2
import pytest


@pytest.fixture
def table(cluster: Any, schema: str) -> str:
    connection = cluster.psycopg2()
    connection.cursor().execute(f"CREATE TABLE {schema}.t (k int, v int); INSERT INTO {schema}.t VALUES (1, 0)")
    connection.commit()
    return f"{schema}.t"


def value(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT v FROM {table}")
    return int(cursor.fetchone()[0])


@pytest.mark.parametrize("client", ["psycopg2", "connector"])
def test_m19_a_second_writer_waits_and_sees_the_first(cluster: Any, table: str, client: str) -> None:
    first, second = cluster.psycopg2(), getattr(cluster, client)()
    cursor = second.cursor()
    update = f"UPDATE {table} SET v = v + %s"
    cursor.execute(update, (1,))  # prepares it, where the driver does
    second.commit()
    first.cursor().execute(update, (1,))
    done = threading.Event()

    def write() -> None:
        cursor.execute(update, (1,))
        second.commit()
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.3)
    assert value(cluster.psycopg2().cursor(), table) == 1, "readers do not wait"
    first.commit()
    thread.join(10)
    assert value(cluster.psycopg2().cursor(), table) == 3


def test_m19_autocommitted_writes_never_conflict(cluster: Any, table: str) -> None:
    def increment() -> None:
        connection = cluster.psycopg2()
        connection.autocommit = True
        for _ in range(10):
            connection.cursor().execute(f"UPDATE {table} SET v = v + 1")

    threads = [threading.Thread(target=increment) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(cluster.psycopg2().cursor(), table) == 30


def test_m19_a_write_on_an_old_snapshot_conflicts(cluster: Any, table: str) -> None:
    old, new = cluster.psycopg2(), cluster.psycopg2()
    assert value(old.cursor(), table) == 0
    new.cursor().execute(f"UPDATE {table} SET v = 1")
    new.commit()
    assert value(old.cursor(), table) == 0
    with pytest.raises(psycopg2.InternalError, match="conflict with concurrent transaction"):
        old.cursor().execute(f"UPDATE {table} SET v = 2")


def test_m19_lock_comes_before_the_snapshot(cluster: Any, table: str) -> None:
    first, second = cluster.connector(), cluster.connector()
    first.cursor().execute(f"LOCK {table}")
    seen: list[int] = []

    def read() -> None:
        cursor = second.cursor()
        cursor.execute(f"LOCK TABLE {table}")
        seen.append(value(cursor, table))
        second.rollback()

    thread = threading.Thread(target=read)
    thread.start()
    first.cursor().execute(f"UPDATE {table} SET v = 7")
    assert seen == []
    first.commit()
    thread.join(10)
    assert seen == [7]


def test_m18_rollback_undoes_ddl_and_dml(cluster: Any, schema: str, table: str) -> None:
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.u (a int PRIMARY KEY)")
    cursor.execute(f"INSERT INTO {table} VALUES (2, 2)")
    connection.rollback()
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchone()[0] == 1
    cursor.execute(f"SELECT count(*) FROM svv_tables WHERE table_schema = '{schema}' AND table_name = 'u'")
    assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize("client", ["psycopg2", "connector"])
def test_m18_truncate_commits(cluster: Any, table: str, schema: str, client: str) -> None:
    connection = getattr(cluster, client)()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.kept (a int)")
    cursor.execute(f"TRUNCATE {table}")
    connection.rollback()
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchone()[0] == 0
    cursor.execute(f"SELECT count(*) FROM {schema}.kept")


def test_m18_vacuum_is_refused_in_a_block(cluster: Any, table: str) -> None:
    connection = cluster.psycopg2()
    with pytest.raises(psycopg2.errors.ActiveSqlTransaction, match="VACUUM cannot run inside a transaction block"):
        connection.cursor().execute(f"VACUUM {table}")
    connection.rollback()
    connection.autocommit = True
    connection.cursor().execute(f"VACUUM FULL {table} TO 99 PERCENT")
    connection.cursor().execute(f"ANALYZE {table} PREDICATE COLUMNS")
    connection.cursor().execute("VACUUM")
    connection.cursor().execute("ANALYZE")
    assert connection.notices == []


@pytest.mark.parametrize("change", ["ALTER COLUMN v TYPE varchar(20)", "APPEND FROM {schema}.u"])
def test_m18_what_cannot_be_undone_is_refused_in_a_block(cluster: Any, schema: str, table: str, change: str) -> None:
    connection = cluster.psycopg2()
    with pytest.raises(psycopg2.errors.ActiveSqlTransaction, match="cannot run inside a transaction block"):
        connection.cursor().execute(f"ALTER TABLE {table} {change.format(schema=schema)}")


def test_m18_nested_begin_and_stray_commit_only_warn(cluster: Any) -> None:
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")
    cursor.execute("START TRANSACTION")
    connection.commit()
    connection.commit()
    cursor.execute("SELECT 1")
    assert cursor.fetchone()[0] == 1


def test_m18_an_error_of_the_stand_ins_own_aborts_the_transaction(cluster: Any, table: str) -> None:
    for client in (cluster.psycopg2(), cluster.connector()):
        cursor = client.cursor()
        cursor.execute(f"INSERT INTO {table} VALUES (5, 5)")
        with pytest.raises(Exception, match="CREATE INDEX is not supported"):
            cursor.execute("CREATE INDEX i ON t (k)")
        with pytest.raises(Exception, match="current transaction is aborted"):
            cursor.execute("SELECT 1")
        client.rollback()
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == 1
        client.rollback()


def test_c3_a_batch_is_one_transaction_unless_it_says_otherwise(cluster: Any, table: str) -> None:
    connection = cluster.psycopg2()
    connection.autocommit = True
    cursor = connection.cursor()
    with pytest.raises(psycopg2.errors.DivisionByZero):
        cursor.execute(f"UPDATE {table} SET v = 1; SELECT 1 / 0")
    assert value(cursor, table) == 0
    with pytest.raises(psycopg2.errors.DivisionByZero):
        cursor.execute(f"BEGIN; UPDATE {table} SET v = 1; COMMIT; SELECT 1 / 0")
    assert value(cursor, table) == 1
