"""Loads every hour of a bucket-shaped folder in random order, by several workers, some of them twice, the songs last.

`python -m tests.replay DATA FROM TO` prints what plain Python computes and whether that was published; it exits with 1
if not. Operators and sandbox are the real ones; only the scheduler is left out, so that a fortnight takes minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from include.sandbox import data
from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.services import Sandbox, app_client, connect, pipeline_environment, query
from include.sandbox.state import REPOSITORY, State
from tests.oracle import Tables, expected_tables

HOUR = timedelta(hours=1)
TABLES = ("songplays", "users", "songs", "artists", "time")


@dataclass(frozen=True)
class Outcome:
    """What a replay came to.

    Args:
        runs: how many hourly runs were done.
        expected: what plain Python computes.
        published: the rows of each table, each with how often it is there.
    """

    runs: int
    expected: Tables
    published: dict[str, Counter[tuple[Any, ...]]]

    def is_right(self, table: str) -> bool:
        """Whether a table is what it should be, to the row."""
        return self.published[table] == Counter(map(tuple, getattr(self.expected, table)))


def replay(folder: Path, start: datetime, end: datetime, workers: int = 4, seed: int = 0) -> Outcome:
    """Load [start, end) hour by hour in random order, a third of the hours twice; all songs but one come at the end.

    Args:
        folder: shaped like the bucket.
        start: first hour, in UTC.
        end: the hour after the last.
        workers: processes that load at the same time, from an empty warehouse on.
        seed: of the order.
    """
    root = Path(tempfile.mkdtemp(prefix="replay-"))
    hours = [start + n * HOUR for n in range((end - start) // HOUR)]
    shuffled = random.Random(seed)  # noqa: S311 - an order, no secret
    order = [*hours, *shuffled.sample(hours, len(hours) // 3)]
    shuffled.shuffle(order)
    try:
        with Sandbox(root) as sandbox:
            first, *songs = _upload(sandbox.state, data.objects(folder))
            _upload(sandbox.state, [first], songs=True)
            with ProcessPoolExecutor(workers, initializer=_begin, initargs=(root,)) as pool:
                done = pool.map(_load, order)
                list(track(done, "hours", total=len(order), console=Console(stderr=True), transient=True))
                _upload(sandbox.state, songs, songs=True)
                pool.submit(_load, order[0]).result()
            with connect(sandbox.state) as connection:
                rows = {table: query(connection, f'select * from sparkify."{table}"') for table in TABLES}
        published = {table: Counter(map(tuple, found)) for table, found in rows.items()}
        return Outcome(len(order) + 1, expected_tables(folder, start, end), published)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _upload(state: State, objects: Iterable[tuple[str, Path]], *, songs: bool = False) -> list[tuple[str, Path]]:
    """Put objects into the source bucket; without `songs` the song objects are left out and returned."""
    s3, left = app_client(state), []
    for key, path in objects:
        if key.startswith(data.SONGS) and not songs:
            left.append((key, path))
        else:
            s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=path.read_bytes())
    return left


def _begin(root: Path) -> None:
    """Make a process a worker: connections and variables in the environment, as Airflow has them."""
    os.environ.update(pipeline_environment(State.load(root)), AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING")
    sys.path.append(str(REPOSITORY / "plugins"))


def _load(hour: datetime) -> None:
    from tests.pipeline import Run, sparkify_once, variables_in

    Run(sparkify_once(), hour.isoformat(), (hour + HOUR).isoformat(), variables_in(os.environ)).all()


def main() -> int:
    """Replay what the command line names; 0 if every table is right."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="bucket-shaped folder")
    options.add_argument("start", type=datetime.fromisoformat, help="first hour, ISO 8601, UTC")
    options.add_argument("end", type=datetime.fromisoformat, help="the hour after the last")
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    outcome = replay(given.data, given.start, given.end, given.workers, given.seed)
    print(f"{outcome.runs} hourly runs, {given.workers} at a time, seed {given.seed}")
    for name, figure in asdict(outcome.expected.counts).items():
        print(f"  {name}: {figure:,}")
    for table in TABLES:
        verdict = "as computed" if outcome.is_right(table) else "DIFFERENT"
        print(f"  {table}: {outcome.published[table].total():,} rows, {verdict}")
    return int(not all(map(outcome.is_right, TABLES)))


if __name__ == "__main__":
    sys.exit(main())
