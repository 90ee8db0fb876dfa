"""SQL as written for Redshift gives what Redshift gives, or is refused as there."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg2
import pytest


def one(cursor: Any, expression: str) -> Any:
    cursor.execute(f"SELECT {expression}")
    return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("timestamp 'epoch' + 1541022995796/1000 * interval '1 second'", datetime(2018, 10, 31, 21, 56, 35)),
        ("timestamp 'epoch' + 796 * interval '1 millisecond'", datetime(1970, 1, 1, 0, 0, 0, 796000)),
        ("extract(weekday from timestamp '2018-11-04 05:00:00')", 0),
        ("extract(dayofweek from date '2018-11-05')", 1),
        ("extract(week from timestamp '2018-11-01')", 44),
        ("extract(hour from timestamp '2018-11-01 21:56:35')", 21),
        ("date_part(dow, timestamp '2018-11-04')", 0.0),
        ("dateadd(day, 1, '2018-01-31')", datetime(2018, 2, 1)),
        ("dateadd(month, 1, date '2018-01-31')", datetime(2018, 2, 28)),
        ("dateadd(ms, 5, timestamp '2018-01-01')", datetime(2018, 1, 1, 0, 0, 0, 5000)),
        ("datediff(year, '2008-12-31', '2009-01-01')", 1),
        ("datediff(hour, timestamp '2018-11-01 00:59:59', timestamp '2018-11-01 01:00:00')", 1),
        ("datediff(day, date '2018-11-03', date '2018-11-01')", -2),
        ("date_trunc('hour', timestamp '2018-11-01 21:56:35')", datetime(2018, 11, 1, 21)),
        ("convert_timezone('US/Pacific', timestamp '2018-01-01')", datetime(2017, 12, 31, 16)),
        ("trunc(timestamp '2018-01-01 23:00:00')", date(2018, 1, 1)),
        ("nvl(NULL, 3)", 3),
        ("nvl2(NULL, 1, 2)", 2),
        ("nvl2('x', nvl2(NULL, 1, 3), 2)", 3),
        ("decode(NULL, 1, 'a', NULL, 'b', 'c')", "b"),
        ("decode(3, 1, 'a', 2, 'b')", None),
        ("months_between('2018-03-31', '2018-02-28')", 1.0),
        ("months_between('2018-01-16', '2018-01-01')", 15 / 31),
        ("approximate count(DISTINCT 1)", 1),
        ("regexp_replace('a1b22', '[0-9]', '#')", "a#b##"),
        ("regexp_substr('abc', 'z')", ""),
        ("json_extract_array_element_text('[1,\"x\"]', 1)", "x"),
        ("3 / 2", 1),
        ("-3 / 2", -1),
        ("1 || '-' || 2", "1-2"),
        ("541 || timestamp '2018-11-01 21:56:35'", "5412018-11-01 21:56:35"),
        ("'a' || 1", "a1"),
        ("('a') || 1.5 || 2", "a1.52"),
        ("'a' || date '2018-11-01' || 'b'", "a2018-11-01b"),
        ("'a' || count(*)", "a1"),
        ("1 || NULL", None),
        ("len('héé')", 3),
        ("octet_length('héé')", 5),
        ("sha2('x', 256)", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
        ("sha2('x', 7)", ""),
        ("strtol('ff', 16)", 255),
        ("strtol('deadbeefdeadbee', 16)", 0xDEADBEEFDEADBEE),
        ("strtol('-z', 36)", -35),
        ("fnv_hash(1)", -5968735742475085980),
        ("fnv_hash('Amazon Redshift')", 7783490368944507294),
        ("cast(1.7 as numeric)", 2),
        ("1.7::decimal", 2),
        (r"'a\'b\\c\n'", "a'b\\c\n"),
        ("$$it's; SELECT$$", "it's; SELECT"),
        ("'getdate() /* ; */ -- x'", "getdate() /* ; */ -- x"),
        ("'B' < 'a' AND 'z' < 'é'", True),
        ("sysdate >= getdate()", True),
    ],
)
def test_m17_an_expression_has_redshifts_value(cursor: Any, expression: str, value: object) -> None:
    assert one(cursor, expression) == value


def test_comments_are_harmless(cursor: Any) -> None:
    cursor.execute("/* ; ' \" /* nested */ */ SELECT /* DISTKEY */ 1 -- ; DROP TABLE x\n + 1;\n-- end")
    assert cursor.fetchall() == [(2,)]


def test_m17_listagg_joins_in_order_and_leaves_out_what_is_empty(cursor: Any) -> None:
    cursor.execute(
        "CREATE TABLE t (a varchar, n int); INSERT INTO t VALUES ('y', 2), ('x', 1), ('', 3), (NULL, 4), ('x', 5)"
    )
    assert one(cursor, "listagg(a, ', ') WITHIN GROUP (ORDER BY n) FROM t") == "x, y, x"
    assert one(cursor, "listagg(DISTINCT a) WITHIN GROUP (ORDER BY a DESC) FROM t") == "yx"


def test_m16_writes_and_window_functions(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id int, v varchar); CREATE TABLE #s (id int, v varchar)")
    cursor.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO #s VALUES (2, 'B'), (4, 'D')")
    cursor.execute("UPDATE t SET v = #s.v FROM #s WHERE t.id = #s.id")
    cursor.execute("DELETE FROM t USING #s WHERE t.id = #s.id - 1")
    cursor.execute("DELETE t WHERE id = 99")
    cursor.execute("INSERT INTO t SELECT id, v FROM #s")
    cursor.execute("SELECT id, v, row_number() OVER (PARTITION BY id ORDER BY v) FROM t ORDER BY id, v")
    assert cursor.fetchall() == [(2, "B", 1), (2, "B", 2), (4, "D", 1)]


def test_m16_select_into_makes_a_table(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
    cursor.execute("SELECT a, (SELECT 'into') AS b INTO #u FROM t WHERE a > 1; SELECT * FROM #u")
    assert cursor.fetchall() == [(2, "into")]
    cursor.execute("WITH x AS (SELECT 7 AS a) SELECT a INTO TEMP TABLE v FROM x; SELECT * FROM v")
    assert cursor.fetchall() == [(7,)]


def test_m17_an_alias_stands_for_its_expression(cursor: Any) -> None:
    # AWS: r_SELECT_list; a column of the name wins.
    cursor.execute("CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 10), (2, 20)")
    for connection_state in ("", "BEGIN;"):
        cursor.execute(
            f"{connection_state} SELECT a + 1 AS x, x * 2 AS y, a * 3 AS b, b FROM t WHERE y > 4 AND b > 10 ORDER BY x"
        )
        assert cursor.fetchall() == [(3, 6, 6, 20)]
    cursor.execute("CREATE TABLE u AS SELECT a AS q, q || '-x' AS r FROM t; ROLLBACK")
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        cursor.execute("SELECT a AS x, nothing FROM t WHERE x > 1")


def test_m16_merge_updates_and_inserts(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id int, v int); CREATE TABLE s (id int, v int); CREATE VIEW w AS SELECT * FROM s")
    cursor.execute("INSERT INTO t VALUES (1, 1), (2, 2); INSERT INTO s VALUES (2, 20), (3, 30)")
    merge = """MERGE INTO t USING {} AS src ON t.id = src.id WHEN MATCHED {}
               WHEN NOT MATCHED THEN INSERT VALUES (src.id, src.v)"""
    cursor.execute(merge.format("s", "THEN UPDATE SET v = src.v"))
    cursor.execute("SELECT id, v FROM t ORDER BY id")
    assert cursor.fetchall() == [(1, 1), (2, 20), (3, 30)]
    cursor.execute("INSERT INTO s VALUES (2, 21)")
    with pytest.raises(psycopg2.InternalError, match=r"Found multiple matches to update the same tuple\."):
        cursor.execute(merge.format("s", "THEN UPDATE SET v = src.v"))
    for source, arm in [("w", "THEN DELETE"), ("(SELECT 1 AS id, 2 AS v)", "THEN DELETE"), 
                        ("s", "AND true THEN DELETE"), ("s", "THEN DO NOTHING"), ("t", "THEN DELETE")]:  # fmt: skip
        with pytest.raises(psycopg2.Error) as refused:
            cursor.execute(merge.format(source, arm))
        assert refused.value.pgcode in ("0A000", "42601")


def test_m16_merge_removes_duplicates(cursor: Any) -> None:
    # AWS: r_MERGE, with the rows of its example.
    cursor.execute("CREATE TABLE t (id int, name varchar); CREATE TABLE s (id int, name varchar)")
    cursor.execute("INSERT INTO t VALUES (30, 'Tony'), (11, 'Alice'), (23, 'Bill'), (23, 'Will')")
    cursor.execute("INSERT INTO s VALUES (23, 'David'), (22, 'Clarence')")
    cursor.execute("MERGE INTO t USING s AS fresh ON t.id = fresh.id REMOVE DUPLICATES")
    cursor.execute("SELECT * FROM t ORDER BY id")
    assert cursor.fetchall() == [(11, "Alice"), (22, "Clarence"), (23, "David"), (30, "Tony")]
    cursor.execute("INSERT INTO s VALUES (22, 'Clara')")
    with pytest.raises(psycopg2.InternalError, match=r"Found multiple matches to update the same tuple\."):
        cursor.execute("MERGE INTO t USING s ON t.id = s.id REMOVE DUPLICATES")
    with pytest.raises(psycopg2.errors.SyntaxError):
        cursor.execute("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE REMOVE DUPLICATES")
    cursor.execute("CREATE TABLE narrow (id int); CREATE TABLE wide (id int, name varchar, at date)")
    for table in ("narrow", "wide"):
        with pytest.raises(psycopg2.Error, match="differ in their number of columns"):
            cursor.execute(f"MERGE INTO {table} USING s ON {table}.id = s.id REMOVE DUPLICATES")


def test_c8_super_holds_json(cursor: Any) -> None:
    # AWS: r_SUPER_type, r_json_parse.
    cursor.execute("CREATE TABLE t (id int, s super)")
    cursor.execute(
        """INSERT INTO t VALUES (1, json_parse('{"b": [1, 2.50, "x y"], "a": null}')), (2, json_parse('[ 1 ]'))"""
    )
    cursor.execute("INSERT INTO t VALUES (3, json_parse('[1]')), (4, NULL)")
    assert one(cursor, "s FROM t WHERE id = 1") == '{"b":[1,2.50,"x y"],"a":null}'
    cursor.execute("SELECT json_serialize(s), json_typeof(s), count(*) FROM t GROUP BY s ORDER BY s")
    assert cursor.fetchall()[0] == ("[1]", "array", 2)
    assert one(cursor, "json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b')") == "1"
    assert one(cursor, "data_type FROM information_schema.columns WHERE column_name = 's' "
                       "AND table_schema = current_schema()") == "super"  # fmt: skip
    with pytest.raises(psycopg2.Error, match="invalid input syntax"):
        one(cursor, "json_parse('{bad')")
    for refused in ("CREATE TABLE u (s super DISTKEY)", "CREATE TABLE u (s super) SORTKEY (s)", "SELECT super '1'"):
        with pytest.raises(psycopg2.errors.FeatureNotSupported):
            cursor.execute(refused)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("""json_parse('"abc"')::varchar""", "abc"),
        ("""cast(json_parse('"abc"') AS varchar(2))""", "ab"),
        ("json_parse('null')::varchar", None),
        ("json_parse('12')::int", 12),
        ("json_parse('1.25')::numeric(5, 1)", Decimal("1.3")),
        ("json_parse('[1]')::int", None),
        ("json_parse('99999999999')::int", None),
        ("""json_parse('"2001-09-08"')::date""", date(2001, 9, 8)),  # AWS: limitations-super, also what follows
        ("5::super::bool", True),
        ("5.0::super::bool", None),
        ("json_typeof(5::super) || json_typeof(true::super) || json_typeof('[1]'::super)", "numberbooleanstring"),
        ("json_serialize(cast('a\"b' AS super))", '"a\\"b"'),
    ],
)
def test_c8_super_is_cast_from_and_to_scalars(cursor: Any, expression: str, value: object) -> None:
    assert one(cursor, expression) == value


def test_c8_scalars_are_stored_in_super(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (s super); INSERT INTO t VALUES (5); INSERT INTO t SELECT '{}'::varchar")
    cursor.execute("SELECT s, json_typeof(s) FROM t ORDER BY 2")
    assert cursor.fetchall() == [("5", "number"), ('"{}"', "string")]
    for sql in ("""SELECT json_parse('"12"')::int""", "PREPARE p AS SELECT $1::super"):
        with pytest.raises(psycopg2.errors.FeatureNotSupported):
            cursor.execute(sql)
    with pytest.raises(psycopg2.errors.CannotCoerce):  # AWS: limitations-super
        cursor.execute("SELECT getdate()::super")


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "42601"),
        ("INSERT INTO t VALUES (1) RETURNING a", "42601"),
        ("SELECT DISTINCT ON (a) a FROM t", "0A000"),
        ("SELECT count(*) FILTER (WHERE true) FROM t", "42601"),
        ("SELECT string_agg(a, ',') FROM t", "0A000"),
        ("SELECT array_agg(a) FROM t", "0A000"),
        ("SELECT * FROM generate_series(1, 3)", "0A000"),
        ("SELECT pg_sleep(1)", "0A000"),
        ("SELECT a IS DISTINCT FROM 1 FROM t", "0A000"),
        ("SELECT * FROM (VALUES (1)) AS v (a)", "0A000"),
        ("SELECT a FROM t FOR UPDATE", "0A000"),
        ("SELECT 1 AS tag", "42601"),
        ("SELECT 1 AS user", "42601"),
        ("SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", "0A000"),  # AWS: r_QUALIFY_clause wants an alias
        ("DELETE FROM t AS x WHERE x.a = 1", "42601"),
        ("SELECT dateadd(fortnight, 1, getdate())", "22023"),
        ("SAVEPOINT s", "0A000"),
        ("DISCARD ALL", "42601"),
        ("DO $$ BEGIN END $$", "42601"),
        ("LISTEN x", "42601"),
        ("SET work_mem TO '1GB'", "42704"),
        ("SET ROLE postgres", "0A000"),
        ("SHOW standard_conforming_strings", "42704"),
        ("SELECT 'open", "42601"),
        ("SELECT pg_read_file('/etc/passwd')", "0A000"),
        ("SELECT pg_catalog.lo_import('/etc/passwd')", "0A000"),
        ("SELECT * FROM (SELECT 1 AS a INTO u) AS v", "42601"),
        ("WITH x AS (DELETE FROM t) SELECT 1", "42601"),
        ("WITH x AS (SELECT 1 AS a), y AS (INSERT INTO t VALUES (1)) SELECT 1", "42601"),
        ("WITH x AS MATERIALIZED (SELECT 1) SELECT 1", "42601"),
        ("WITH x AS (SELECT 1 AS a) MERGE INTO t USING x ON x.a = t.a WHEN MATCHED THEN DELETE", "42601"),
        ("PREPARE p AS DELETE FROM t", "0A000"),
        ("PREPARE TRANSACTION 'x'", "42601"),
        ("EXPLAIN ANALYZE DELETE FROM t", "42601"),
        ("EXPLAIN (ANALYZE) DELETE FROM t", "42601"),
        ("EXPLAIN COPY t FROM 's3://b/k'", "42601"),
        ("EXPLAIN DECLARE c CURSOR FOR SELECT 1", "42601"),
        ("DECLARE c CURSOR FOR DELETE FROM t", "42601"),
        ("DECLARE c SCROLL CURSOR FOR SELECT 1", "42601"),
        ("FETCH PRIOR FROM c", "42601"),
        ("DELETE FROM t WHERE CURRENT OF c", "42601"),
        ("SELECT 1 FETCH FIRST 1 ROW ONLY", "42601"),
        ("SELECT a FROM ONLY t", "42601"),
        ("UPDATE ONLY t SET a = 1", "42601"),
        ("SELECT a FROM t TABLESAMPLE SYSTEM (1)", "42601"),
        ("SELECT a FROM t FOR NO KEY UPDATE", "0A000"),
        ("INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1)", "42601"),
        ("SELECT ROW(1, 2)", "0A000"),
        ("SELECT '{1}'::int[]", "42601"),
        ("SELECT '{}'::jsonb", "0A000"),
        ("SELECT cast('x' AS uuid)", "0A000"),
        ("CREATE TABLE u AS SELECT json '{}' AS j", "0A000"),
        ("CREATE VIEW v WITH (security_barrier) AS SELECT 1", "42601"),
        ("CREATE VIEW v AS SELECT \"pg_read_file\"('/etc/passwd')", "0A000"),
        ("LOAD 'x'", "42601"),
        ("COPY t TO '/tmp/out'", "42601"),
        ("COPY t TO PROGRAM 'id'", "42601"),
        ("COPY t FROM '/etc/passwd'", "0A000"),
        ("COPY t FROM STDIN", "42601"),
        ("COPY (SELECT 1) TO STDOUT", "42601"),
        ("UNLOAD ('SELECT 1') TO 's3://b/k'", "42601"),
    ],
)
def test_m20_what_redshift_refuses_is_refused(cursor: Any, sql: str, state: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    with pytest.raises(psycopg2.Error) as refused:
        cursor.execute(sql)
    assert refused.value.pgcode == state


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT format, (SELECT 1 AS path) FROM (SELECT 2 AS format) AS x (format)", (2, 1)),
        ("SELECT t.into_, t.json FROM (SELECT 1 AS into_, 2 AS json) t", (1, 2)),
        ("SELECT substring('abc' FROM 2 FOR 1), 5#2, 5 # 2", ("b", 7, 7)),
        ("WITH x (a) AS (SELECT 1), y AS (SELECT a + 1 AS b FROM x) SELECT a, b FROM x, y", (1, 2)),
        ("INSERT INTO t WITH x AS (SELECT 1 AS a) SELECT a FROM x; SELECT a FROM t", (1,)),
        ("WITH x AS (SELECT 3 AS a) INSERT INTO t SELECT a FROM x; SELECT a FROM t", (3,)),
        ("INSERT INTO t VALUES (4); WITH x AS (SELECT 4 AS a) DELETE FROM t USING x WHERE x.a = t.a;"
         "SELECT count(*) FROM t", (0,)),
        ("PREPARE p (int) AS SELECT $1 + 1; EXECUTE p (1)", (2,)),
        ("BEGIN; DECLARE c CURSOR FOR SELECT 1 AS a UNION SELECT 2 ORDER BY a; FETCH FORWARD 1 FROM c", (1,)),
    ],
)  # fmt: skip
def test_what_looks_like_a_refused_form_and_is_none_runs(cursor: Any, sql: str, expected: tuple[Any, ...]) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    cursor.execute(sql)
    assert cursor.fetchone() == expected


def test_c4_settings_are_kept_for_the_session(cursor: Any) -> None:
    cursor.execute(
        "SET query_group TO 'loads'; SET statement_timeout TO 5000; SET enable_case_sensitive_identifier TO true"
    )
    for name, value in [
        ("query_group", "loads"),
        ("statement_timeout", "5s"),
        ("enable_case_sensitive_identifier", "true"),
    ]:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
    cursor.execute('SELECT 1 AS "Level"')
    assert cursor.description[0].name == "Level"
    cursor.execute('RESET ALL; SELECT 1 AS "Level"')
    assert cursor.description[0].name == "level"


def test_c4_show_all_lists_the_settings(cursor: Any) -> None:
    cursor.execute("SET query_group TO 'loads'; SHOW ALL")
    assert [column.name for column in cursor.description] == ["name", "setting"]
    found = dict(cursor.fetchall())
    assert (found["query_group"], found["wlm_query_slot_count"]) == ("loads", "1")
    assert {"search_path", "timezone"} <= found.keys()


def test_c4_a_setting_may_last_for_the_transaction_only(cursor: Any) -> None:
    cursor.execute("BEGIN; SET LOCAL query_group TO 'loads'; SHOW query_group")
    assert cursor.fetchone() == ("loads",)
    cursor.execute("COMMIT; SHOW query_group")
    assert cursor.fetchone() == ("default",)


@pytest.mark.parametrize("level", ["AUTOCOMMIT", "REPEATABLE READ", "SERIALIZABLE"])
def test_c4_drivers_set_and_reset_the_isolation_level(connection: Any, level: str) -> None:
    """As psycopg2 and sqlalchemy-redshift do between the users of a pooled connection."""
    for _ in range(2):
        connection.set_session(autocommit=True)
        connection.set_session(isolation_level=None if level == "AUTOCOMMIT" else level)
        connection.cursor().execute("SELECT 1")
        connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", autocommit=False)
        connection.rollback()
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level.replace('AUTOCOMMIT', 'SERIALIZABLE')}"
    )
    assert cursor.statusmessage == "SET"


def test_m18_a_session_may_only_read(cursor: Any) -> None:
    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        cursor.execute("CREATE TABLE t (a int)")
    with pytest.raises(psycopg2.errors.SyntaxError, match='near "x"'):
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION x")


def test_m16_a_schema_is_named_with_its_database_and_altered(cursor: Any, schema: str) -> None:
    """As dbt-redshift does with `datasharing: true`."""
    other = f"{schema}_other"
    cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "dev"."{schema}"; ALTER SCHEMA {schema} OWNER TO awsuser')
    cursor.execute(
        f"ALTER SCHEMA {schema} RENAME TO {other}; SELECT count(*) FROM pg_namespace WHERE nspname = '{other}'"
    )
    assert cursor.fetchone() == (1,)
    cursor.execute(f"DROP SCHEMA dev.{other}; CREATE SCHEMA {schema}")
    with pytest.raises(psycopg2.errors.InvalidCatalogName, match='database "prod" does not exist'):
        cursor.execute(f"DROP SCHEMA IF EXISTS prod.{schema}")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE u AS SELECT column_name FROM information_schema.columns",
        "INSERT INTO t SELECT relname FROM pg_class",
        "SELECT relname INTO u FROM pg_catalog.pg_class",
        "DELETE FROM t WHERE a IN (SELECT tablename FROM pg_tables)",
        "UNLOAD ('SELECT nspname FROM pg_namespace') TO 's3://bucket/x' IAM_ROLE default",
    ],
)
def test_m20_the_leader_nodes_catalogue_is_not_written_into_tables(cursor: Any, sql: str) -> None:
    cursor.execute("CREATE TABLE t (a varchar); CREATE VIEW v AS SELECT relname FROM pg_class")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="not supported on Redshift tables"):
        cursor.execute(sql)


@pytest.mark.parametrize("form", ["SORT ONLY", "DELETE ONLY", "REINDEX", "FULL", ""])
def test_m18_vacuum_takes_a_table_in_each_form(cursor: Any, form: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    cursor.execute(f"VACUUM {form} t")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("CREATE UNIQUE INDEX i ON t (a)", "^CREATE UNIQUE INDEX is not supported$"),
        ("SAVEPOINT a", "^SAVEPOINT A is not supported$"),
        ("CREATE SEQUENCE s", "^CREATE SEQUENCE is not supported$"),
        ("CREATE PROCEDURE p() AS 'x' LANGUAGE plpgsql", "^CREATE PROCEDURE in the sandbox is not supported$"),
        ("SHOW DATASHARES", "^SHOW DATASHARES in the sandbox is not supported$"),
        ("SET enable_vacuum_boost TO on", "^parameter enable_vacuum_boost in the sandbox is not supported$"),
    ],
)
def test_c12_what_redshift_lacks_too_is_told_from_what_the_sandbox_lacks(owner: Any, sql: str, told: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported) as caught:
        owner.execute(sql)
    assert re.search(told, str(caught.value.diag.message_primary))


def test_c12_what_overflows_and_what_is_missing_is_told_in_redshifts_words(connection: Any) -> None:
    cursor = connection.cursor()
    with pytest.raises(psycopg2.InternalError, match="Numeric data overflow"):
        cursor.execute("SELECT 12345678.9::numeric(8, 2)")
    cursor.execute("DROP TABLE IF EXISTS missing")
    assert connection.notices[-1] == 'INFO:  Table "missing" does not exist and will be skipped\n'
