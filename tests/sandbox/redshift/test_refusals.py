"""What PostgreSQL has and Redshift's grammar or list of functions has not: refused, so that it fails here first."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg
import psycopg2
import pytest
from psycopg.types.json import Json


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE u AS SELECT 1 AS a WITH NO DATA",
        "CREATE TABLE u AS TABLE #t",
        "SELECT * FROM (TABLE #t) x",
        "INSERT INTO #t TABLE #t",
        "INSERT INTO #t AS x VALUES (1)",
        "INSERT INTO #t (a) VALUES (1), ((SELECT 1))",
        "SELECT a FROM #t WHERE a IN (VALUES (1))",
        "WITH v AS (VALUES (1)) SELECT * FROM v",
        "CREATE VIEW v AS VALUES (1)",
        "CREATE TABLE u AS VALUES (1)",
        "INSERT INTO #t SELECT 1 UNION ALL VALUES (2)",
        "SELECT 1 EXCEPT VALUES (2)",
        "WITH v AS (SELECT 1) VALUES (1)",
        "EXPLAIN VALUES (1)",
        "PREPARE p AS VALUES (1)",
        "SELECT (a, 1) FROM #t",
        "SELECT DISTINCT (a, 1) AS pair FROM #t",
        "SELECT count(DISTINCT (a, 1)) FROM #t",
        "SELECT x.*::text FROM #t x",
        "SELECT ARRAY(SELECT 1)",
        "SELECT cast('{1}' AS int array)",
        "SELECT cast('{1}' AS _int4)",
        "SELECT '{}' IS JSON",
        "SELECT a FROM #t INTERSECT ALL SELECT 1",
        "SELECT FROM #t",
        "SELECT a FROM #t LIMIT 1 OFFSET 1 ROWS",
        "SELECT a FROM #t ORDER BY a USING <",
        "SELECT a OPERATOR(pg_catalog.+) 1 FROM #t",
        "SELECT 1 BETWEEN SYMMETRIC 3 AND 1",
        "SELECT sum(a ORDER BY a) FROM #t",
        "SELECT substring('abc' FROM 'b.')",
        "SELECT substring('abc', 'b.')",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) CYCLE n SET c USING p SELECT n FROM r",
        "UPDATE #t SET (a) = (SELECT 1)",
        "UPDATE #t SET a = 1 FROM #t x LEFT JOIN #t y ON x.a = y.a WHERE #t.a = x.a",
        "ANALYZE (VERBOSE) #t",
        "ANALYZE #t, #t",
        "SELECT now(), a FROM #t",
        "SELECT a FROM #t WHERE current_timestamp > '2018-01-01'",
        "UPDATE #t SET a = 1 WHERE localtimestamp > '2018-01-01'",
        "SELECT a, current_schema() FROM #t",
        "SELECT 1 FROM pg_class WHERE relname IN (SELECT 'x' FROM #t WHERE has_schema_privilege('public', 'usage'))",
        "DELETE FROM #t WHERE has_table_privilege('#t', 'select')",
        "SELECT x.* FROM #t, LATERAL (SELECT a) x",
        "SELECT a FROM #t, unnest(ARRAY[1])",
        "CREATE TABLE u (a int[])",
        "CREATE TABLE u (a serial)",
        "CREATE TABLE u (a int UNIQUE NULLS NOT DISTINCT)",
        "CREATE TYPE mood AS ENUM ('a')",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE INDEX i ON t (a)",
        *(f"SELECT {call}" for call in (
            "regexp_like('a', 'a')", "json_object('{a,1}')", "jsonb_set('{}', '{a}', '1')", "json_value('{}', '$.a')",
            "gcd(1, 2)", "sha256('a')", "pg_typeof(1)", "int4range(1, 2)", "array_append(NULL, 1)", "point(1, 2)",
        )),
    ],
)  # fmt: skip
def test_m20_a_form_of_postgresqls_own_is_refused(owner: Any, sql: str) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS #t (a int)")
    with pytest.raises((psycopg2.errors.FeatureNotSupported, psycopg2.errors.SyntaxError)):
        owner.execute(sql)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT s.j.a[0].b FROM #s s", "navigation into SUPER"),  # AWS: query-super
        ("SELECT j[0] FROM #s", "navigation into SUPER"),
        ("SELECT x FROM #s s, s.j AS x", "unnesting a SUPER value"),
        ("SELECT x, i FROM #s s, s.j.a AS x AT i", "unnesting a SUPER value"),
    ],
)
def test_a_step_into_super_is_refused_by_name(owner: Any, sql: str, told: str) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS #s (j super)")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match=told):
        owner.execute(sql)


def test_one_step_into_super_is_an_unknown_table_and_a_hint(owner: Any) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS #s (j super)")
    with pytest.raises(psycopg2.errors.UndefinedTable) as refused:
        owner.execute("SELECT j.a FROM #s")
    assert refused.value.diag.message_hint == "A path into a SUPER column is not supported in the sandbox."


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT search, cycle, data FROM (SELECT 1 AS search, 2 AS cycle, 3 AS data) x", (1, 2, 3)),
        ("SELECT substring('abc', 2), substring('abc' FROM 2 FOR 1)", ("bc", "b")),
        ("SELECT max(a) FROM (SELECT 1 AS a ORDER BY 1 LIMIT 1) x", (1,)),
        ("SELECT max(a), 'TABLE t' FROM (((SELECT 1 AS a) ORDER BY a)) x", (1, "TABLE t")),
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT max(n) FROM r", (3,)),
        ("SELECT now() > '2018-01-01', (SELECT max(a) FROM (SELECT 2 AS a) x)", (True, 2)),
        ("SELECT (1, 2) IN (SELECT 1, 2 UNION ALL SELECT 3, 4)", (True,)),
        ("SELECT current_schema(), has_schema_privilege('pg_catalog', 'usage')", ("public", True)),
        ("WITH x (n) AS (SELECT 'public'), y AS (SELECT n FROM x) "
         "SELECT n, current_schema() FROM y JOIN pg_catalog.pg_namespace ON nspname = n", ("public", "public")),
        ("SELECT has_table_privilege('svv_tables', 'select'), extract(year FROM max(moment)) FROM svv_tables, "
         "(SELECT date '2018-11-01' AS moment) x WHERE table_schema = current_schema() OR true", (True, 2018)),
        ("SELECT 1 AS values, values FROM (SELECT 2 AS values) x", (1, 2)),
        ("INSERT INTO #t VALUES (8); INSERT INTO #t (a) VALUES (9); WITH x AS (SELECT 7) INSERT INTO #t SELECT 7;"
         "SELECT count(*) FROM #t WHERE a IN (7, 8, 9)", (3,)),
        ("SELECT (1, 2) = (1, 2), (3), count(DISTINCT (4)) WHERE (1, 2) IN ((1, 2), (3, 4)) "
         "AND (5, 6) IN (SELECT 5, 6)", (True, 3, 1)),
        ("SELECT 2*3::int, x.* FROM (SELECT 1 AS a, 2 AS b) x GROUP BY (a, b)", (6, 1, 2)),
        ("SELECT now FROM (SELECT 4 AS now) x", (4,)),
        ("SELECT t.a FROM (SELECT 6 AS a) t, (SELECT t.a FROM (SELECT 7 AS a) t) u", (6,)),
        ("SELECT rows FROM (SELECT 5 AS rows) x", (5,)),
    ],
)  # fmt: skip
def test_what_looks_like_such_a_form_runs(owner: Any, sql: str, expected: tuple[Any, ...]) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS #t (a int)")
    owner.execute(sql)
    assert owner.fetchone() == expected


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO v VALUES (1)", "UPDATE v SET a = 2", "DELETE FROM v", "WITH x AS (SELECT 1) DELETE FROM v",
        "COPY v FROM 's3://bucket/x' IAM_ROLE default",
    ],
)  # fmt: skip
def test_m20_a_view_is_not_written(cursor: Any, sql: str) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a FROM t")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="from the view v"):
        cursor.execute(sql)
    cursor.execute("SELECT * FROM t")
    assert cursor.fetchall() == [(1,)]


@pytest.mark.parametrize("value", [UUID(int=1), b"abc", Json({})])
def test_m20_a_parameter_of_a_type_that_redshift_lacks_is_refused(cluster: Any, schema: str, value: object) -> None:
    address = {"host": "127.0.0.1", "port": cluster.port, "user": "awsuser", "password": cluster.password}
    with closing(psycopg.connect(**address, dbname="dev", autocommit=True)) as connection:
        connection.execute("CREATE TEMP TABLE t (a varchar(99))")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match=r"type (?:uuid|bytea|json) "):
            connection.execute("INSERT INTO t VALUES (%s)", (value,))
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
