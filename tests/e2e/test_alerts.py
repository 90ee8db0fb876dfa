"""What only Airflow shows of alerts: a task killed on its last try, a run that is late."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from include.sandbox.airflow import DAG_ID, ui_address
from include.sandbox.inbox import letters
from include.sandbox.state import REPOSITORY
from tests.airflow_over_sample import airflow_over_sample

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

# The DAG as it is, but without a second try, and late at once.
LAST_TRY = f"""
import runpy
from datetime import timedelta

from airflow.sdk import DAG, DeadlineReference  # "DAG" is what Airflow looks for in a file

dag = runpy.run_path({str(REPOSITORY / "dags" / "sparkify.py")!r})["dag"]
for task in dag.tasks:
    task.retries = 0
dag.deadline[0].reference = DeadlineReference.DAGRUN_QUEUED_AT
dag.deadline[0].interval = timedelta(seconds=1)
"""
CHANNELS = ("mail", "slack", "sns", "webhook")


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Airflow with its schedule on, and its REST API."""
    dags = tmp_path_factory.mktemp("dags")
    (dags / "last_try.py").write_text(LAST_TRY)
    with airflow_over_sample(schedule=True, dags=dags) as found:
        yield found


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.2)
    return found


def arrived(airflow, run_id):
    """The channels on which something arrived of a run, as often as it did."""
    return sorted(found.channel for found in letters(airflow.sandbox.state) if run_id in found.text)


def process_of(api, run_id, name):
    """The process of a task that runs."""
    running = [found for found in api.tasks(DAG_ID, run_id) if found.name == name and found.state == "running"]
    ids = [f"-- {found.id}" for found in running]
    titles = ((process, " ".join(process.info["cmdline"] or ())) for process in psutil.process_iter(["cmdline"]))
    return [process for process, title in titles if any(one in title for one in ids)]


def test_a_scheduled_run_that_is_late_is_told_and_so_is_its_end(started):
    """It is the run of the last full hour; its deadline passes a second after it was queued."""
    airflow, api = started
    (run_id,) = wait_for(lambda: [run["dag_run_id"] for run in api.runs(DAG_ID) if run["run_type"] == "scheduled"])
    wait_for(lambda: api.run_state(DAG_ID, run_id) == "success")
    wait_for(lambda: len(arrived(airflow, run_id)) == 2 * len(CHANNELS))
    assert arrived(airflow, run_id) == sorted(2 * CHANNELS)
    texts = [found.text for found in letters(airflow.sandbox.state) if run_id in found.text]
    assert sum("not finished" in text for text in texts) == len(CHANNELS)


def test_a_task_killed_on_its_last_try_is_told_once_and_its_recovery_too(started):
    airflow, api = started
    run_id = api.trigger(DAG_ID, {"start": "2018-12-01T00:00:00Z", "end": "2018-12-03T00:00:00Z"})
    for process in wait_for(lambda: process_of(api, run_id, "stage_songs")):
        process.kill()
    wait_for(lambda: api.run_state(DAG_ID, run_id) == "failed")
    wait_for(lambda: len(arrived(airflow, run_id)) >= len(CHANNELS))
    time.sleep(10)  # for whatever else Airflow might call
    assert arrived(airflow, run_id) == list(CHANNELS)
    texts = [found.text for found in letters(airflow.sandbox.state) if run_id in found.text]
    assert all("sparkify.stage_songs" in text and "failed without an error of its own" in text for text in texts)
    status = subprocess.run(
        [sys.executable, "-m", "include.sandbox", "--state", str(airflow.sandbox.root), "status"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert status.returncode == 1
    assert "Needs a person: 48 hours failed; sparkify.stage_songs failed." in status.stdout
    assert f"{ui_address(airflow.sandbox.state)}/dags/sparkify/runs/" in status.stdout
    api.clear_downstream(DAG_ID, run_id, "stage_songs")
    wait_for(lambda: api.run_state(DAG_ID, run_id) == "success")
    wait_for(lambda: len(arrived(airflow, run_id)) == 2 * len(CHANNELS))
