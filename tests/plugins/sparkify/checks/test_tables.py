"""The columns that checks may name are those of the warehouse, table by table and in order."""

from collections import defaultdict
from pathlib import Path

import pytest

from sparkify.checks import declared_tables

SQL = Path(__file__).parents[4] / "include" / "sql"
FILES = [*sorted(f"create/{path.name}" for path in (SQL / "create").glob("[0-9]*.sql")), "create/run_schema.sql"]


def test_they_are_those_of_the_warehouse(loaded, prepared):
    schemas = {loaded.name: "star", prepared.xcoms["prepare"]["run_schema"]: "run"}
    found = defaultdict(list)
    named = ", ".join(f"'{schema}'" for schema in schemas)
    for schema, table, column in loaded.sql(
        "select c.table_schema, c.table_name, c.column_name from information_schema.columns c "
        "join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name "
        f"where t.table_type = 'BASE TABLE' and c.table_schema in ({named}) "
        "order by c.table_schema, c.table_name, c.ordinal_position"
    ):
        found[f"{schemas[schema]}.{table}"].append(column)
    bootstrap = ("star.schema_versions", "star.publish_mutex")  # create/schema.sql: nobody checks those
    assert declared_tables(SQL, FILES) == {name: of for name, of in found.items() if name not in bootstrap}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("create table if not exists {{ star() }}.t (\n    a integer, -- not b, c\n    d numeric(18, 4)\n)", "a d"),
        ('create table {{ star() }}."t" (a integer default 1, primary key (a, b), unique (a))', "a"),
        ("create table {{ star() }}.u (a integer); create table {{ star() }}.t (like {{ star() }}.u);", "a"),
        ("create table {{ star() }}.t (a integer); alter table {{ star() }}.t add column b varchar(2)", "a b"),
    ],
)
def test_what_the_sql_may_say(tmp_path, sql, columns):
    (tmp_path / "t.sql").write_text(sql)
    assert declared_tables(tmp_path, ["t.sql"])["star.t"] == columns.split()
