"""Reading a statement takes time in proportion to its length, whatever is in it, and holds up no other session."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import psycopg2
import pytest

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.translate import LONGEST, Translator

FEW, MANY = 25, 200
# Growing eightfold, a text may take at most this many times the steps: 8, and a little for what is sorted.
GROWTH = 10


def nested(before: str, within: str, behind: str) -> Callable[[int], str]:
    return lambda size: "SELECT " + before * size + within + behind * size


def listed(item: str, between: str = ", ", head: str = "SELECT ", tail: str = "") -> Callable[[int], str]:
    """A statement of many items, in which {i} is an item's number and {j} the next one's."""
    return lambda size: head + between.join(item.format(i=i, j=i + 1) for i in range(size)) + tail


SHAPES: dict[str, Callable[[int], str]] = {
    "subqueries in FROM": nested("* FROM (SELECT ", "1 AS a", ") t"),
    "subqueries in IN": nested("1 WHERE 1 IN (SELECT ", "1", ")"),
    "subqueries that name outer tables": nested("1 FROM t WHERE EXISTS (SELECT ", "x.a FROM y WHERE q.b = 1", ")"),
    "parentheses": nested("(", "1", ")"),
    "CASE": nested("CASE WHEN a = 1 THEN 1 ELSE ", "0", " END"),
    "comments": lambda size: "SELECT 1" + "/* x */" * size,
    "nested comments": lambda size: "SELECT 1" + "/*" * size + "*/" * size,
    "open comments": lambda size: "SELECT 1" + "/*" * size,
    "comments to the end of the line": lambda size: "SELECT 1" + "--\n" * size,
    "dollar quotes": listed("$a$x$a$"),
    "open dollar quote": lambda size: "SELECT " + "$a" * size + "$",
    "open string": lambda size: "SELECT '" + r"\'" * size,
    "open doubled quotes": lambda size: 'SELECT "a' + '""' * size,
    "IN list": listed("{i}", head="SELECT 1 FROM t WHERE a IN (", tail=")"),
    "AND": listed("a = {i}", " AND ", "SELECT 1 FROM t WHERE "),
    "||": listed("'{i}'", " || "),
    "casts": lambda size: "SELECT 1" + "::int" * size,
    "WITH": listed("c{i} AS (SELECT a FROM t{i})", ", ", "WITH ", " SELECT * FROM c0"),
    "WITH RECURSIVE": lambda size: "WITH RECURSIVE a(b) AS (SELECT 1) " * size,
    "joins": listed("JOIN t{i} ON t{i}.a = t0.a", " ", "SELECT * FROM t0 "),
    "tables": listed("t{i}", head="SELECT current_schema() FROM "),
    "columns": listed("a{i} AS b{i}", tail=" FROM t"),
    "columns of one name": listed("{i} AS a", tail=", a + 1"),
    "aliases used": listed("b{i} + 1 AS b{j}", head="SELECT 1 AS b0, "),
    "ORDER BY": listed("a", head="SELECT b AS a FROM t ORDER BY "),
    "ORDER BY again and again": lambda size: "SELECT f(a " + "ORDER BY b " * size + ")",
    "functions": nested("nvl(lower(", "a", "), 1)"),
    "CONCAT": nested("concat(", "'a'", ", 'b')"),
    "DATEADD": nested("dateadd(day, 1, ", "a", ")"),
    "DECODE": nested("decode(a, 1, 2, ", "3", ")"),
    "SUBSTRING": nested("substring(", "a", ", 1, 2)"),
    "TRY_CAST": nested("try_cast(", "a", " AS int)"),
    "LISTAGG": nested("listagg(", "a", ", ',')"),
    "windows": nested("sum(", "a", ") OVER ()"),
    "calls of NOW": listed("(SELECT now())"),
    "statements": lambda size: "SELECT 1;" * size,
    "UNION": listed("SELECT 1 AS a", " UNION ALL ", ""),
    "parameters": listed("${j}"),
    "quoted names": listed('"A{i}"'),
    "SELECT SELECT": lambda size: "SELECT " * size,
    "TOP": nested("TOP 1 * FROM (SELECT ", "1 AS a", ") t"),
    "TOP side by side": listed("1 IN (SELECT TOP 1 a FROM t)", " AND ", "SELECT 1 WHERE "),
    "GROUP BY ALL": nested("a, count(*) FROM (SELECT ", "1 AS a", ") t GROUP BY ALL"),
    "QUALIFY": listed("SELECT a FROM t AS x QUALIFY row_number() OVER (ORDER BY a) = 1", " UNION ALL ", ""),
    "PIVOT": listed("SELECT * FROM q PIVOT (count(*) FOR a IN (1))", " UNION ALL ", "WITH q AS (SELECT a, b FROM t) "),
    "(+)": lambda size: (listed("t{i}", head="SELECT * FROM ", tail=f", t{size} WHERE ")(size)
                         + listed("t{i}.a = t{j}.a(+)", " AND ", "")(size)),
    "VALUES": listed("({i}, 'a')", head="INSERT INTO t VALUES "),
    "CREATE TABLE": listed("a{i} int ENCODE az64", head="CREATE TABLE t (", tail=")"),
    "ALTER TABLE": listed("1", head="ALTER TABLE t ADD COLUMN a varchar(10) DEFAULT f(", tail=")"),
    "MATERIALIZED VIEW": listed("sum(a) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING) AS b{i}",
                                head="CREATE MATERIALIZED VIEW v AS SELECT ", tail=" FROM t"),
    "UNLOAD": lambda size: f"UNLOAD ('SELECT {'(' * size}1{')' * size}') TO 's3://b/k' IAM_ROLE default",
}  # fmt: skip


def translate(text: str) -> None:
    translator = Translator()
    for statement in translator.split(text):
        translator.translate(statement)


def steps(text: str) -> int:
    """How many calls it takes to translate a text."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        with suppress(RedshiftError):
            translate(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_a_statement_takes_steps_in_proportion_to_its_length(shape: str) -> None:
    translate("SELECT 1")  # what is made once
    few, many = (steps(SHAPES[shape](size)) for size in (FEW, MANY))
    assert many <= GROWTH * few, f"{few} steps became {many}"


@pytest.mark.parametrize(
    ("text", "sqlstate"),
    [
        (nested("decode(", "a", ", 1, 2, 3, 4)")(60), "54001"),  # each doubles what it is given
        (nested("* FROM (SELECT ", "1 AS a", ") UNPIVOT (v FOR n IN (a))")(60), "54001"),
        (f"SELECT '{'x' * LONGEST}'", "54000"),
    ],
)
def test_what_would_grow_beyond_all_measure_is_refused(text: str, sqlstate: str) -> None:
    with pytest.raises(RedshiftError) as refused:
        translate(text)
    assert refused.value.sqlstate == sqlstate


@pytest.fixture
def other(cluster: Any) -> Iterator[Any]:
    connection = cluster.psycopg2()
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.mark.parametrize(
    "text",
    [
        SHAPES["subqueries in FROM"](1_300),  # 20 KB
        "SELECT 1" + "/*" * 30_000,
        SHAPES["columns"](8_000),
        "SELECT * FROM (" + SHAPES["(+)"](500) + ") t",
        nested("* FROM (SELECT ", "1 AS a", ") PIVOT (count(*) FOR a IN (1))")(200),
    ],
)
def test_a_long_statement_holds_up_nobody(cursor: Any, other: Any, text: str) -> None:
    def send() -> None:
        with suppress(psycopg2.Error):
            cursor.execute(text)

    sender = Thread(target=send)
    waits = list[float]()
    sender.start()
    while sender.is_alive() or not waits:
        before = time.monotonic()
        other.execute("SELECT 1")
        waits.append(time.monotonic() - before)
        sender.join(0.01)
    cursor.execute("SELECT 2")
    assert cursor.fetchone() == (2,)
    assert max(waits) < 1
