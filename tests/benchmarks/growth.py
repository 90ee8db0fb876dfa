"""What a hundred times the history costs an hourly run: the time that its statements take in the warehouse."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Any

from redshift_connector.core import Connection

from include.sandbox import data
from include.sandbox.services import pipeline_environment
from tests.benchmarks import history
from tests.benchmarks.workbench import Workbench

PLAYS = {"small": 20_000, "large": 2_000_000}
# Loaded by itself: the run looks back three days, and what is invented is in no object that it would find.
LOADED = ("2018-11-30", "2018-12-04")
HOUR = ("2018-12-03T18:00:00", "2018-12-03T19:00:00")
TIMES = 9


def ratio(bench: Workbench) -> float:
    """Medians of scheduled runs over one hour of the same objects, in turns in two star schemas of one warehouse."""
    sandbox = bench.sandbox(fill=partial(data.fill, source=data.SAMPLE))
    os.environ.update(pipeline_environment(sandbox.state))
    from tests.pipeline import Run, sparkify_once, variables_in

    def run(star: str, *interval: str, **how: str) -> None:
        Run(sparkify_once(), *interval, {**variables_in(os.environ), "sparkify_schema": star}, **how).all()

    for star, plays in PLAYS.items():
        bench.tell(f"growth: publishing the sample and {plays:,} plays before it")
        run(star, *LOADED)
        history.write(sandbox, star, plays)
    spent: dict[str, list[Counter[str]]] = {star: [] for star in PLAYS}
    for n in range(TIMES + 1):  # the first pair warms up
        for star in PLAYS:
            with _timed() as statements:
                run(star, *HOUR, run_type="scheduled")
            spent[star].append(statements)
        bench.tell(f"growth {n}/{TIMES}: " + " / ".join(f"{spent[star][-1].total():.2f} s" for star in reversed(PLAYS)))
    small, large = (spent[star][1:] for star in PLAYS)
    for grown, title in sorted(_differences(small, large), reverse=True)[:5]:
        bench.tell(f"growth: {grown * 1000:+.0f} ms {title}")
    return median(map(Counter.total, large)) / median(map(Counter.total, small))


@contextmanager
def _timed() -> Iterator[Counter[str]]:
    """Collects the seconds of all statements by their first words, run schemas and values left out."""
    spent: Counter[str] = Counter()
    execute = Connection.execute

    def measured(self: Connection, cursor: Any, operation: str, values: Any) -> None:
        began = time.perf_counter()
        try:
            execute(self, cursor, operation, values)
        finally:
            spent[_title(operation)] += time.perf_counter() - began

    Connection.execute = measured
    try:
        yield spent
    finally:
        Connection.execute = execute


def _title(statement: str) -> str:
    lines = (line for line in statement.splitlines() if not line.startswith("--"))
    words = [word for line in lines for word in line.split()]
    return " ".join(".".join(word.split(".")[-1:]) for word in words[:8])


def _differences(small: list[Counter[str]], large: list[Counter[str]]) -> Iterator[tuple[float, str]]:
    for title in set().union(*small, *large):
        yield median(one[title] for one in large) - median(one[title] for one in small), title
