"""What the catalogue says of a table's rows and storage."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest


def rows(cursor: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values or None)
    return list(cursor.fetchall())


INFO = 'SELECT tbl_rows, estimated_visible_rows, size FROM svv_table_info WHERE schema = %s AND "table" = %s'


def test_c11_rows_are_counted(cluster: Any, cursor: Any, schema: str) -> None:
    cursor.execute('CREATE TABLE "T 1" (a int); INSERT INTO "t 1" VALUES (1), (2), (3); DELETE FROM "t 1" WHERE a = 1')
    assert rows(cursor, INFO, schema, "t 1") == [(2, 2, 1)]
    cursor.execute("CREATE TEMP TABLE mine (a int); INSERT INTO mine VALUES (1)")
    permanent = "SELECT rows, sorted_rows, temp FROM stv_tbl_perm WHERE trim(name) = %s AND rows > 0"
    assert rows(cursor, permanent, "t 1") == [(2, 2, 0)]
    assert rows(cursor, permanent, "mine") == [(1, 1, 1)]
    assert rows(cluster.psycopg2().cursor(), permanent, "t 1") == [(2, 2, 0)]  # though it may not look into "mine"


def test_c11_rows_of_a_long_table_are_counted(cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int, b char(1000)); INSERT INTO t VALUES (1, 'x')")
    for _ in range(12):
        cursor.execute("INSERT INTO t SELECT a, b FROM t")
    ((counted, visible, size),) = rows(cursor, INFO, schema, "t")
    assert (counted, visible) == (4096, 4096)
    assert 4 <= size <= 6


def test_c11_rows_are_counted_for_who_may_not_read_them(cluster: Any, cursor: Any, owner: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    owner.execute(f"CREATE USER other_{schema} PASSWORD 'Counts0nly'")
    try:
        other = cluster.psycopg2(f"other_{schema}", "Counts0nly")
        assert rows(other.cursor(), INFO, schema, "t") == [(1, 1, 1)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            other.cursor().execute(f"SELECT count(*) FROM {schema}.t")
        other.close()
    finally:
        owner.execute(f"DROP USER other_{schema}")


def test_c11_to_count_is_not_to_wait_nor_to_keep_others_waiting(cluster: Any, cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    reader = cluster.psycopg2().cursor()
    assert rows(reader, INFO, schema, "t") == [(1, 1, 1)]
    cursor.execute("SET statement_timeout TO 5000; BEGIN; ALTER TABLE t ADD COLUMN b int")  # the reader's is not over
    reader.execute("SET statement_timeout TO 5000")
    assert len(rows(reader, INFO, schema, "t")) == 1


def test_c11_an_empty_table_has_no_information(cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a varchar(max)) DISTSTYLE ALL")
    assert rows(cursor, INFO, schema, "t") == []
    cursor.execute(f"SHOW TABLES FROM SCHEMA dev.{schema}")
    ((*_, style, subtype),) = cursor.fetchall()
    assert (style, subtype) == ("ALL", "REGULAR TABLE")
    cursor.execute("INSERT INTO t VALUES ('x'); TRUNCATE t")
    assert rows(cursor, INFO, schema, "t") == []


def test_to_count_a_table_runs_no_view_that_has_its_name_by_now(cluster: Any, cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    reader = cluster.psycopg2().cursor()
    permanent = "SELECT trim(name), rows FROM stv_tbl_perm WHERE id = %s"
    oid = rows(cursor, "SELECT table_id FROM svv_table_info WHERE schema = %s", schema)[0][0]
    assert rows(reader, permanent, oid) == [("t", 1)]
    cursor.execute(
        "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS a WHERE 1 / (SELECT count(*) - count(*) FROM pg_class) = 1"
    )
    assert [name for name, _ in rows(reader, permanent, oid)] == ["t"]  # of the reader's snapshot
