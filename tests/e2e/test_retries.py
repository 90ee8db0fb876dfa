"""What only Airflow shows and takes minutes: its retry after a kill -9 of a task or of the scheduler; backfills."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from datetime import datetime, timezone

import psutil
import pytest
from rich.console import Console

from include.sandbox.airflow import DAG_ID
from include.sandbox.runs import Runs
from include.sandbox.services import connect, query
from tests.airflow_over_sample import airflow_over_sample
from tests.oracle import expected_tables

TABLES = ("songplays", "users", "songs", "artists", "time")
DAYS = datetime(2018, 12, 1), datetime(2018, 12, 3)

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def started():
    """Airflow over the sample, and its REST API."""
    with airflow_over_sample() as found:
        yield found


def trigger(api):
    start, end = (moment.isoformat() for moment in DAYS)
    return api.trigger(DAG_ID, {"start": f"{start}+00:00", "end": f"{end}+00:00"})


def running(api, run_id, task):
    """Wait until a task runs; returns it."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        for found in api.tasks(DAG_ID, run_id):
            if found.name == task and found.state == "running":
                return found
    raise AssertionError(f"{task} did not run in time")


def require_right(airflow, api, run_id, killed):
    """The run succeeds, the killed task in a later attempt, and the tables are what plain Python computes."""
    deadline = time.monotonic() + 400
    while (state := api.run_state(DAG_ID, run_id)) not in ("success", "failed"):
        assert time.monotonic() < deadline, "the run did not end in time"
        time.sleep(1)
    assert state == "success"
    assert {task.name: task.attempt for task in api.tasks(DAG_ID, run_id)}[killed] > 1, "it was not killed"
    require_tables(airflow)


def require_tables(airflow):
    """Every table is what plain Python computes, and no run schema is left."""
    expected = expected_tables(airflow.sandbox.root / "sample", *DAYS)
    with connect(airflow.sandbox.state) as connection:
        for table in TABLES:
            rows = Counter(map(tuple, query(connection, f'select * from sparkify."{table}"')))
            assert rows == Counter(map(tuple, getattr(expected, table))), table
        left = query(connection, "select count(*) from svv_tables where table_schema like 'sparkify_run_%'")
    assert left[0][0] == 0


@pytest.mark.parametrize("task", ["stage_events", "publish"])
def test_a_task_that_is_killed_is_tried_again(started, tally, task):
    airflow, api = started
    with tally("kills under Airflow survived"):
        run_id = trigger(api)
        found = running(api, run_id, task)
        victims = [p for p in psutil.process_iter(["cmdline"]) if f"-- {found.id}" in " ".join(p.info["cmdline"] or ())]
        for victim in victims:
            victim.kill()
        require_right(airflow, api, run_id, task)


def test_a_scheduler_that_is_killed_with_its_tasks_and_started_again_goes_on(started, tally):
    airflow, api = started
    with tally("kills under Airflow survived"):
        run_id = trigger(api)
        running(api, run_id, "stage_events")
        scheduler = next(child for child in airflow.children if child.name == "scheduler")
        doomed = psutil.Process(scheduler.popen.pid).children(recursive=True)
        os.kill(scheduler.popen.pid, signal.SIGKILL)
        for process in doomed:
            process.kill()
        scheduler.popen.wait()
        airflow.children.remove(scheduler)
        airflow.start_component("scheduler")
        require_right(airflow, api, run_id, "stage_events")


def test_backfills_with_each_reprocess_behaviour_change_nothing(started):
    """Of the days that are loaded: `none` runs what never ran, `failed` nothing more, `completed` all once more."""
    airflow, api = started
    hours = [moment.replace(tzinfo=timezone.utc) for moment in (datetime(2018, 12, 1, 9), datetime(2018, 12, 1, 11))]
    for behaviour in ("none", "failed", "completed"):
        runs = Runs(airflow.sandbox, api, Console(quiet=True), airflow.check, behaviour)
        assert len(runs.load_hours(*hours)) == 2
        require_tables(airflow)
