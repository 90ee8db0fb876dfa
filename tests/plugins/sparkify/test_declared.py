"""The tables and columns that the SQL declares are those of the warehouse, in order and with their types."""

from collections import defaultdict
from pathlib import Path

import pytest

from sparkify.declared import Declared

SQL = Path(__file__).parents[3] / "include" / "sql"
NAMES = {  # that the catalogue gives to types which the SQL calls otherwise
    "character varying": "varchar",
    "character": "char",
    "timestamp without time zone": "timestamp",
}
FILES = [*sorted(f"create/{path.name}" for path in (SQL / "create").glob("[0-9]*.sql")), "create/run_schema.sql"]


def test_they_are_those_of_the_warehouse(loaded, prepared):
    schemas = {loaded.name: "star", prepared.xcoms["prepare"]["run_schema"]: "run"}
    found = defaultdict(list)
    named = ", ".join(f"'{schema}'" for schema in schemas)
    for schema, table, column, kind in loaded.sql(
        "select c.table_schema, c.table_name, c.column_name, c.data_type from information_schema.columns c "
        "join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name "
        f"where t.table_type = 'BASE TABLE' and c.table_schema in ({named}) "
        "order by c.table_schema, c.table_name, c.ordinal_position"
    ):
        found[f"{schemas[schema]}.{table}"].append((column, NAMES.get(kind, kind)))
    bootstrap = ("star.schema_versions", "star.publish_mutex")  # create/schema.sql: nobody checks those
    declared = {
        name: [(column, kind.split("(")[0]) for column, kind in columns.items()]
        for name, columns in Declared(SQL, FILES).tables.items()
    }
    assert declared == {name: of for name, of in found.items() if name not in bootstrap}


@pytest.mark.parametrize(
    ("sql", "declared"),
    [
        (
            "create table if not exists {{ star() }}.t (\n    a integer not null, -- not b, c\n    d numeric(18, 4)\n)",
            {"a": "integer", "d": "numeric(18, 4)"},
        ),
        (
            'create table {{ star() }}."t" (a integer default 1, primary key (a, b), unique (a))',
            {"a": "integer"},
        ),
        (
            "create table {{ star() }}.u (a double precision encode raw); "
            "create table {{ star() }}.t (like {{ star() }}.u);",
            {"a": "double precision"},
        ),
        (
            "create table {{ star() }}.t (a integer); alter table {{ star() }}.t add column b varchar(2) default '';",
            {"a": "integer", "b": "varchar(2)"},
        ),
    ],
)
def test_what_the_sql_may_say(tmp_path, sql, declared):
    (tmp_path / "t.sql").write_text(sql)
    columns = Declared(tmp_path, ["t.sql"]).tables["star.t"]
    assert list(columns.items()) == list(declared.items())


def test_views_are_those_of_the_schemas_that_are_named():
    both = Declared(SQL, FILES).views({"star": "a", "run": "b"})
    assert [sql.split(" as")[0] for sql in both] == [
        "create view a.song_links", "create or replace view b.plays", "create or replace view b.covered"
    ]  # fmt: skip
    assert Declared(SQL, FILES).views({"star": "a"}) == both[:1]
    assert Declared(SQL, FILES).views({}) == []
