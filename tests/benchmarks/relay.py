"""What the Redshift stand-in adds to PostgreSQL's own time, for small answers and for a large one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from statistics import median
from typing import Any

import psycopg2

from include.sandbox.services import DATABASE, USER, Sandbox
from tests.benchmarks.workbench import Workbench

SELECTS, ROUNDS = 10_000, 20  # in rounds of one and the other, so that both meet the same load
ROWS, FETCHES = 1_000_000, 5
TABLE = "CREATE TABLE relay (id bigint, name varchar, at timestamp, value float8)"
FILL = """
    INSERT INTO relay SELECT n, 'name ' || n::text, timestamp '2018-11-01' + n * interval '1 second', n * 1.5
    FROM generate_series(1, %s) n
"""


def selects(bench: Workbench) -> float:
    """Both connections, by psycopg2 over TCP, take turns; each select is of another row."""
    with _connections(bench, rows=1000, index=True) as (ours, direct):
        return _ratio(bench, "relay_selects", ours, direct, _select, ROUNDS)


def fetch(bench: Workbench) -> float:
    """Median over pairs of fetches of all rows at once."""
    with _connections(bench, rows=ROWS) as (ours, direct):
        return _ratio(bench, "relay_fetch", ours, direct, _fetch, FETCHES)


def _ratio(bench: Workbench, name: str, ours: Any, direct: Any, run: Callable[[Any], None], times: int) -> float:
    found: dict[str, list[float]] = {"ours": [], "direct": []}
    for n in range(times + 1):  # the first warms up
        for who, cursor in (("direct", direct), ("ours", ours)):
            began = time.perf_counter()
            run(cursor)
            found[who].append(time.perf_counter() - began)
        bench.tell(f"{name} {n}/{times}: {found['ours'][-1]:.3f} s / {found['direct'][-1]:.3f} s")
    return median(ours / direct for ours, direct in list(zip(found["ours"], found["direct"], strict=True))[1:])


def _select(cursor: Any) -> None:
    for number in range(SELECTS // ROUNDS):
        cursor.execute("SELECT name FROM relay WHERE id = %s", (number + 1,))
        if cursor.fetchone() != (f"name {number + 1}",):
            raise AssertionError("a wrong row")


def _fetch(cursor: Any) -> None:
    cursor.execute("SELECT * FROM relay")
    if len(cursor.fetchall()) != ROWS:
        raise AssertionError("not all rows")


@contextmanager
def _connections(bench: Workbench, rows: int, *, index: bool = False) -> Iterator[tuple[Any, Any]]:
    """Cursors on the same table, through the stand-in and to the PostgreSQL behind it."""
    with Sandbox(bench.folder()) as sandbox:
        password = sandbox.state.secret("redshift")
        with closing(psycopg2.connect(sandbox.postgres().dsn(DATABASE))) as owner, owner.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute(FILL, (rows,))
            cursor.execute(f"GRANT SELECT ON relay TO {USER}")
            if index:
                cursor.execute("CREATE INDEX ON relay (id)")
            cursor.execute("ANALYZE relay")
            owner.commit()
        address = {"host": "127.0.0.1", "dbname": DATABASE, "user": USER, "password": password}
        with (
            closing(psycopg2.connect(port=sandbox.state.ports["redshift"], **address)) as ours,
            closing(psycopg2.connect(port=sandbox.state.ports["postgres"], **address)) as direct,
        ):
            ours.autocommit = direct.autocommit = True
            yield ours.cursor(), direct.cursor()
