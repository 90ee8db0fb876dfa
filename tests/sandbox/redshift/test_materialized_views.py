"""Materialized views keep the rows of their query until they are refreshed (AWS: materialized-view-overview)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())


@pytest.fixture
def info(connection: Any) -> Callable[[str], str]:
    """What a statement says beside its result."""

    def info(sql: str) -> str:
        connection.notices.clear()
        connection.cursor().execute(sql)
        return "".join(connection.notices)

    return info


@pytest.fixture
def plays(cursor: Any) -> str:
    cursor.execute("""
        CREATE TABLE plays (song varchar(20), level varchar(4), seconds int);
        INSERT INTO plays VALUES ('a', 'free', 10), ('a', 'paid', 20), ('b', 'paid', 30);
        CREATE MATERIALIZED VIEW by_song BACKUP NO DISTKEY (song) SORTKEY (song, n) AUTO REFRESH YES AS
            (SELECT song, count(*) AS n, sum(seconds) AS total, total * 2 AS twice FROM plays GROUP BY song)
    """)
    return "SELECT song, n, total, twice FROM by_song ORDER BY song"


def test_m16_a_materialized_view_changes_when_it_is_refreshed(cursor: Any, plays: str, info: Any) -> None:
    first = [("a", 2, 30, 60), ("b", 1, 30, 60)]
    assert rows(cursor, plays) == first
    assert "is already up to date" in info("REFRESH MATERIALIZED VIEW by_song")
    cursor.execute("INSERT INTO plays VALUES ('b', 'free', 5)")
    assert rows(cursor, plays) == first
    assert info("REFRESH MATERIALIZED VIEW by_song") == (
        "INFO:  Materialized view by_song was incrementally updated successfully.\n"
    )
    assert rows(cursor, plays) == [("a", 2, 30, 60), ("b", 2, 35, 70)]
    cursor.execute("REFRESH MATERIALIZED VIEW by_song RESTRICT")
    assert cursor.statusmessage == "REFRESH"


def test_m16_a_refresh_does_not_depend_on_the_search_path(cursor: Any, schema: str, plays: str) -> None:
    cursor.execute(f"INSERT INTO plays VALUES ('c', 'free', 5); SET search_path TO public; "
                   f"REFRESH MATERIALIZED VIEW {schema}.by_song; SET search_path TO {schema}")  # fmt: skip
    assert len(rows(cursor, plays)) == 3


def test_m18_a_refresh_rolls_back(cursor: Any, plays: str) -> None:
    cursor.execute("BEGIN; TRUNCATE plays; BEGIN; REFRESH MATERIALIZED VIEW by_song")
    assert rows(cursor, plays) == []
    cursor.execute("ROLLBACK")
    assert len(rows(cursor, plays)) == 2


def test_m16_a_materialized_view_reads_another(cursor: Any, plays: str, info: Any) -> None:
    cursor.execute("CREATE MATERIALIZED VIEW u AS SELECT sum(n) AS n FROM by_song; INSERT INTO plays VALUES ('z')")
    told = info("REFRESH MATERIALIZED VIEW u")
    assert told.endswith("However, it depends on another materialized view that is not up to date.\n")
    assert rows(cursor, "SELECT trim(name), trim(ref_name) FROM stv_mv_deps WHERE schema = current_schema()") == [
        ("u", "by_song")
    ]
    assert "updated successfully" in info("REFRESH MATERIALIZED VIEW u CASCADE")
    assert rows(cursor, "SELECT n FROM u") == [(4,)]


def test_c11_a_materialized_view_is_a_view_in_the_catalogue(cursor: Any, schema: str, plays: str) -> None:
    mine = f"WHERE schema_name = '{schema}'"
    state = f"SELECT trim(name), is_stale, autorefresh FROM svv_mv_info {mine}"
    assert rows(cursor, state) == [("by_song", "f", "t")]
    cursor.execute("DELETE FROM plays; ALTER MATERIALIZED VIEW by_song AUTO REFRESH NO")
    assert rows(cursor, state) == [("by_song", "t", "f")]
    ((definition,),) = rows(
        cursor, f"SELECT definition FROM pg_views WHERE viewname = 'by_song' AND schemaname = '{schema}'"
    )
    assert definition.startswith("CREATE MATERIALIZED VIEW by_song BACKUP NO")
    assert rows(cursor, f"SELECT \"table\", diststyle, sortkey1 FROM svv_table_info WHERE schema = '{schema}' "
                        "AND \"table\" = 'by_song'") == [("by_song", "KEY(song)", "song")]  # fmt: skip
    columns = "SELECT column_name, data_type FROM svv_columns WHERE table_name = 'by_song' AND table_schema = '{}'"
    assert rows(cursor, f"{columns.format(schema)} ORDER BY ordinal_position")[:2] == [
        ("song", "character varying"),
        ("n", "bigint"),
    ]


def test_c11_show_tables_tells_a_materialized_view_from_others(cursor: Any, schema: str, plays: str) -> None:
    cursor.execute(f"CREATE VIEW v AS SELECT 1 AS a; CREATE VIEW w AS SELECT a FROM {schema}.v WITH NO SCHEMA BINDING")
    shown = {row[2]: row[-1] for row in rows(cursor, f"SHOW TABLES FROM SCHEMA dev.{schema}")}
    kinds = {"by_song": "MATERIALIZED VIEW", "v": "REGULAR VIEW", "w": "LATE BINDING VIEW", "plays": "REGULAR TABLE"}
    assert kinds.items() <= shown.items()


def test_m14_a_materialized_view_is_distributed_evenly_unless_told(cursor: Any, schema: str) -> None:
    cursor.execute(
        'CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW "Odd Name" AS SELECT a FROM t'
    )
    style = f"SELECT diststyle FROM svv_table_info WHERE \"table\" = 'odd name' AND schema = '{schema}'"
    assert rows(cursor, style) == [("EVEN",)]
    cursor.execute('REFRESH MATERIALIZED VIEW "Odd Name"; DROP MATERIALIZED VIEW "Odd Name"')


def test_m16_a_materialized_view_goes_with_what_it_reads(cursor: Any, schema: str, plays: str) -> None:
    with pytest.raises(psycopg2.errors.DependentObjectsStillExist, match="cannot drop table plays"):
        cursor.execute("DROP TABLE plays")
    cursor.execute("DROP TABLE plays CASCADE")
    assert rows(cursor, f"SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                        f"WHERE nspname = '{schema}'") == []  # fmt: skip


def test_m16_a_materialized_view_is_dropped_by_its_own_command(cursor: Any, schema: str, plays: str) -> None:
    with pytest.raises(psycopg2.errors.WrongObjectType, match="Use DROP MATERIALIZED VIEW"):
        cursor.execute("DROP VIEW by_song")
    cursor.execute("CREATE VIEW v AS SELECT 1 AS a")
    with pytest.raises(psycopg2.errors.WrongObjectType, match='"v" is not a materialized view'):
        cursor.execute("DROP MATERIALIZED VIEW v")
    cursor.execute(f"DROP MATERIALIZED VIEW IF EXISTS missing, {schema}.by_song CASCADE")
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute(plays)
    cursor.execute("CREATE MATERIALIZED VIEW by_song AS SELECT song FROM plays")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        # AWS: materialized-view-create-sql-command, Limitations
        ("CREATE MATERIALIZED VIEW m AS SELECT * FROM v", "of the view v"),
        ("CREATE MATERIALIZED VIEW m AS SELECT * FROM #temporary", "of the temporary table"),
        ("CREATE MATERIALIZED VIEW m AS SELECT table_name FROM svv_tables", "of the system table"),
        ("CREATE MATERIALIZED VIEW m AS SELECT song FROM plays ORDER BY song", "ORDER in a materialized view"),
        ("CREATE MATERIALIZED VIEW m AS (SELECT song FROM plays LIMIT 1)", "LIMIT in a materialized view"),
        ("CREATE MATERIALIZED VIEW m USING ICEBERG AS SELECT song FROM plays", "USING in the sandbox"),
        ("CREATE MATERIALIZED VIEW m (a) AS SELECT song FROM plays", "syntax error"),
        ("CREATE MATERIALIZED VIEW by_song AS SELECT song FROM plays", 'relation "by_song" already exists'),
        ("CREATE MATERIALIZED VIEW m AS SELECT missing FROM plays", 'column "missing" does not exist'),
        (f"CREATE MATERIALIZED VIEW {'m' * 53} AS SELECT song FROM plays", "more than 52 bytes"),
        ("REFRESH MATERIALIZED VIEW missing", 'relation "missing" does not exist'),
        ("REFRESH MATERIALIZED VIEW v", '"v" is not a materialized view'),
        ("REFRESH MATERIALIZED VIEW by_song NOW", "syntax error"),
        ("ALTER MATERIALIZED VIEW by_song RENAME TO m", "RENAME in the sandbox"),
        ("ALTER TABLE by_song RENAME TO m", "renaming the materialized view by_song"),
        ("ALTER MATERIALIZED VIEW v AUTO REFRESH YES", '"v" is not a materialized view'),
        ("INSERT INTO by_song VALUES ('c', 1, 1, 1)", "from the view by_song"),
        ("CREATE OR REPLACE MATERIALIZED VIEW by_song AS SELECT song FROM plays", "not supported"),
    ],
)  # fmt: skip
def test_m20_what_a_materialized_view_cannot_be(cursor: Any, plays: str, sql: str, told: str) -> None:
    cursor.execute("CREATE VIEW v AS SELECT song FROM plays; CREATE TABLE #temporary (a int)")
    with pytest.raises(psycopg2.Error, match=told):
        cursor.execute(sql)
    assert len(rows(cursor, plays)) == 2


def test_m16_words_within_calls_are_no_clauses_of_the_query(cursor: Any, plays: str) -> None:
    cursor.execute("""CREATE MATERIALIZED VIEW m AS SELECT song, row_number() OVER (ORDER BY level, song) AS n,
                      listagg(song, ',') WITHIN GROUP (ORDER BY song) OVER (PARTITION BY level) AS s FROM plays""")
    assert len(rows(cursor, "SELECT * FROM m")) == 3


def test_m16_only_its_owner_refreshes_a_materialized_view(cluster: Any, cursor: Any, schema: str, plays: str) -> None:
    user = f"u_{schema}"
    cursor.execute(f"CREATE USER {user} PASSWORD 'Sandbox123'; GRANT USAGE ON SCHEMA {schema} TO {user};"
                   f"GRANT SELECT ON by_song TO {user}")  # fmt: skip
    try:
        reader = cluster.psycopg2(user, "Sandbox123", options=f"-csearch_path={schema}")
        reader.autocommit = True
        assert len(rows(reader.cursor(), plays)) == 2
        assert rows(reader.cursor(), "SELECT * FROM svv_mv_info") == []
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            reader.cursor().execute("REFRESH MATERIALIZED VIEW by_song")
    finally:
        reader.close()
        cursor.execute(
            f"REVOKE ALL ON by_song FROM {user}; REVOKE USAGE ON SCHEMA {schema} FROM {user}; DROP USER {user}"
        )
