"""Clauses that PostgreSQL lacks: QUALIFY, PIVOT, UNPIVOT, `(+)`, TOP and GROUP BY ALL, by AWS's own examples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

TABLES = """
    CREATE TABLE #sales (day int, item varchar, price int);
    INSERT INTO #sales VALUES (1, 'a', 20), (1, 'b', 1000), (1, 'c', 30), (2, 'd', 5000), (2, 'e', 5);
    CREATE TABLE #part (partname varchar, manufacturer varchar, quality int, price decimal(12, 2));
    INSERT INTO #part VALUES ('prop', 'local', 2, 10.00), ('prop', 'big', NULL, 9.00), ('prop', 'small', 1, 12.00),
        ('rudder', 'local', 1, 2.50), ('rudder', 'big', 2, 3.75), ('rudder', 'small', NULL, 1.90),
        ('wing', 'local', NULL, 7.50), ('wing', 'big', 1, 15.20), ('wing', 'small', NULL, 11.80);
    CREATE TABLE #colors (quality varchar, red int, green int, blue int);
    INSERT INTO #colors VALUES ('high', 15, 20, 7), ('normal', 35, NULL, 40), ('low', 10, 23, NULL);
    CREATE TABLE #category (catid int, name varchar); INSERT INTO #category VALUES (1, 'jazz'), (2, 'opera'), (3,
         'pop');
    CREATE TABLE #event (eventid int, catid int); INSERT INTO #event VALUES (796, 2), (797, 2), (798, 3);
    CREATE TABLE #venue (eventid int, city varchar); INSERT INTO #venue VALUES (796, 'Wien');
"""
BEST = "row_number() OVER (PARTITION BY day ORDER BY price DESC)"


@pytest.fixture(scope="module")
def tables(cluster: Any) -> Iterator[Any]:
    with closing(cluster.psycopg2()) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(TABLES)
        yield cursor


@pytest.mark.parametrize(
    ("sql", "names", "rows"),
    [
        (f"SELECT * FROM #sales s QUALIFY {BEST} = 1 ORDER BY price", "day item "
         "price", [(1, "b", 1000), (2, "d", 5000)]),
        (f"SELECT item, {BEST} AS place FROM #sales s WHERE price < 2000 QUALIFY place = 1 ORDER BY 1", "item place",
         [("b", 1), ("e", 1)]),
        (f"SELECT item i, price + 1 FROM #sales s QUALIFY {BEST} = 1 ORDER BY price DESC LIMIT 1", "i "
         "?column?", [("d", 5001)]),
        ("SELECT day, count(*) FROM #sales GROUP BY day HAVING count(*) > 1 QUALIFY rank() OVER (ORDER BY "
         "count(*)) = 1",
         "day count", [(2, 2)]),
        (f"SELECT DISTINCT s.day FROM #sales s JOIN #colors ON true QUALIFY {BEST} < 99 ORDER BY "
         f"day", "day", [(1,), (2,)]),
        (f"WITH w AS (SELECT s.* FROM #sales s QUALIFY {BEST} = 2) SELECT item FROM w UNION ALL SELECT item FROM "
         f"#sales s "
         f"QUALIFY {BEST} = 3 ORDER BY 1", "item", [("a",), ("c",), ("e",)]),
        ("SELECT 'x QUALIFY (+) PIVOT (' AS q FROM #sales s QUALIFY row_number() OVER (ORDER BY 'GROUP BY "
         "ALL'||item) = 1", "q",
         [("x QUALIFY (+) PIVOT (",)]),
        # AWS: r_FROM_clause-pivot-unpivot-examples
        ("SELECT * FROM (SELECT partname, price FROM #part) PIVOT (AVG(price) FOR partname IN ('prop', 'rudder', "
         "'wing'))",
         "prop rudder wing", [(Decimal("10.33"), Decimal("2.71"), Decimal("11.50"))]),
        ("SELECT * FROM (SELECT quality, manufacturer FROM #part) PIVOT (count(*) FOR quality IN (1, 2, NULL)) "
         "ORDER BY manufacturer", "manufacturer 1 2 null", [("big", 1, 1, 1), ("local", 1, 1, 1), ("small", 1, 0, 2)]),
        ("WITH p AS (SELECT quality, manufacturer FROM #part) SELECT x.* FROM p PIVOT (count(*) AS count "
         "FOR quality IN (1 AS high, 2 low, NULL AS na)) AS x WHERE manufacturer = 'big'",
         "manufacturer high_count low_count na_count", [("big", 1, 1, 1)]),
        ("SELECT * FROM (SELECT red, green, blue FROM #colors) UNPIVOT (cnt FOR color IN (red, green, "
         "blue))", "color cnt",
         [("red", 15), ("red", 35), ("red", 10), ("green", 20), ("green", 23), ("blue", 7), ("blue", 40)]),
        ("SELECT * FROM (SELECT quality, red, blue FROM #colors) UNPIVOT INCLUDE NULLS (cnt FOR color IN (red AS "
         "r, blue)) "
         "WHERE quality = 'low'", "quality color cnt", [("low", "r", 10), ("low", "blue", None)]),
        # AWS: r_WHERE_oracle_outer
        ("SELECT name, eventid FROM #category, #event WHERE #category.catid = #event.catid(+) AND eventid(+) = 796 "
         "ORDER BY 1",
         "name eventid", [("jazz", None), ("opera", 796), ("pop", None)]),
        ("SELECT name, eventid FROM #category, #event WHERE #category.catid = #event.catid(+) AND eventid = 796",
         "name eventid", [("opera", 796)]),
        ("SELECT * FROM #event e, #category c WHERE e.catid(+) = c.catid AND c.catid BETWEEN 1 AND 1", "eventid "
         "catid catid name",
         [(None, None, 1, "jazz")]),
        ("SELECT c.name, v.city FROM #category c, #event e, #venue v WHERE c.catid = e.catid(+) AND e.eventid = "
         "v.eventid(+) "
         "ORDER BY e.eventid", "name city", [("opera", "Wien"), ("opera", None), ("pop", None), ("jazz", None)]),
        ("SELECT TOP 1 item FROM (SELECT TOP 2 * FROM #sales ORDER BY price DESC) s ORDER BY price", "item", [("b",)]),
        ("SELECT DISTINCT TOP 1 day FROM #sales ORDER BY day", "day", [(1,)]),
        ("SELECT day, max(price) - min(price) AS x FROM #sales GROUP BY ALL ORDER BY day", "day "
         "x", [(1, 980), (2, 4995)]),
    ],
)  # fmt: skip
def test_m16_a_clause_of_redshifts_works(tables: Any, sql: str, names: str, rows: list[tuple[Any, ...]]) -> None:
    tables.execute(sql)
    assert " ".join(column.name for column in tables.description) == names
    assert tables.fetchall() == rows


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT item FROM #sales QUALIFY row_number() OVER (ORDER BY item) = 1", "QUALIFY directly after FROM"),
        ("SELECT * FROM #sales s JOIN #event e ON true QUALIFY rank() OVER (ORDER BY price) = 1", "a join beside "
         "QUALIFY"),
        ("SELECT * FROM #part PIVOT (count(*) FOR quality IN (1, 2))", "PIVOT or UNPIVOT of a table"),
        ("SELECT * FROM (SELECT quality FROM #part) PIVOT (median(quality) FOR quality IN (1))", "PIVOT of anything"),
        ("SELECT * FROM #sales s JOIN (SELECT quality FROM #part) PIVOT (count(*) FOR quality IN (1)) ON "
         "true", "PIVOT"),
        ("SELECT k FROM #colors c, UNPIVOT c.quality AS v AT k", "UNPIVOT of a SUPER value"),
        ("SELECT 1 FROM #category c, #event e WHERE c.catid = e.catid(+) OR c.catid = 1", "operand of OR or IN"),
        ("SELECT 1 FROM #category c, #event e, #venue v WHERE e.catid(+) = c.catid AND e.eventid(+) = v.eventid",
         "at most one other table"),
        ("SELECT 1 FROM #category c, #event e WHERE name = e.catid(+)", "without its table's name"),
        ("SELECT 1 FROM #category c, #event e WHERE c.catid = e.catid(+) AND c.catid(+) = e.catid", "both of two "
         "tables"),
        ("SELECT 1 FROM #category c JOIN #event e ON true WHERE c.catid = e.catid(+)", "beside a join"),
        ("SELECT TOP 1 day FROM #sales UNION SELECT 1", "TOP in a set operation"),
        ("SELECT * FROM #sales GROUP BY ALL", "GROUP BY ALL"),
        ("SELECT * EXCLUDE (day) FROM #sales", "EXCLUDE"),
        ("SELECT day FROM #sales START WITH day = 1 CONNECT BY PRIOR day = day", "CONNECT BY"),
    ],
)  # fmt: skip
def test_m20_a_clause_that_cannot_be_is_refused_by_name(tables: Any, sql: str, told: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported) as refused:
        tables.execute(sql)
    assert told in str(refused.value)


@pytest.mark.parametrize("sql", ["SELECT a, FROM", "SELECT QUALIFY", "SELECT * FROM QUALIFY x", "SELECT FROM PIVOT (",
                                 "SELECT * FROM (SELECT 1 AS a) PIVOT (count(*) FOR)", "SELECT 1 WHERE "
         "x(+)", "SELECT TOP",
                                 "SELECT 1 GROUP BY ALL ALL", "SELECT * FROM (SELECT 1 AS a) UNPIVOT ()",
                                 "SELECT 1 FROM #sales s WHERE (+)", "SELECT first_value( OVER"])  # fmt: skip
def test_a_broken_clause_is_an_error_of_the_statement(tables: Any, sql: str) -> None:
    with pytest.raises(psycopg2.Error) as broken:
        tables.execute(sql)
    assert broken.value.pgcode in ("42601", "0A000", "42703", "42P01")
