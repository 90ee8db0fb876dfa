"""Airflow itself runs the DAG over the sample, by the commands that a person types.

One start of everything by `run`, a second by `up`; the tests look at what the commands say, at the tables, at the UI
and at what is left behind. They are in order: later ones use what earlier ones loaded.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import psycopg2
import pytest
from playwright.sync_api import expect

from include.sandbox.airflow import DAG_ID, open_api, ui_address
from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.services import Sandbox, app_client, connect, query, running
from include.sandbox.statsd import StatsdServer
from tests import ui
from tests.bad_day import unloadable
from tests.credentials import leaked
from tests.events import facets_of
from tests.oracle import expected_tables

TABLES = ("songplays", "users", "songs", "artists", "time")
SAMPLE = datetime(2018, 12, 1), datetime(2018, 12, 8)
SAMPLED = "start_time < '2018-12-08'"
HEARD = {
    "artist": None, "auth": "Logged In", "firstName": "Ada", "gender": "F", "itemInSession": 1, "lastName": "L",
    "length": None, "level": "free", "location": "", "method": "PUT", "page": "NextSong", "registration": 1.0,
    "sessionId": 1, "song": "Umbrellas", "status": 200, "userAgent": "", "userId": "1000001",
}  # fmt: skip
TOLD = ("stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists", "load_time",
        "check_quality", "publish")  # fmt: skip
CHANGED_DAY, CHANGED_HOURS = "2018-12-03", (9, 10)
BAD_DAY = "log_data/2018/12/2018-12-20-events.json"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def root():
    # not below pytest's own folder: as root it closes that to others at every start, and PostgreSQL is run by another
    folder = Path(tempfile.mkdtemp(prefix="sparkify-"))
    yield folder
    shutil.rmtree(folder)


def command(root, *arguments, **environment):
    """Run one command of the sandbox to its end, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "include.sandbox", "--state", str(root), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, **environment},
    )


def started(root, *arguments):
    """Start one command of the sandbox, which writes all it says to one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.sandbox", "--state", str(root), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
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
def told():
    """Takes the metrics of the first start."""
    with StatsdServer() as server:
        yield server


@pytest.fixture(scope="module")
def ran(root, told):
    observed = {"LINEAGE": str(root / "lineage"), "STATSD": f"127.0.0.1:{told.port}"}
    done = command(root, "run", **observed)
    told.settle()
    return done


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


def test_the_run_told_its_lineage_from_the_objects_to_the_star(root, ran):
    events = [json.loads(path.read_text()) for path in (root / "lineage").iterdir()]
    done = [event for event in events if event["eventType"] == "COMPLETE"]
    of_task = {task: [one for one in done if one["job"]["name"] == f"sparkify.{task}"] for task in TOLD}
    runs = 4  # one range, three hours
    assert {task: len(found) for task, found in of_task.items()} == dict.fromkeys(TOLD, runs)
    assert {event["job"]["namespace"] for event in events} == {"sparkify"}
    assert not [event for event in events if event["eventType"] == "FAIL"]
    datasets = {dataset["name"] for event in done for which in ("inputs", "outputs") for dataset in event[which]}
    assert not [name for name in datasets if re.search("_run_[0-9a-f]|[0-9]{4}-[0-9]{2}", name)], "of one run only"
    assert {f"dev.sparkify.{table}" for table in TABLES} < datasets
    for publication in of_task["publish"]:
        (plays,) = [one for one in publication["outputs"] if one["name"] == "dev.sparkify.songplays"]
        assert plays["outputFacets"]["outputStatistics"]["rowCount"] > 0
        assert {one["name"] for one in plays["facets"]["columnLineage"]["fields"]["song_id"]["inputFields"]} == {
            "dev.sparkify_run.songs"
        }
    assert all(facets_of(event) for event in done)


def test_the_run_sent_its_metrics(root, ran, told):
    with Sandbox(root) as sandbox, connect(sandbox.state) as connection:
        runs, plays = map(int, query(connection, "select count(*), sum(plays) from sparkify.published_runs")[0])
    assert told.of("sparkify.publish", dag_id="sparkify", task_id="publish") == [1.0] * runs
    assert sum(told.of("sparkify.publish.rows", table="songplays")) == plays
    reported = re.findall(r"(?:event|song) lines +([\d,]+) +([\d,]+)", ran.stdout)
    lines = sum(int(number.replace(",", "")) for row in reported for number in row)
    assert sum(told.of("sparkify.stage.lines")) == lines > 0
    assert len(told.of("sparkify.stage.copy", task_id="stage_events")) == runs
    assert sum(told.of("sparkify.checks.failed")) == 0


def test_the_ui_shows_the_graph_green_and_the_sql_that_ran(up):
    run_id = ui.latest_range_run(up)
    with ui.signed_in(up) as page:
        ui.show_graph(page, up, run_id)
        expect(page.locator(".react-flow__node", has_text="success")).to_have_count(ui.TASKS)
        ui.show_rendered(page, up, run_id, "load_songplays")
        expect(page.get_by_text("row_number() over").first).to_be_visible()
        expect(page.get_by_text(re.compile(r"sparkify_run_[0-9a-f]{12}")).first).to_be_visible()


def test_the_page_in_the_ui_shows_the_hours_that_are_loaded(up):
    with ui.signed_in(up) as page:
        ui.show_sparkify(page, up, "?start=2018-12-01&end=2018-12-08")
        expect(page.get_by_text("36.6 % of all")).to_be_visible()
        expect(page.get_by_text("Nothing does.")).to_be_visible()


def test_a_record_that_cannot_be_loaded_fails_the_run_with_its_place_and_alerts_once(root, up):
    published = snapshot(up)
    app_client(up).put_object(Bucket=SOURCE_BUCKET, Key=BAD_DAY, Body=unloadable(1545264000001))
    failed = command(root, "backfill", "--from", "2018-12-20", "--to", "2018-12-21")
    assert failed.returncode == 1
    message = " ".join((failed.stdout + failed.stderr).split())
    assert "task stage_events" in message
    assert f"s3://{SOURCE_BUCKET}/{BAD_DAY}, line 2: column 'ts'" in message
    assert '"soon"' in message
    shown = command(root, "status")
    # the schedule is on: its run of the last hour may have shown meanwhile that the task works again
    assert re.search("^incidents (1 open, 0|0 open, 1) over$", shown.stdout, re.MULTILINE)
    assert "Needs a person: 24 hours failed" in shown.stdout
    assert shown.returncode == 1
    inbox = command(root, "inbox").stdout
    once_on_each_channel = 4
    assert inbox.count("Task:     sparkify.stage_events, try 1") == once_on_each_channel
    assert inbox.count(f"s3://{SOURCE_BUCKET}/{BAD_DAY}, line 2: column 'ts'") == once_on_each_channel
    assert inbox.count(f"Log:      {ui_address(up)}/dags/sparkify/runs/") >= once_on_each_channel
    assert snapshot(up) == published


def test_status_is_json_for_a_script_and_its_exit_code_says_whether_a_person_is_needed(root, up):
    """After the failure above; the schedule is on, and what it does is in time."""
    shown = command(root, "status", "--json")
    overview = json.loads(shown.stdout)
    assert shown.returncode == 1
    assert "24 hours failed" in [one["what"] for one in overview["attention"]]
    counts = overview["counts"]
    assert (counts["failed"], counts["late"]) == (24, 0)
    assert counts["loaded"] + counts["empty"] >= 168
    assert sum(day["rows"] for day in overview["days"] if day["day"] < "2018-12-08") == 3841


def test_hours_whose_source_changed_are_shown_as_stale_and_exactly_those_are_loaded_again(root, up):
    change(up, CHANGED_DAY, keep=lambda event: hour_of(event) not in CHANGED_HOURS)
    status = command(root, "status").stdout
    # the feed may be late for an hour of today, which is stale then as well
    assert re.search(rf"^stale     \d+ hours: {CHANGED_DAY} 09h, {CHANGED_DAY} 10h\b", status, re.MULTILINE)
    plan = command(root, "backfill", "--plan", "--from", CHANGED_DAY, "--to", f"{CHANGED_DAY}T12").stdout
    assert re.search(rf"{CHANGED_DAY} +12 +12 +log_data/\S+ +[\d,]+ +changed", plan)
    assert "1 run of 12 hours" in plan
    before = hours(up)
    done = command(root, "reprocess")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ hours are stale\.", done.stdout)
    after = hours(up)
    assert {hour for hour in after if after[hour] != before.get(hour)} == {
        datetime.fromisoformat(f"{CHANGED_DAY}T{hour:02}") for hour in CHANGED_HOURS
    }
    assert snapshot(up) == computed(up)
    stale = json.loads(command(root, "status", "--json").stdout)["stale"]
    assert [hour for hour in stale if hour < "2019"] == []


def test_a_task_cleared_alone_in_a_finished_run_says_what_to_clear_and_publishes_nothing(root, up):
    published, run_id, api = snapshot(up), ui.latest_range_run(up), open_api(up)
    api.clear(DAG_ID, run_id, "load_songplays")
    wait_for(api, [run_id])
    failed = [task for task in api.tasks(DAG_ID, run_id) if task.state == "failed"]
    assert [task.name for task in failed] == ["load_songplays"]
    log = " ".join(str(entry) for entry in api.log(DAG_ID, run_id, "load_songplays", failed[0].attempt))
    assert "Clear the task that fills it together with everything downstream of it" in log
    assert snapshot(up) == published


def test_the_schedule_two_overlapping_ranges_and_a_backfill_at_once_give_what_one_load_would(root, up):
    """Bug 5: runs work apart and publish one after the other; the schedule is running as well."""
    for day in ("2018-12-04", "2018-12-05"):
        change(up, day, keep=lambda event: event["itemInSession"] % 3)
    api = open_api(up)
    ranges = [("2018-12-04T00", "2018-12-05T12"), ("2018-12-05T00", "2018-12-06T00")]
    triggered = [api.trigger(DAG_ID, {"start": f"{start}:00:00Z", "end": f"{end}:00:00Z"}) for start, end in ranges]
    hourly = command(root, "backfill", "--from", "2018-12-05T09", "--to", "2018-12-05T10", "--hourly")
    assert hourly.returncode == 0, hourly.stdout + hourly.stderr
    wait_for(api, triggered)
    assert {api.run_state(DAG_ID, run_id) for run_id in triggered} == {"success"}
    assert snapshot(up) == computed(up)
    with connect(up) as connection:
        left = query(connection, "select count(*) from svv_tables where table_schema like 'sparkify_run_%'")
        failed = "select count(distinct schema_name) from sparkify.run_schemas"
        assert (left[0][0] > 0) == (query(connection, failed)[0][0] > 0), "only failed runs keep their schemas"


def test_a_run_of_a_finished_backfill_that_is_paused_runs_again_when_it_is_cleared(root, up):
    """To cancel a backfill pauses it for good (apache/airflow#72337), and earlier versions cancelled every one."""
    api, before = open_api(up), hours(up)
    with closing(psycopg2.connect(Sandbox(root).metadata_dsn())) as metadata, metadata, metadata.cursor() as cursor:
        cursor.execute("update backfill set is_paused = true, completed_at = coalesce(completed_at, now())")
    (cleared,) = [run for run in api.runs(DAG_ID) if run["run_type"] == "backfill"][:1]
    api.clear_downstream(DAG_ID, cleared["dag_run_id"], "prepare")
    wait_for(api, [cleared["dag_run_id"]], seconds=120)
    assert api.run_state(DAG_ID, cleared["dag_run_id"]) == "success"
    hour = datetime.fromisoformat(cleared["data_interval_start"].replace("Z", "")).replace(tzinfo=None)
    assert hours(up)[hour] > before[hour]


def test_backfills_wait_for_each_other_and_name_the_run_that_holds_the_slot_of_an_hour(root, up):
    api = open_api(up)
    other = {"start": "2018-12-06T20:00:00Z", "end": "2018-12-06T21:00:00Z"}
    holder = api.trigger(DAG_ID, other, logical_date="2018-12-06T09:00:00Z")
    wait_for(api, [holder])
    held, free = (
        started(root, "backfill", "--from", f"2018-12-06T{hour:02}", "--to", f"2018-12-06T{hour + 1:02}", "--hourly")
        for hour in (9, 10)
    )
    outputs = [" ".join(done.communicate(timeout=500)[0].split()) for done in (held, free)]
    assert (held.returncode, free.returncode) == (1, 0), outputs
    assert any("waits for backfill" in output for output in outputs)
    assert f"2018-12-06 09h is not loaded: its slot is held by run {holder}, which a person started" in outputs[0]


@pytest.mark.parametrize("state", ["success", "failed"])
def test_a_run_that_is_marked_before_it_has_published_is_no_success_and_a_paused_dag_is_paused_again(root, up, state):
    api, published = open_api(up), hours(up)
    api.pause(DAG_ID)
    try:
        command = started(root, "backfill", "--from", "2018-12-02T09", "--to", "2018-12-02T10")
        while not (staging := [run_id for run_id, task in api.active_tasks(DAG_ID) if is_staging(task)]):
            assert command.poll() is None, command.communicate()
        run_id = staging[0]
        api.mark(DAG_ID, run_id, state)
        output = " ".join(command.communicate(timeout=300)[0].split())
        assert command.returncode == 1, output
        assert f"Run {run_id} ended as success, but published nothing of [2018-12-02 09:00, 2018-12-02 10:00)" in output
        assert "is paused again" in output
        assert api.is_paused(DAG_ID)
        assert hours(up) == published
    finally:
        api.unpause(DAG_ID)


def is_staging(task):
    return task.name.startswith("stage_") and task.state == "running"


def test_a_scheduled_run_hands_a_stale_hour_to_a_range_run(up):
    """The scheduled run is that of the last full hour; what it finds is two days old."""
    api = open_api(up)
    noon = (datetime.now(timezone.utc) - timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
    key, ms = f"log_data/{noon:%Y/%m/%Y-%m-%d}-events.json", int(noon.timestamp() * 1000)
    write = functools.partial(app_client(up).put_object, Bucket=SOURCE_BUCKET, Key=key)
    write(Body=as_lines({**HEARD, "ts": ms + 1}))
    first = api.trigger(DAG_ID, {"start": noon.isoformat(), "end": (noon + timedelta(hours=1)).isoformat()})
    wait_for(api, [first])
    write(Body=as_lines({**HEARD, "ts": ms + 1}, {**HEARD, "ts": ms + 2, "itemInSession": 2}))
    (scheduled,) = [run["dag_run_id"] for run in api.runs(DAG_ID) if run["run_type"] == "scheduled"][-1:]
    api.clear(DAG_ID, scheduled, "reprocess_stale")
    wait_for(api, [scheduled])
    (handed,) = [run["dag_run_id"] for run in api.runs(DAG_ID) if run["dag_run_id"].startswith("stale__")]
    wait_for(api, [handed])
    assert {api.run_state(DAG_ID, run_id) for run_id in (first, scheduled, handed)} == {"success"}
    with connect(up) as connection:
        hour = f"select plays, run_id from sparkify.loaded_hours where hour = '{noon:%Y-%m-%d %H:%M:%S}'"
        assert list(map(list, query(connection, hour))) == [[2, handed]]


def test_no_credential_is_in_a_log_a_rendered_template_an_xcom_or_a_message(root, up):
    """After all that has failed above."""
    logs = [
        path
        for path in root.rglob("*")
        if path.is_file() and (path.suffix == ".log" or {"logs", "lineage"} & set(path.parts))
    ]
    assert len(logs) > 50
    assert leaked(up, (f"{path}: {path.read_text(errors='replace')}" for path in logs)) == []
    with closing(psycopg2.connect(Sandbox(root).metadata_dsn())) as metadata, metadata.cursor() as cursor:
        for table in ("rendered_task_instance_fields", "xcom", "log", "task_instance", "dag_run", "serialized_dag"):
            cursor.execute(f"select cast(kept as text) from {table} as kept")
            rows = [text for (text,) in cursor.fetchall()]
            assert rows, table
            assert leaked(up, rows) == [], table
    assert leaked(up, [command(root, "inbox").stdout]) == []


def as_lines(*events):
    return "\n".join(map(json.dumps, events)).encode()


def wait_for(api, run_ids, seconds=180):
    deadline = time.monotonic() + seconds
    while any(api.run_state(DAG_ID, run_id) not in ("success", "failed") for run_id in run_ids):
        assert time.monotonic() < deadline, "the runs did not end in time"
        time.sleep(0.5)


def change(state, day, keep):
    """Replace a day's object by one that holds some of its events."""
    s3, key = app_client(state), f"log_data/{day[:4]}/{day[5:7]}/{day}-events.json"
    lines = s3.get_object(Bucket=SOURCE_BUCKET, Key=key)["Body"].read().splitlines()
    kept = [line for line in lines if keep(json.loads(line))]
    assert len(kept) < len(lines)
    s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=b"\n".join(kept))
    (state.root / "sample" / key).write_bytes(b"\n".join(kept))


def hour_of(event):
    return event["ts"] // 3_600_000 % 24


def hours(state):
    """When each hour of the sample was published."""
    with connect(state) as connection:
        rows = "select hour, published_at from sparkify.loaded_hours where hour < '2019-01-01'"
        return dict(map(tuple, query(connection, rows)))


def computed(state):
    """What plain Python computes from the sample as it is now, like `snapshot`."""
    expected = expected_tables(state.root / "sample", *SAMPLE)
    return [sorted(map(repr, map(list, rows))) for rows in (expected.songplays, expected.time)]


def snapshot(state):
    """The published rows of the sample's days; the schedule may be adding today's."""
    with connect(state) as connection:
        return [
            sorted(map(repr, map(list, query(connection, f"select * from sparkify.{table} where {SAMPLED}"))))
            for table in ("songplays", '"time"')
        ]
