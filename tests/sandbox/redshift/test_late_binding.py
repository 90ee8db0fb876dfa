"""Views WITH NO SCHEMA BINDING outlive what they read (AWS: r_CREATE_VIEW)."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())


@pytest.fixture
def view(cursor: Any, schema: str) -> str:
    cursor.execute(f"""
        CREATE TABLE t (a int, b varchar(8)); INSERT INTO t VALUES (1, 'it''s'), (2, NULL);
        CREATE VIEW v AS (SELECT a, nvl(b, '-') AS b FROM {schema}.t) WITH NO SCHEMA BINDING
    """)
    return "SELECT a, b FROM v ORDER BY a"


def test_c6_a_late_binding_view_reads_what_has_taken_its_tables_place(cursor: Any, view: str) -> None:
    assert rows(cursor, view) == [(1, "it's"), (2, "-")]
    # As dbt-redshift replaces a table.
    cursor.execute("CREATE TABLE t_tmp AS (SELECT 7 AS a, 'new'::varchar(8) AS b); ALTER TABLE t RENAME TO t_backup;"
                   "ALTER TABLE t_tmp RENAME TO t; DROP TABLE t_backup CASCADE")  # fmt: skip
    assert rows(cursor, view) == [(7, "new")]
    cursor.execute("DROP TABLE t")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute(view)


def test_c6_a_late_binding_view_may_come_before_its_table(cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE VIEW v AS SELECT * FROM {schema}.t WITH NO SCHEMA BINDING; GRANT SELECT ON v TO PUBLIC")
    cursor.execute("CREATE TABLE t (a int)")
    assert rows(cursor, "SELECT * FROM v") == []
    cursor.execute("ALTER TABLE t ADD COLUMN b date")
    columns = "SELECT col_name, col_type FROM pg_get_late_binding_view_cols() c(s name, v name, col_name name, " \
              "col_type varchar, n int) WHERE s = current_schema() ORDER BY n"  # fmt: skip
    assert rows(cursor, columns) == [("a", "integer"), ("b", "date")]
    assert rows(cursor, "SELECT identity_name FROM svv_relation_privileges WHERE relation_name = 'v' "
                        "AND namespace_name = current_schema()") == [("public",)]  # fmt: skip


def test_c6_a_late_binding_view_is_replaced_and_dropped(cursor: Any, schema: str, view: str) -> None:
    cursor.execute(f"CREATE OR REPLACE VIEW v AS SELECT b FROM {schema}.t WITH NO SCHEMA BINDING")
    assert sorted(rows(cursor, "SELECT * FROM v"), key=str) == [("it's",), (None,)]
    cursor.execute("DROP VIEW v")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute(view)


def test_c6_a_late_binding_view_may_name_its_columns(cursor: Any, schema: str, view: str) -> None:
    cursor.execute(f"CREATE VIEW w (x, y) AS SELECT a, b FROM {schema}.t WITH NO SCHEMA BINDING")
    assert rows(cursor, "SELECT x, y FROM w WHERE x = 1") == [(1, "it's")]


def test_c6_the_tables_of_a_late_binding_view_are_qualified(cursor: Any, view: str) -> None:
    with pytest.raises(psycopg2.InternalError, match="relation names inside should be qualified"):
        cursor.execute("CREATE VIEW w AS SELECT * FROM t WITH NO SCHEMA BINDING")


def test_c6_columns_of_late_binding_views_are_not_in_information_schema(cursor: Any, view: str) -> None:
    columns = "SELECT column_name FROM {} WHERE table_name = 'v' AND table_schema = current_schema() ORDER BY 1"
    assert rows(cursor, columns.format("information_schema.columns")) == []
    assert rows(cursor, columns.format("svv_columns")) == [("a",), ("b",)]
