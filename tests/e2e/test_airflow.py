"""Airflow itself runs the DAG over the sample, by the commands that a person types.

One start of everything by `run`, a second by `up`; the tests look at what the commands say, at the tables, at the UI
and at what is left behind. They are in order: later ones use what earlier ones loaded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.services import Sandbox, app_client, connect, query, running
from tests import ui
from tests.oracle import expected_tables

TABLES = ("songplays", "users", "songs", "artists", "time")
SAMPLE = datetime(2018, 12, 1), datetime(2018, 12, 8)
BAD_DAY = "log_data/2018/12/2018-12-20-events.json"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def root():
    # not below pytest's own folder: as root it closes that to others at every start, and PostgreSQL is run by another
    folder = Path(tempfile.mkdtemp(prefix="sparkify-"))
    yield folder
    shutil.rmtree(folder)


def command(root, *arguments):
    """Run one command of the sandbox to its end, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "include.sandbox", "--state", str(root), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
    )


def processes_of(root):
    """What still runs for a state folder: it stands in each process's arguments or environment."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        told = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        if process.pid != os.getpid() and any(str(root) in text for text in told):
            found.append(process.info["cmdline"])
    return found


@pytest.fixture(scope="module")
def ran(root):
    return command(root, "run")


@pytest.fixture(scope="module")
def up(root, ran):
    started = command(root, "up", "--detach")
    assert started.returncode == 0, started.stdout + started.stderr
    yield running(root)
    assert command(root, "down").returncode == 0
    assert processes_of(root) == []


def test_run_loads_hours_and_a_range_reports_and_leaves_nothing_running(root, ran):
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "hour by hour" in ran.stdout
    assert "as one run" in ran.stdout
    assert re.search(r"songplays +0 +3,841\b", ran.stdout)
    assert re.search(r"Plays matched to a song: 1,407 of 3,841", ran.stdout)
    assert processes_of(root) == []


def test_every_published_table_is_what_plain_python_computes(root, ran):
    with Sandbox(root) as sandbox, connect(sandbox.state) as connection:
        expected = expected_tables(root / "sample", *SAMPLE)
        for table in TABLES:
            rows = query(connection, f'select * from sparkify."{table}"')
            assert sorted(map(repr, map(tuple, rows))) == sorted(map(repr, map(tuple, getattr(expected, table)))), table


def test_hourly_and_range_runs_went_through_backfill_and_trigger(root, ran):
    with Sandbox(root) as sandbox, connect(sandbox.state) as connection:
        kinds = {run_id.split("__")[0] for (run_id,) in query(connection, "select run_id from sparkify.published_runs")}
        assert kinds == {"backfill", "manual"}
        left = query(connection, "select count(*) from svv_tables where table_schema like 'sparkify_run_%'")
        assert left[0][0] == 0, "no run schema stays behind"


def test_the_ui_shows_the_graph_green_and_the_sql_that_ran(up):
    run_id = ui.latest_range_run(up)
    with ui.signed_in(up) as page:
        ui.show_graph(page, up, run_id)
        expect(page.locator(".react-flow__node", has_text="success")).to_have_count(ui.TASKS)
        ui.show_rendered(page, up, run_id, "load_songplays")
        expect(page.get_by_text("row_number() over").first).to_be_visible()
        expect(page.get_by_text(re.compile(r"sparkify_run_[0-9a-f]{12}")).first).to_be_visible()


def test_a_record_that_cannot_be_loaded_fails_the_run_with_its_place_and_alerts_once(root, up):
    published = snapshot(up)
    app_client(up).put_object(Bucket=SOURCE_BUCKET, Key=BAD_DAY, Body=b'{"ts": 1545264000001}\n{"ts": "soon"}\n')
    failed = command(root, "backfill", "--from", "2018-12-20", "--to", "2018-12-21")
    assert failed.returncode == 1
    message = " ".join((failed.stdout + failed.stderr).split())
    assert "task stage_events" in message
    assert f"s3://{SOURCE_BUCKET}/{BAD_DAY}, line 2: column 'ts'" in message
    assert '"soon"' in message
    status = command(root, "status").stdout
    assert "alerts    1\n" in status
    assert "Task:     sparkify.stage_events, try 1" in status
    assert snapshot(up) == published


def snapshot(state):
    """The published rows of the sample's days; the schedule may be adding today's."""
    with connect(state) as connection:
        return [
            sorted(map(repr, query(connection, f"select * from sparkify.{table} where start_time < '2019-01-01'")))
            for table in ("songplays", '"time"')
        ]
