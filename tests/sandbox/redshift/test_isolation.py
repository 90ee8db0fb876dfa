"""SERIALIZABLE isolation, which ALTER DATABASE chooses: in a database of these tests' own, which all of it changes."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from include.sandbox.redshift import install

USER = "awsuser"
CLIENTS = ["psycopg2", "connector"]


@pytest.fixture(scope="module")
def database(cluster: Any, start: Any) -> Iterator[Any]:
    """The stand-in in front of another database of the same PostgreSQL, with two tables."""
    name = f"isolation_{secrets.token_hex(4)}"
    config = dataclasses.replace(cluster.config, database=name)
    prepare(cluster, config)
    port, stop = start(config)
    found = dataclasses.replace(cluster, port=port, config=config, opened=[])
    execute(found, "CREATE TABLE tab1 (a int SORTKEY, b int); CREATE TABLE tab2 (a int SORTKEY, b int)")
    yield found
    stop()


@pytest.fixture
def isolated(database: Any) -> Iterator[Callable[[str], Any]]:
    """What chooses the level; sessions that begin afterwards have it."""

    def choose(level: str) -> Any:
        execute(database, f"ALTER DATABASE {database.database} ISOLATION LEVEL {level}")
        return database

    yield choose
    for opened in database.opened:
        opened.close()
    database.opened.clear()
    choose("SNAPSHOT")
    execute(database, "DELETE FROM tab1; DELETE FROM tab2")


def prepare(cluster: Any, config: Any) -> None:
    install(config, USER, cluster.password)
    with closing(psycopg2.connect(cluster.postgres.dsn("postgres"))) as connection:
        connection.autocommit = True
        # a cluster serves one database: installing this one has closed that of the other tests
        connection.cursor().execute("GRANT CONNECT, TEMPORARY ON DATABASE dev TO PUBLIC")


def execute(database: Any, sql: str) -> list[tuple[Any, ...]]:
    with closing(database.psycopg2()) as connection:
        database.opened.remove(connection)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def level(database: Any) -> str:
    return str(execute(database, "SELECT trim(isolation_level) FROM stv_db_isolation_level")[0][0])


def cross(first: Any, second: Any) -> None:
    """AWS's example (c_serial_isolation): each reads what the other writes; whoever commits last breaks the order."""
    one, two = first.cursor(), second.cursor()
    one.execute("SELECT * FROM tab1")
    one.execute("INSERT INTO tab2 VALUES (1)")
    two.execute("INSERT INTO tab1 VALUES (1)")
    two.execute("SELECT * FROM tab2")
    one.execute("COMMIT")
    two.execute("COMMIT")


@pytest.mark.parametrize("client", CLIENTS)
def test_snapshot_isolation_lets_both_commit(isolated: Any, client: str) -> None:
    database = isolated("SNAPSHOT")
    connect = getattr(database, client)
    cross(connect(), connect())
    assert level(database) == "Snapshot Isolation"
    assert execute(database, "SELECT count(*) FROM tab1, tab2") == [(1,)]


@pytest.mark.parametrize("client", CLIENTS)
def test_m19_serializable_isolation_fails_the_last_one_with_1023(isolated: Any, client: str) -> None:
    database = isolated("SERIALIZABLE")
    connect = getattr(database, client)
    first, second = connect(), connect()
    with pytest.raises(Exception, match="1023") as failed:
        cross(first, second)
    assert "Serializable isolation violation on table" in str(failed.value)
    assert (getattr(failed.value, "pgcode", None) or failed.value.args[0]["C"]) == "XX000"
    assert execute(database, "SELECT (SELECT count(*) FROM tab1), (SELECT count(*) FROM tab2)") == [(0, 1)]
    second.rollback()
    second.cursor().execute("INSERT INTO tab1 VALUES (1)")
    second.commit()
    assert level(database) == "Serializable"


def test_a_write_on_an_old_snapshot_fails_with_1023(isolated: Any) -> None:
    database = isolated("SERIALIZABLE")
    execute(database, "INSERT INTO tab1 VALUES (1, 0)")
    old = database.psycopg2()
    old.cursor().execute("SELECT * FROM tab1")
    execute(database, "UPDATE tab1 SET b = 1")
    with pytest.raises(psycopg2.InternalError, match="1023"):
        old.cursor().execute("UPDATE tab1 SET b = 2")


DIGITS = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
FILL = f"""INSERT INTO tab1 SELECT v.n + 5 * w.n + 25 * x.n + 125 * y.n + 625 * z.n, 1
           FROM {DIGITS} v, {DIGITS} w, {DIGITS} x, {DIGITS} y, {DIGITS} z; ANALYZE tab1"""


@pytest.mark.parametrize("read", [7, -7])
@pytest.mark.parametrize("write", ["INSERT INTO tab1 VALUES (3000, 1)", "UPDATE tab1 SET a = 4000 WHERE a = 2000"])
def test_a_read_by_the_sort_key_conflicts_with_a_write_anywhere_in_the_table(
    isolated: Any, read: int, write: str
) -> None:
    database = isolated("SERIALIZABLE")
    execute(database, FILL)
    first, second = database.psycopg2(), database.psycopg2()
    one, two = first.cursor(), second.cursor()
    one.execute(f"EXPLAIN SELECT * FROM tab1 WHERE a = {read}")
    assert "Index" in str(one.fetchall())
    one.execute(f"SELECT * FROM tab1 WHERE a = {read}")
    one.execute("INSERT INTO tab2 VALUES (1)")
    two.execute(write)
    two.execute("SELECT * FROM tab2")
    first.commit()
    with pytest.raises(psycopg2.InternalError, match="1023"):
        second.commit()


def begun(database: Any, words: str) -> Any:
    connection = database.psycopg2()
    connection.autocommit = True
    connection.cursor().execute(f"BEGIN {words}")
    return connection


def test_what_begin_says_changes_nothing(isolated: Any) -> None:
    database = isolated("SNAPSHOT")
    cross(*(begun(database, "ISOLATION LEVEL SERIALIZABLE") for _ in range(2)))
    isolated("SERIALIZABLE")
    with pytest.raises(psycopg2.InternalError, match="1023"):
        cross(*(begun(database, "ISOLATION LEVEL READ COMMITTED") for _ in range(2)))


@pytest.mark.parametrize("client", CLIENTS)
def test_the_level_is_not_changed_in_a_block(database: Any, isolated: Any, client: str) -> None:
    with pytest.raises(Exception, match="ALTER DATABASE ISOLATION LEVEL cannot run inside a transaction block"):
        getattr(database, client)().cursor().execute(f"ALTER DATABASE {database.database} ISOLATION LEVEL SERIALIZABLE")
    assert level(database) == "Snapshot Isolation"


def test_those_that_lock_the_same_table_first_never_fail(isolated: Any) -> None:
    database = isolated("SERIALIZABLE")
    execute(
        database,
        "CREATE TABLE IF NOT EXISTS mutex (a int); INSERT INTO tab1 VALUES (1, 0); INSERT INTO tab2 VALUES (1, 0)",
    )
    failures: list[BaseException] = []

    def publish(client: str, read: str, written: str) -> None:
        try:
            connection = getattr(database, client)()
            cursor = connection.cursor()
            for _ in range(10):
                cursor.execute("LOCK mutex")
                cursor.execute(f"UPDATE {written} SET b = b + 1 + 0 * (SELECT max(b) FROM {read})")
                cursor.execute(f"SELECT * FROM {written} WHERE a = 1")
                connection.commit()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=publish, args=(client, *tables))
        for client in CLIENTS
        for tables in (("tab1", "tab2"), ("tab2", "tab1"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert execute(database, "SELECT tab1.b, tab2.b FROM tab1, tab2") == [(20, 20)]


def test_ddl_and_system_tables_do_not_conflict(isolated: Any) -> None:
    """Redshift's catalogue and system tables are not isolated (AWS: c_serial_isolation)."""
    database = isolated("SERIALIZABLE")
    source = database.put("isolation/x", '{"a": 1}')
    both = database.psycopg2(), database.connector()
    for number, connection in enumerate(both):
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE new{number} (a int PRIMARY KEY SORTKEY)")
        cursor.execute("SELECT * FROM pg_table_def, information_schema.table_constraints")
        cursor.execute("SELECT count(*) FROM svv_table_info, sys_load_history, stv_db_isolation_level")
    for number, connection in enumerate(both):
        cursor = connection.cursor()
        cursor.execute(f"COPY new{number} FROM '{source}' IAM_ROLE default JSON 'auto'")
        cursor.execute("SELECT count(*) FROM sys_load_detail WHERE query_id = pg_last_copy_id()")
        cursor.execute(f"ALTER TABLE new{number} ADD COLUMN b int")
        cursor.execute(f"DROP TABLE new{number}")
    for connection in both:
        connection.commit()


def test_the_level_survives_a_restart_and_open_sessions_keep_theirs(isolated: Any, start: Any) -> None:
    database = isolated("SNAPSHOT")
    open_before = database.psycopg2(), database.psycopg2()
    isolated("SERIALIZABLE")
    cross(*open_before)
    prepare(database, database.config)
    port, stop = start(database.config)
    try:
        again = dataclasses.replace(database, port=port)
        assert level(again) == "Serializable"
        with pytest.raises(psycopg2.InternalError, match="1023"):
            cross(again.psycopg2(), again.psycopg2())
    finally:
        stop()


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("ALTER DATABASE dev ISOLATION LEVEL SNAPSHOT", "3D000"),
        ("ALTER DATABASE {} ISOLATION LEVEL READ COMMITTED", "42601"),
        ("ALTER DATABASE {} ISOLATION LEVEL", "42601"),
        ("ALTER DATABASE {} ISOLATION LEVEL SNAPSHOT SNAPSHOT", "42601"),
        ("ALTER DATABASE {} RENAME TO x", "0A000"),
        ("ALTER DATABASE {} OWNER TO awsuser", "0A000"),
        ("ALTER DATABASE {} SET default_transaction_isolation TO 'serializable'", "0A000"),
        ("SELECT 1; ALTER DATABASE {} ISOLATION LEVEL SERIALIZABLE", "25001"),
    ],
)
def test_what_alter_database_does_not_take(database: Any, sql: str, state: str) -> None:
    with pytest.raises(psycopg2.Error) as refused:
        execute(database, sql.format(database.database))
    assert refused.value.pgcode == state
    assert level(database) == "Snapshot Isolation"


def test_only_the_owner_chooses_the_level(database: Any) -> None:
    user = f"u_{database.database}"
    execute(database, f"CREATE USER {user} PASSWORD 'Sandbox123'")
    with closing(database.psycopg2(user, "Sandbox123")) as connection:
        connection.autocommit = True
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="must be owner of database"):
            connection.cursor().execute(f"ALTER DATABASE {database.database} ISOLATION LEVEL SERIALIZABLE")
    execute(database, f"DROP USER {user}")


def test_a_table_that_was_made_after_the_snapshot_is_met_by_create_if_not_exists(isolated: Any) -> None:
    database = isolated("SERIALIZABLE")
    create = "CREATE TABLE IF NOT EXISTS met (a int SORTKEY, b int)"
    old = database.psycopg2()
    old.cursor().execute("SELECT * FROM tab1")
    execute(database, create)
    old.cursor().execute(create)
    old.commit()
    assert execute(database, "SELECT sortkey FROM pg_table_def WHERE tablename = 'met' AND \"column\" = 'a'") == [(1,)]
    execute(database, "DROP TABLE met")
