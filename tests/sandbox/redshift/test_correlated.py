"""Correlated subqueries, by the patterns of AWS's page r_correlated_subqueries."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

TABLES = """
    CREATE TABLE event (eventid int, catid int, eventname varchar); CREATE TABLE category (catid int);
    CREATE TABLE listing (listid int, eventid int, numtickets int);
    CREATE TABLE sales (listid int, eventid int, qty int)
"""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT eventname FROM event WHERE NOT EXISTS (SELECT * FROM listing WHERE NOT EXISTS "
        "(SELECT * FROM sales WHERE event.eventid = sales.eventid))",
        "SELECT 1 FROM event e WHERE e.eventid IN (SELECT l.eventid FROM listing AS l JOIN sales s ON s.listid = "
        "l.listid WHERE l.listid = (SELECT max(x.listid) FROM sales x WHERE x.eventid = e.eventid))",
        "SELECT * FROM category LEFT JOIN event ON category.catid = event.catid AND eventid = "
        "(SELECT max(eventid) FROM sales WHERE sales.eventid = event.eventid)",
        "SELECT listid, qty FROM sales s WHERE qty NOT IN (SELECT sum(numtickets) OVER () FROM listing l "
        "WHERE s.listid = l.listid)",
        "CREATE TABLE t AS SELECT (SELECT max(q.listid) FROM (SELECT l.listid FROM listing l "
        "WHERE l.eventid = event.eventid) q) AS a FROM event",
        "UPDATE event SET eventname = 'x' WHERE EXISTS (SELECT 1 FROM listing WHERE EXISTS "
        "(SELECT 1 FROM sales WHERE sales.eventid = event.eventid))",
    ],
)
def test_m20_a_subquery_that_cannot_be_decorrelated_is_refused(cursor: Any, sql: str) -> None:
    cursor.execute(TABLES)
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="This type of correlated subquery pattern"):
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT listid, sum(qty) FROM sales s WHERE qty = (SELECT max(numtickets) FROM listing l "
        "WHERE s.listid = l.listid) GROUP BY 1",
        "SELECT eventname FROM event e WHERE NOT EXISTS (SELECT * FROM listing l WHERE l.eventid = e.eventid AND "
        "NOT EXISTS (SELECT * FROM sales s WHERE s.listid = l.listid))",
        "SELECT * FROM category c JOIN event ON c.catid = event.catid AND eventid = "
        "(SELECT max(s.eventid) FROM sales s WHERE s.eventid = event.eventid)",
        "SELECT * FROM category c LEFT JOIN (SELECT e.catid, max(e.eventid) AS m FROM event e GROUP BY e.catid) x "
        "ON x.catid = c.catid WHERE c.catid NOT IN (SELECT e.catid FROM event e WHERE e.catid = c.catid)",
        "WITH a AS (SELECT l.*, row_number() OVER (PARTITION BY l.eventid ORDER BY l.listid) AS n FROM listing l), "
        "b AS (SELECT a.listid FROM a WHERE a.n = 1) SELECT * FROM b WHERE b.listid IN (SELECT a.listid FROM a)",
        "SELECT extract(year FROM s.d) FROM (SELECT e.d FROM (SELECT getdate() AS d) e) s, (SELECT 1 AS e) e",
        "SELECT e.eventid FROM event e WHERE e.eventid IN (SELECT e.eventid FROM listing e WHERE e.listid IN "
        "(SELECT e.listid FROM sales e))",
        "SELECT ' (SELECT event.x FROM (SELECT' AS q FROM event WHERE eventid IN (SELECT eventid FROM listing)",
        "DELETE FROM sales USING event e WHERE sales.eventid = e.eventid AND sales.listid IN "
        "(SELECT l.listid FROM listing l WHERE l.eventid = e.eventid)",
        "SELECT c.relname FROM pg_class c WHERE EXISTS (SELECT 1 FROM pg_attribute a WHERE EXISTS "
        "(SELECT 1 FROM pg_attrdef d WHERE d.adrelid = c.oid))",
        "SELECT e.* FROM event e JOIN listing l ON l.eventid = e.eventid QUALIFY row_number() OVER "
        "(PARTITION BY e.eventid ORDER BY l.listid) = 1",
        "INSERT INTO event (eventid) SELECT l.eventid FROM listing l LEFT JOIN sales s ON s.listid = l.listid "
        "WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.eventid = l.eventid)",
    ],
)
def test_other_subqueries_run(cursor: Any, sql: str) -> None:
    cursor.execute(TABLES)
    cursor.execute(sql)
