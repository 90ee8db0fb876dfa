"""psycopg 3.3: https://www.psycopg.org/psycopg3/docs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pytest


@pytest.fixture
def connection(sandbox: Any, schema: str) -> Iterator[Any]:
    with psycopg.connect(**sandbox.libpq, options=f"-csearch_path={schema}") as connection:
        yield connection


@pytest.mark.can("connect")
def test_c1_it_connects_and_reads_what_the_server_is(connection: Any) -> None:
    assert connection.info.server_version == 80002
    assert connection.info.encoding == "utf-8"
    assert "Redshift" in connection.execute("SELECT version()").fetchone()[0]


@pytest.mark.can("DDL", "insert", "transactions")
def test_m18_a_transaction_is_kept_or_rolled_back_as_a_whole(connection: Any) -> None:
    with connection.transaction():
        connection.execute("CREATE TABLE t (id int NOT NULL, name varchar(10)) DISTKEY (id)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(number, f"n{number}") for number in range(20)])
    with connection.transaction():
        connection.execute("DELETE FROM t")
        raise psycopg.Rollback
    assert connection.execute("SELECT count(*), max(name) FROM t").fetchone() == (20, "n9")


@pytest.mark.can("DDL", "insert")
def test_statements_that_it_prepares_survive_ddl(connection: Any) -> None:
    # It prepares what was sent five times, and sends DEALLOCATE ALL after a rollback.
    connection.execute("CREATE TABLE t (a int)")
    for number in range(12):
        connection.execute("INSERT INTO t VALUES (%s)", (number,))
    connection.commit()
    connection.execute("ALTER TABLE t ADD COLUMN b varchar(5)")
    connection.rollback()
    for number in range(12):
        connection.execute("INSERT INTO t VALUES (%s)", (number,))
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (24,)


@pytest.mark.can("types")
@pytest.mark.parametrize("binary", [False, True])
def test_values_come_back_as_they_were_given(connection: Any, binary: bool) -> None:
    connection.execute("CREATE TABLE t (a int, b bigint, c numeric(10, 2), d float, e boolean, f varchar(20), g date, "
                       "h timestamp, i time)")  # fmt: skip
    row = (1, 2**40, Decimal("3.14"), 0.25, True, "it's \\ é", date(2018, 11, 1),
           datetime(2018, 11, 1, 1, 2, 3, 456789), time(1, 2, 3))  # fmt: skip
    mark = "%b" if binary else "%s"
    with connection.cursor(binary=binary) as cursor:
        cursor.execute(f"INSERT INTO t VALUES ({', '.join([mark] * 9)})", row)
        assert cursor.execute("SELECT * FROM t").fetchall() == [row]


@pytest.mark.can("COPY", "errors")
def test_m2_copy_loads_and_says_what_it_refused(sandbox: Any, connection: Any, schema: str) -> None:
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    connection.execute("CREATE TABLE t (id int, name varchar(10))")
    connection.commit()
    good, bad = sandbox.put(f"{schema}/good", '{"id": 1}{"id": 2}'), sandbox.put(f"{schema}/bad", '{"id": "x"}')
    connection.execute(f"COPY t FROM '{good}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    assert notices == ["Load into table 't' completed, 2 record(s) loaded successfully."]
    connection.commit()
    with pytest.raises(psycopg.errors.InternalError_, match="stl_load_errors"):
        connection.execute(f"COPY t FROM '{bad}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    connection.rollback()
    found = connection.execute("SELECT err_code FROM stl_load_errors WHERE query = pg_last_copy_id()")
    assert found.fetchall() == [(1207,)]


@pytest.mark.can("UNLOAD")
def test_unload_writes_json(sandbox: Any, connection: Any, schema: str) -> None:
    connection.execute("CREATE TABLE t (id int, name varchar(10))")
    connection.execute("INSERT INTO t VALUES (1, 'a\"b')")
    connection.execute(f"UNLOAD ('SELECT * FROM t') TO 's3://{sandbox.bucket}/{schema}/out_' "
                       f"IAM_ROLE '{sandbox.role}' FORMAT JSON PARALLEL OFF")  # fmt: skip
    (body,) = sandbox.objects(f"{schema}/out_").values()
    assert body == b'{"id":1,"name":"a\\"b"}\n'


@pytest.mark.can("upsert")
def test_m16_merge_updates_and_inserts(connection: Any) -> None:
    connection.execute("CREATE TABLE t (id int, name varchar(10))")
    connection.execute("CREATE TEMP TABLE s (LIKE t)")
    connection.execute("INSERT INTO t VALUES (1, 'old')")
    connection.execute("INSERT INTO s VALUES (%s, %s), (%s, %s)", (1, "new", 2, "second"))
    connection.execute("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name "
                       "WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name)")  # fmt: skip
    assert connection.execute("SELECT * FROM t ORDER BY id").fetchall() == [(1, "new"), (2, "second")]


@pytest.mark.can("introspection")
def test_it_describes_a_result_and_the_catalogue_a_table(connection: Any, schema: str) -> None:
    connection.execute("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(7))")
    cursor = connection.execute("SELECT id, name FROM t")
    assert [(column.name, column.type_code) for column in cursor.description] == [("id", 20), ("name", 1043)]
    found = connection.execute("SELECT column_name, data_type, character_maximum_length FROM svv_columns "
                               "WHERE table_schema = %s ORDER BY ordinal_position", (schema,))  # fmt: skip
    assert found.fetchall() == [("id", "bigint", None), ("name", "character varying", 7)]


@pytest.mark.can("errors")
def test_m20_a_savepoint_is_refused(connection: Any) -> None:
    with connection.transaction(), pytest.raises(psycopg.errors.FeatureNotSupported), connection.transaction():
        pass


@pytest.mark.can("cancel")
@pytest.mark.parametrize("how", ["cancel", "cancel_safe"])
def test_c1_a_statement_that_waits_is_cancelled(sandbox: Any, connection: Any, schema: str, how: str) -> None:
    connection.execute("CREATE TABLE t (a int)")
    connection.commit()
    connection.execute("LOCK t")
    with psycopg.connect(**sandbox.libpq) as waiter:
        timer = threading.Timer(0.3, getattr(waiter, how))
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            waiter.execute(f"SELECT * FROM {schema}.t")
        timer.join()
