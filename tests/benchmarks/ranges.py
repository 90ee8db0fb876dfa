"""How many times faster a day is as one run than as 24 hourly runs of `airflow backfill create`."""

from __future__ import annotations

from statistics import median

from include.sandbox.airflow import DAG_ID
from tests.benchmarks.workbench import DAY, Workbench

TIMES = 2  # before the hourly runs, and after them


def ratio(bench: Workbench) -> float:
    """Seconds of the hourly runs, four at a time, from the start of the first to the end of the last; over the median
    seconds of a range run. All songs are loaded already, and so is the day: both replace the same rows.
    """
    ranges = [_range(bench) for _ in range(TIMES)]
    hourly = bench.span(DAG_ID, bench.runs.load_hours(*DAY))
    ranges += [_range(bench) for _ in range(TIMES)]
    bench.tell(f"range: {hourly:.1f} s hour by hour, {', '.join(f'{seconds:.1f}' for seconds in ranges)} s as one run")
    return hourly / median(ranges)


def _range(bench: Workbench) -> float:
    return bench.span(DAG_ID, bench.runs.load_range(*DAY))
