"""Airflow over hours of which every run can be watched: what they hold, what is published, what `status` shows."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import psutil

from include.sandbox import data, process
from include.sandbox.airflow import DAG_ID, Airflow
from include.sandbox.api import AirflowApi
from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.sample.bucket import generate
from include.sandbox.services import Sandbox, app_client, connect, query
from include.sandbox.state import REPOSITORY, write_ready
from tests.oracle import expected_tables

T = TypeVar("T")

FIRST_DAY = datetime(2018, 12, 1, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD, NEW = (10, 40), (10, 25, 40, 55)  # minutes of each hour at which something is heard, in two versions of its object
ENDED = ("success", "failed")
TABLES = ("songplays", "users", "songs", "artists", "time")
# The DAG as it is, but with a schedule that makes the runs of a few hours of long ago; and a DAG that triggers it.
DAGS = """
import runpy
from datetime import datetime, timezone

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

dag = runpy.run_path({dag!r})["dag"]
dag.catchup = True
dag.start_date, dag.end_date = datetime.fromisoformat({start!r}), datetime.fromisoformat({end!r})
dag.timetable.max_active_runs = 4

with DAG("caller", schedule=None, start_date=datetime(2018, 1, 1, tzinfo=timezone.utc)) as caller:
    TriggerDagRunOperator(
        task_id="call",
        trigger_dag_id=dag.dag_id,
        trigger_run_id="{{{{ dag_run.conf['run_id'] }}}}",
        conf={{"start": "{{{{ dag_run.conf['start'] }}}}", "end": "{{{{ dag_run.conf['end'] }}}}"}},
    )
"""


@dataclass
class World:
    """Airflow, the bucket that it loads from, and what must come of it.

    Args:
        airflow: runs.
        api: its REST API.
        folder: a copy of what the bucket holds.
        days: how many, from `FIRST_DAY`.
    """

    airflow: Airflow
    api: AirflowApi
    folder: Path
    days: int

    @property
    def end(self) -> datetime:
        """First moment after the days."""
        return FIRST_DAY + self.days * DAY

    def write(self, minutes: tuple[int, ...]) -> None:
        """Replace every day's object by one with a play in each hour at these minutes."""
        s3 = app_client(self.airflow.sandbox.state)
        for key, body in _logs(self.days, minutes).items():
            s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=body)
            (self.folder / key).write_bytes(body)

    def expected(self) -> dict[datetime, list[str]]:
        """The plays of each hour as plain Python computes them from the bucket."""
        return _by_hour(expected_tables(self.folder, *map(_naive, (FIRST_DAY, self.end))).songplays)

    def published(self) -> dict[datetime, list[str]]:
        """The plays of each hour as analysts see them."""
        with connect(self.airflow.sandbox.state) as connection:
            return _by_hour(query(connection, "select * from sparkify.songplays"))

    def require_all_published(self) -> None:
        """Every table is what plain Python computes."""
        expected = expected_tables(self.folder, *map(_naive, (FIRST_DAY, self.end)))
        with connect(self.airflow.sandbox.state) as connection:
            for table in TABLES:
                rows = query(connection, f'select * from sparkify."{table}"')
                assert sorted(map(repr, map(tuple, rows))) == sorted(map(repr, getattr(expected, table))), table

    def status(self) -> dict[str, Any]:
        """What `make status JSON=1` prints."""
        command = process.python_command("include.sandbox", "--state", str(self.airflow.sandbox.root), "status")
        shown = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=REPOSITORY, timeout=300)
        assert shown.stdout, shown.stderr
        found: dict[str, Any] = json.loads(shown.stdout)
        return found

    def letters(self) -> dict[datetime, str]:
        """The state of each hour that `status` shows, as the letter that it has for it."""
        return {
            datetime.fromisoformat(day["day"]).replace(tzinfo=timezone.utc) + number * HOUR: letter
            for day in self.status()["days"]
            for number, letter in enumerate(day["states"])
        }

    def kill_scheduler(self) -> None:
        """End the scheduler and its tasks as a crash of the machine would, and start it again."""
        scheduler = next(child for child in self.airflow.children if child.name == "scheduler")
        doomed = [psutil.Process(scheduler.popen.pid), *psutil.Process(scheduler.popen.pid).children(recursive=True)]
        for victim in doomed:
            victim.kill()
        scheduler.popen.wait()
        self.airflow.children.remove(scheduler)
        self.airflow.start_component("scheduler")

    def begin_schedule(self) -> None:
        """Let the scheduler make runs of its own."""
        self.airflow.schedule = True
        self.kill_scheduler()

    def unfinished(self) -> list[str]:
        """The runs that have not ended."""
        return [f"{run['dag_run_id']} {run['state']}" for run in self.api.runs(DAG_ID) if run["state"] not in ENDED]


@contextmanager
def world(days: int, scheduled: tuple[datetime, datetime]) -> Iterator[World]:
    """Start Airflow over some days; stop it and forget all of it at the end.

    Args:
        days: how many, from `FIRST_DAY`.
        scheduled: begin of the first and of the last hour that the schedule makes runs of, once it is begun.
    """
    root = Path(tempfile.mkdtemp(prefix="by-hand-"))
    folder, dags = root / "bucket", root / "dags"
    generate(folder, days=1)
    shutil.rmtree(folder / "log_data")
    for key, body in _logs(days, OLD).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    dags.mkdir()
    start, end = (moment.isoformat() for moment in scheduled)
    (dags / "by_hand.py").write_text(DAGS.format(dag=str(REPOSITORY / "dags" / "sparkify.py"), start=start, end=end))
    with Sandbox(root, fill=functools.partial(data.fill, source=str(folder))) as sandbox:
        airflow = Airflow(sandbox, schedule=False, dags=dags)
        try:
            airflow.migrate()
            api = airflow.start()
            api.unpause(DAG_ID)
            wait_for(lambda: api.has_dag("caller"), "the DAG that triggers the other")
            api.unpause("caller")
            # a scheduled run would hand the hours of other cells to a run of its own
            api._send("POST", "/api/v2/variables", {"key": "sparkify_stale_days", "value": "0"})
            write_ready(root, "up", {"ui": api.address, "schedule": False})
            yield World(airflow, api, folder, days)
        finally:
            airflow.stop()
    shutil.rmtree(root)


def wait_for(condition: Callable[[], T], what: str, seconds: float = 240) -> T:
    """Wait until something is there.

    Args:
        condition: returns it, or what is false.
        what: names it.
        seconds: the longest.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.3)
    return found


def _logs(days: int, minutes: tuple[int, ...]) -> dict[str, bytes]:
    return {
        f"log_data/{day:%Y/%m/%Y-%m-%d}-events.json": "\n".join(
            json.dumps(_play(day + hour * HOUR + timedelta(minutes=minute))) for hour in range(24) for minute in minutes
        ).encode()
        for day in (FIRST_DAY + number * DAY for number in range(days))
    }


def _play(moment: datetime) -> dict[str, object]:
    """An event; who it is of changes with the hour and the minute."""
    user = 1 + moment.hour % 5
    return {
        "artist": None, "auth": "Logged In", "firstName": f"Name{user}", "gender": "F", "itemInSession": moment.minute,
        "lastName": "L", "length": None, "level": "paid" if moment.minute > 30 else "free", "location": "Oslo",
        "method": "PUT", "page": "NextSong", "registration": 1.0, "sessionId": moment.day * 100 + moment.hour,
        "song": "Umbrellas", "status": 200, "ts": int(moment.timestamp() * 1000) + 7, "userAgent": "x",
        "userId": str(user),
    }  # fmt: skip


def _by_hour(rows: Any) -> dict[datetime, list[str]]:
    found: dict[datetime, list[str]] = defaultdict(list)
    for row in rows:
        hour = row[1].replace(minute=0, second=0, microsecond=0, tzinfo=timezone.utc)
        found[hour].append(repr(tuple(row)))
    return {hour: sorted(plays) for hour, plays in found.items()}


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
