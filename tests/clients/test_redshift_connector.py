"""redshift_connector, AWS's own driver for Python: the extended protocol only, most values in binary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redshift_connector


@pytest.fixture
def connection(sandbox: Any, schema: str) -> Iterator[Any]:
    with closing(redshift_connector.connect(**sandbox.connector)) as connection:
        connection.cursor().execute(f"SET search_path TO {schema}")
        connection.commit()
        yield connection


@pytest.fixture
def cursor(connection: Any) -> Any:
    return connection.cursor()


@pytest.mark.can("connect")
def test_m1_it_connects_to_what_it_takes_for_redshift(cursor: Any) -> None:
    cursor.execute("SELECT version()")
    assert "PostgreSQL 8.0.2" in cursor.fetchone()[0]


@pytest.mark.can("DDL", "insert", "transactions")
def test_c2_prepared_statements_outlive_ddl_and_rollback(connection: Any, cursor: Any) -> None:
    for number in range(3):
        cursor.execute(f"CREATE TABLE t{number} (a int, b varchar)")
        cursor.execute(f"INSERT INTO t{number} VALUES (%s, %s)", (number, "héé"))
        connection.commit()
        cursor.execute(f"DELETE FROM t{number}")
        connection.rollback()
        cursor.execute(f"SELECT a, b FROM t{number}")
        assert list(cursor.fetchone()) == [number, "héé"]


@pytest.mark.can("types")
def test_c2_values_come_back_as_they_were_given(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a smallint, b int, c bigint, d numeric(10, 2), e real, f float, g boolean, "
                   "h char(3), i varchar(20), j date, k timestamp, l timestamptz, m time)")  # fmt: skip
    row = [1, 2, 2**40, Decimal("3.14"), 0.5, 0.25, True, "abc", "it's \\ é", date(2018, 11, 1),
           datetime(2018, 11, 1, 1, 2, 3, 456789), datetime(2018, 11, 1, 1, 2, 3, tzinfo=timezone.utc),
           time(1, 2, 3)]  # fmt: skip
    marks = ", ".join(["%s"] * 13)
    cursor.execute(f"INSERT INTO t VALUES ({marks})", row)
    cursor.execute(f"INSERT INTO t VALUES ({marks})", [None] * 13)
    cursor.execute("SELECT * FROM t ORDER BY a")
    assert [list(found) for found in cursor.fetchall()] == [row, [None] * 13]


@pytest.mark.can("insert")
def test_it_inserts_a_file_in_bulk(cursor: Any, schema: str, tmp_path: Path) -> None:
    # It looks the table and its columns up in svv_all_tables and svv_all_columns first.
    file = tmp_path / "rows.csv"
    file.write_text("id|name\n" + "".join(f"{number}|n{number}\n" for number in range(50)))
    cursor.execute("CREATE TABLE t (id int, name varchar(10))")
    cursor.insert_data_bulk(str(file), f"{schema}.t", [0, 1], ["id", "name"], "|", 20)
    cursor.execute("SELECT count(*), sum(id), max(name) FROM t")
    assert list(cursor.fetchone()) == [50, 1225, "n9"]


@pytest.mark.can("COPY", "errors")
def test_m2_copy_loads_and_says_what_it_refused(sandbox: Any, connection: Any, cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (id int, name varchar(10))")
    connection.commit()
    good, bad = sandbox.put(f"{schema}/good", '{"id": 1}{"id": 2}'), sandbox.put(f"{schema}/bad", '{"id": "x"}')
    cursor.execute(f"COPY t FROM '{good}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    cursor.execute("SELECT pg_last_copy_count()")
    assert cursor.fetchone()[0] == 2
    connection.commit()
    with pytest.raises(redshift_connector.ProgrammingError, match="Load into table 't' failed") as failed:
        cursor.execute(f"COPY t FROM '{bad}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    assert failed.value.args[0]["C"] == "XX000"
    connection.rollback()
    cursor.execute("SELECT error_code FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()")
    assert cursor.fetchone()[0] == 1207


@pytest.mark.can("UNLOAD")
def test_unload_writes_delimited_text(sandbox: Any, cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (id int, name varchar(10))")
    cursor.execute("INSERT INTO t VALUES (1, 'a'), (2, NULL)")
    cursor.execute(f"UNLOAD ('SELECT * FROM t ORDER BY id') TO 's3://{sandbox.bucket}/{schema}/out_' "
                   f"IAM_ROLE '{sandbox.role}' NULL AS '-' PARALLEL OFF")  # fmt: skip
    assert sandbox.objects(f"{schema}/out_") == {"000": b"1|a\n2|-\n"}


@pytest.mark.can("upsert")
def test_m16_merge_remove_duplicates_replaces_and_inserts(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id int, name varchar(10))")
    cursor.execute("CREATE TABLE s (LIKE t)")
    cursor.execute("INSERT INTO t VALUES (1, 'old')")
    cursor.executemany("INSERT INTO s VALUES (%s, %s)", [(1, "new"), (2, "second")])
    cursor.execute("MERGE INTO t USING s ON t.id = s.id REMOVE DUPLICATES")
    cursor.execute("SELECT * FROM t ORDER BY id")
    assert [tuple(row) for row in cursor.fetchall()] == [(1, "new"), (2, "second")]


@pytest.mark.can("replace")
def test_m18_truncate_commits(connection: Any, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    cursor.execute("INSERT INTO t VALUES (1)")
    connection.commit()
    cursor.execute("TRUNCATE t")
    connection.rollback()
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone()[0] == 0


@pytest.mark.can("introspection")
def test_c11_its_metadata_calls_find_tables_columns_and_keys(cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE parent (id int PRIMARY KEY)")
    cursor.execute("CREATE TABLE t (id int NOT NULL, name varchar(7) DEFAULT 'x', PRIMARY KEY (id), "
                   "FOREIGN KEY (id) REFERENCES parent (id))")  # fmt: skip
    cursor.execute("CREATE VIEW v AS SELECT id FROM t")
    schemas = cursor.get_schemas()
    assert [schema] in [list(row[:1]) for row in schemas]
    tables = {(row[2], row[3]) for row in cursor.get_tables(schema_pattern=schema) if row[3] != "INDEX"}
    assert tables == {("parent", "TABLE"), ("t", "TABLE"), ("v", "VIEW")}
    columns = cursor.get_columns(schema_pattern=schema, tablename_pattern="t")
    assert [(row[3], row[5], row[6], row[10]) for row in columns] == [("id", "int4", 10, 0), ("name", "varchar", 7, 1)]
    assert [row[3] for row in cursor.get_primary_keys(schema=schema, table="t")] == ["id"]


@pytest.mark.can("errors")
def test_c2_it_may_send_one_statement_at_a_time(cursor: Any) -> None:
    with pytest.raises(redshift_connector.ProgrammingError, match="cannot insert multiple commands"):
        cursor.execute("SELECT 1; SELECT 2")
