"""The protocol as drivers use it beyond plain statements: pipelines, cursors, batches, large and many messages."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import psycopg2
import pytest

from include.sandbox.redshift import wire


@pytest.fixture
def connection(cluster: Any, schema: str) -> Any:
    address = {"host": "127.0.0.1", "port": cluster.port, "dbname": "dev", "user": "awsuser"}
    connection = psycopg.connect(
        **address, password=cluster.password, autocommit=True, options=f"-csearch_path={schema}"
    )
    cluster.opened.append(connection)
    connection.execute("CREATE TABLE t (a int)")
    return connection


def rows(connection: Any, sql: str) -> list[Any]:
    return list(connection.execute(sql).fetchall())


def test_psycopg_3_loads_in_a_transaction_and_rolls_back(cluster: Any, schema: str, connection: Any) -> None:
    source = cluster.put(f"{schema}/x", '{"a": 1}{"a": 2}')
    with connection.transaction(force_rollback=True):
        connection.execute(f"COPY t FROM '{source}' IAM_ROLE default JSON 'auto'")
        assert rows(connection, "SELECT a FROM t ORDER BY a") == [(1,), (2,)]
    assert rows(connection, "SELECT a FROM t") == []


def test_a_pipeline_is_one_transaction_up_to_its_sync(cluster: Any, schema: str, connection: Any) -> None:
    source = cluster.put(f"{schema}/x", '{"a": 2}')
    with connection.pipeline():
        connection.execute("INSERT INTO t VALUES (%s)", (1,))
        connection.execute(f"COPY t FROM '{source}' IAM_ROLE default JSON 'auto'")
        found = connection.execute("SELECT a FROM t ORDER BY a")
    assert found.fetchall() == [(1,), (2,)]
    with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():  # noqa: PT012 - it raises at its end
        connection.execute("INSERT INTO t VALUES (%s)", (3,))
        connection.execute("SELECT 1 / 0")
    assert rows(connection, "SELECT count(*) FROM t") == [(2,)]


def test_begin_within_a_pipeline_begins_a_transaction(connection: Any) -> None:
    with connection.pipeline():
        connection.execute("INSERT INTO t VALUES (%s)", (1,))
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (%s)", (2,))
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    connection.execute("ROLLBACK")
    assert rows(connection, "SELECT a FROM t") == []


def test_a_cursor_of_the_servers_is_read_in_parts(connection: Any) -> None:
    connection.execute("INSERT INTO t VALUES (1), (2), (3)")
    with connection.transaction(), connection.cursor(name="c", binary=True) as cursor:
        cursor.execute("SELECT a, NULL::int, 1.5::numeric(4, 2), 'x' FROM t ORDER BY a")
        assert [len(cursor.fetchmany(2)), len(cursor.fetchmany(2))] == [2, 1]
    assert [row for row in connection.cursor().stream("SELECT a FROM t ORDER BY a")] == [(1,), (2,), (3,)]


def test_a_prepared_statement_is_used_after_ddl(connection: Any) -> None:
    for _ in range(8):  # psycopg prepares it after five
        connection.execute("SELECT * FROM t WHERE a = %s", (1,))
    connection.execute("ALTER TABLE t ADD COLUMN b int")
    connection.execute("INSERT INTO t VALUES (1, 2)")
    assert connection.execute("SELECT * FROM t WHERE a = %s", (1,)).fetchall() == [(1, 2)]


def test_c3_a_batch_with_copy_in_the_middle_stops_where_it_fails(cluster: Any, schema: str, connection: Any) -> None:
    source = cluster.put(f"{schema}/x", '{"a": 2}')
    copy = f"COPY t FROM '{source}%s' IAM_ROLE default JSON 'auto'"
    connection.execute(f"INSERT INTO t VALUES (1); {copy % ''}; INSERT INTO t VALUES (3)")
    assert rows(connection, "SELECT a FROM t ORDER BY a") == [(1,), (2,), (3,)]
    with pytest.raises(psycopg.errors.InternalError_, match="does not exist"):
        connection.execute(f"INSERT INTO t VALUES (4); {copy % '-none'}; INSERT INTO t VALUES (5)")
    assert rows(connection, "SELECT count(*) FROM t") == [(3,)]


@pytest.mark.parametrize("text", ["", " ; ;", "-- nothing", "/* nothing */"])
def test_an_empty_query_is_answered(connection: Any, text: str) -> None:
    assert connection.execute(text).pgresult.status == psycopg.pq.ExecStatus.EMPTY_QUERY


def test_c12_an_error_points_nowhere_rather_than_astray(connection: Any) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn) as failed:
        connection.execute("/* a comment */ SELECT nvl(1, 2), nothing FROM t")
    assert failed.value.diag.statement_position is None


def test_copy_takes_no_parameters(connection: Any) -> None:
    with pytest.raises(psycopg.errors.SyntaxError, match=r"\$1"):
        connection.execute("COPY t FROM %s IAM_ROLE default JSON 'auto'", ("s3://bucket/x",))


def test_others_are_served_while_a_long_statement_is_read(cluster: Any, connection: Any) -> None:
    longest, other, done = [0.0], cluster.psycopg2(), threading.Event()

    def ask() -> None:
        while not done.is_set():
            started = time.monotonic()
            other.cursor().execute("SELECT 1")
            longest.append(time.monotonic() - started)

    thread = threading.Thread(target=ask)
    thread.start()
    started = time.monotonic()
    connection.execute("INSERT INTO t VALUES " + ",".join(f"({number})" for number in range(100_000)))
    seconds = time.monotonic() - started
    done.set()
    thread.join()
    assert rows(connection, "SELECT count(*), sum(a) FROM t") == [(100_000, 4_999_950_000)]
    assert max(longest) < seconds / 3


def test_a_literal_of_megabytes_and_a_large_result_pass(connection: Any) -> None:
    assert rows(connection, f"SELECT length('{'x' * 10_000_000}')") == [(10_000_000,)]
    connection.execute("INSERT INTO t VALUES " + ",".join(["(7)"] * 1000))
    found = rows(connection, "SELECT x.a, repeat('y', 20) FROM t x, (SELECT a FROM t LIMIT 100) z")
    assert len(found) == 100_000


def test_fifty_sessions_write_one_table_at_once(cluster: Any, schema: str, connection: Any) -> None:
    def insert() -> None:
        with psycopg2.connect(host="127.0.0.1", port=cluster.port, dbname="dev", user="awsuser",
                              password=cluster.password) as own, own.cursor() as cursor:  # fmt: skip
            cursor.execute(f"INSERT INTO {schema}.t SELECT count(*) FROM {schema}.t")
        own.close()

    threads = [threading.Thread(target=insert) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(connection, "SELECT count(*), count(DISTINCT a), max(a) FROM t") == [(50, 50, 49)]


@pytest.mark.parametrize("text", ["SELECT {}.late()", "SELECT {}.late() WHERE %s = 1"])
def test_a_statement_that_cannot_be_committed_has_failed(cluster: Any, schema: str, connection: Any, text: str) -> None:
    """What PostgreSQL finds wrong only at Sync, where it commits: here a check that it was told to defer."""
    with closing(psycopg2.connect(cluster.config.superuser_dsn())) as superuser, superuser.cursor() as cursor:
        cursor.execute(f"""
            CREATE TABLE {schema}.parent (a int PRIMARY KEY);
            CREATE TABLE {schema}.child (a int REFERENCES {schema}.parent DEFERRABLE INITIALLY DEFERRED);
            CREATE FUNCTION {schema}.late() RETURNS int LANGUAGE sql SECURITY DEFINER
                AS 'INSERT INTO {schema}.child VALUES (1); SELECT 1';
            GRANT SELECT ON {schema}.child TO PUBLIC
        """)
        superuser.commit()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(text.format(schema), (1,) if "%s" in text else None)
        assert rows(connection, f"SELECT count(*) FROM {schema}.child") == [(0,)]
        cursor.execute(f"DROP TABLE {schema}.child, {schema}.parent; DROP FUNCTION {schema}.late()")
        superuser.commit()


@pytest.fixture
def raw(cluster: Any, schema: str) -> Iterator[socket.socket]:
    """The socket of a connection that has logged in."""
    with closing(socket.socket(fileno=os.dup(cluster.psycopg2().fileno()))) as raw:
        raw.settimeout(10)
        yield raw


def heard(raw: socket.socket) -> list[tuple[bytes, bytes]]:
    """What the server says, by type and body, to a client that says no more."""
    said, found = b"", []
    while more := raw.recv(1 << 16):
        said += more
    while said:
        end = int.from_bytes(said[1:5], "big") + 1
        found.append((said[:1], said[5:end]))
        said = said[end:]
    return found


def test_after_an_error_all_is_skipped_up_to_sync_a_query_too(raw: socket.socket) -> None:
    """PostgreSQL: protocol-flow, Extended Query."""
    failing = wire.parse("", "SELECT", b"\0\0") + wire.parse("", "(", b"\0\0")
    raw.sendall(failing + wire.query("SELECT 1"))
    time.sleep(0.1)  # it arrives alone
    raw.sendall(wire.query("SELECT 2"))
    time.sleep(0.1)
    raw.sendall(wire.frame(b"S") + wire.query("SELECT 'answered'") + wire.frame(b"X"))
    found = heard(raw)
    assert b"".join(kind for kind, _ in found) == b"1EZTDCZ"
    assert b"answered" in found[4][1]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (wire.frame(b"!"), "invalid frontend message type 33"),
        (wire.frame(b"p", b"secret\0"), "invalid frontend message type 112"),
        (b"Q\0\0\0\3", "invalid message length: 3"),
        (b"Q\xff\xff\xff\xff", "invalid message length: 4294967295"),
        (wire.frame(b"Q", b"SELECT 1"), "invalid string in message"),
    ],
)
def test_what_is_not_of_the_protocol_ends_the_connection_with_a_word(
    raw: socket.socket, sent: bytes, told: str
) -> None:
    raw.sendall(sent)
    ((kind, body),) = heard(raw)
    fields = wire.fields_of(body)
    assert (kind, fields["S"], fields["C"], fields["M"]) == (b"E", "FATAL", "08P01", told)


def test_a_query_is_answered_after_any_long_answer(cluster: Any, schema: str) -> None:
    """A client that reads late has the stand-in stop reading; for the next query it has to begin again."""
    driver = cluster.psycopg2()
    rows = "(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {}) SELECT n FROM r)"
    with closing(socket.socket(fileno=os.dup(driver.fileno()))) as raw:
        raw.settimeout(20)
        for count in range(1, 200, 3):
            for late in (0.02, 0.0):
                raw.sendall(wire.query(f"SELECT repeat('x', 60000) FROM {rows.format(count)} r"))
                time.sleep(late)
                assert said_up_to_ready(raw) > count * 60_000
                raw.sendall(wire.query("SELECT 'short'"))
                assert said_up_to_ready(raw) < 200


def test_a_row_of_many_megabytes_arrives(cluster: Any, schema: str) -> None:
    driver = cluster.psycopg2()
    with closing(socket.socket(fileno=os.dup(driver.fileno()))) as raw:
        raw.settimeout(20)
        for megabytes in range(1, 12):
            raw.sendall(wire.query(f"SELECT json_parse('[\"' || repeat('x', {megabytes << 20}) || '\"]')"))
            assert said_up_to_ready(raw) > megabytes << 20
            raw.sendall(wire.query("SELECT 'short'"))
            assert said_up_to_ready(raw) < 200


def said_up_to_ready(raw: socket.socket) -> int:
    """How many bytes come up to ReadyForQuery."""
    size, end = 0, b""
    while not end.endswith(wire.ready("I")):
        more = raw.recv(1 << 16)
        assert more, "the connection has ended"
        size, end = size + len(more), (end + more)[-6:]
    return size
