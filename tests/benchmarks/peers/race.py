"""How much longer other tools take for the job of COPY: the events of one object in S3 become rows in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from include.sandbox.aws import WORK_BUCKET, root_keys
from include.sandbox.state import DATABASE, REGION, REPOSITORY, USER
from tests.benchmarks import events
from tests.benchmarks.peers import job
from tests.environments import prepare

if TYPE_CHECKING:
    from tests.benchmarks.copying import Copying
    from tests.benchmarks.workbench import Workbench

ROUNDS = 2
SCHEMA = "peers"
PINS = Path(__file__).with_name("requirements")


def over_orjson(bench: Workbench) -> float:
    """Times that a loop over the lines takes as long, with orjson and psycopg's COPY."""
    return _ratio(bench, "orjson")


def over_dlt(bench: Workbench) -> float:
    """Times that dlt takes as long, with Arrow tables, parquet and ADBC."""
    return _ratio(bench, "dlt", makes_table=True)


def over_pandas(bench: Workbench) -> float:
    """Times that pandas takes as long, with read_json and to_sql by COPY."""
    return _ratio(bench, "pandas")


def over_airflow(bench: Workbench) -> float:
    """Times that Airflow's S3ToSqlOperator takes as long; it is installed already."""
    return _ratio(bench, "airflow", python=Path(sys.executable))


def _ratio(bench: Workbench, name: str, *, python: Path | None = None, makes_table: bool = False) -> float:
    """The least time of each, measured in turns; every table is checked, ours and theirs."""
    python = python or prepare(PINS / f"{name}.txt", REPOSITORY / ".venv-peers" / name, bench.tell)
    track = Track(bench.copying)
    track.ours()  # warms up
    ours, theirs = [], []
    for n in range(1, ROUNDS + 1):
        ours.append(track.ours())
        theirs.append(track.theirs(name, python, makes_table=makes_table))
        bench.tell(f"peer_{name} {n}/{ROUNDS}: {theirs[-1]:.2f} s / {ours[-1]:.2f} s = {theirs[-1] / ours[-1]:.2f}")
    ours.append(track.ours())  # so that ours were measured on both sides of each of theirs
    return min(theirs) / min(ours)


class Track:
    """The object, and the table that every one fills, each time anew.

    Args:
        copying: whose events these are.
    """

    def __init__(self, copying: Copying) -> None:
        self._copying = copying
        files, (self._expected, _) = copying.written
        self._url = copying.put(files["events.json"])
        state = copying.sandbox.state
        self._job = job.Job(
            endpoint=state.aws["endpoint"], region=REGION, keys=root_keys(state.aws), bucket=WORK_BUCKET,
            key=files["events.json"].name, dsn=copying.sandbox.postgres().dsn(DATABASE, USER, state.secret("redshift")),
            schema=SCHEMA, table="events", columns=events.COLUMNS,
        )  # fmt: skip
        self._table = f"{SCHEMA}.{self._job.table}"

    def ours(self) -> float:
        """Seconds of a COPY through the stand-in."""
        self._clear()
        seconds = self._copying.copy(self._table, self._url, self._copying.by_paths)
        self._copying.check(self._table, self._expected)
        return seconds

    def theirs(self, name: str, python: Path, *, makes_table: bool) -> float:
        """Seconds that a peer tells, straight into PostgreSQL; what its imports take besides is told only."""
        self._clear(made=not makes_table)
        began = time.perf_counter()
        done = subprocess.run(
            [python, "-m", f"tests.benchmarks.peers.by_{name}"], cwd=REPOSITORY, capture_output=True, text=True,
            env=os.environ | job.environment(self._job), check=False,
        )  # fmt: skip
        whole = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(f"{name} has failed:\n{done.stderr[-4000:]}")
        self._copying.bench.tell(f"peer_{name}: {whole:.2f} s with start and imports")
        self._copying.check(self._table, self._expected)
        return float(done.stdout)

    def _clear(self, *, made: bool = True) -> None:
        self._copying.run(f"drop schema if exists {SCHEMA} cascade")
        self._copying.run(f"create schema {SCHEMA}")
        if made:
            self._copying.make(self._table)
