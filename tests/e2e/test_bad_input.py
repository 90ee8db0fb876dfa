"""Every kind of bad input through the scheduler: what its run comes to, what is kept, and what is published."""

from __future__ import annotations

import shutil
import time
from datetime import datetime

import pytest

from include.sandbox.airflow import DAG_ID
from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.sample.corrupt import KINDS, corrupt
from include.sandbox.services import app_client, connect, query
from tests.airflow_over_sample import airflow_over_sample
from tests.bad_day import publishable
from tests.oracle import expected_tables

DAY = {"start": "2018-12-01T00:00:00Z", "end": "2018-12-02T00:00:00Z"}
TABLES = ("songplays", "users", "songs", "artists", "time")

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def started():
    """Airflow over the sample, whose first day is published."""
    with airflow_over_sample() as (airflow, api):
        assert ended(api) == "success"
        yield airflow, api


def ended(api):
    run_id = api.trigger(DAG_ID, DAY)
    deadline = time.monotonic() + 240
    while (state := api.run_state(DAG_ID, run_id)) not in ("success", "failed"):
        assert time.monotonic() < deadline, "the run did not end in time"
        time.sleep(0.3)
    ended.run_id = run_id
    return state


def rows(airflow, text):
    with connect(airflow.sandbox.state) as connection:
        return [tuple(row) for row in query(connection, text)]


def published(airflow):
    return [sorted(map(repr, rows(airflow, f'select * from sparkify."{table}"'))) for table in TABLES]


def kept(airflow):
    return rows(
        airflow,
        "select object_key, line_number, reason from sparkify.quarantine where resolved_at is null",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_bad_input(started, tmp_path, tally, kind):
    (airflow, api), fate = started, KINDS[kind].fate
    sample, spoiled, healthy = airflow.sandbox.root / "sample", tmp_path / "bucket", published(airflow)
    bad = corrupt(shutil.copytree(sample, spoiled), kind)
    deliver(airflow, bad.key, spoiled)
    with tally("bad inputs through the scheduler"):
        assert ended(api) == ("failed" if fate == "stopped" else "success")
        if fate == "stopped":
            assert KINDS[kind].reason in reasons(api)
            assert published(airflow) == healthy
            assert api.announced(DAG_ID, ended.run_id) == []
        else:
            assert sorted(api.announced(DAG_ID, ended.run_id)) == sorted(f"sparkify.{table}" for table in TABLES)
            require_kept(airflow, bad)
            publishable(spoiled, sample, bad)
            assert published(airflow) == computed(spoiled)
    deliver(airflow, bad.key, sample)
    assert ended(api) == "success"
    assert kept(airflow) == []
    assert published(airflow) == healthy


def deliver(airflow, key, folder):
    s3 = app_client(airflow.sandbox.state)
    if (folder / key).exists():
        s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=(folder / key).read_bytes())
    else:
        s3.delete_object(Bucket=SOURCE_BUCKET, Key=key)


def reasons(api):
    """What the failed tasks said; none was tried twice."""
    failed = [task for task in api.tasks(DAG_ID, ended.run_id) if task.state == "failed"]
    assert {task.attempt for task in failed} == {1}, "a retry would meet it again"
    return " ".join(str(api.log(DAG_ID, ended.run_id, task.name, task.attempt)) for task in failed)


def require_kept(airflow, bad):
    """One record is in quarantine, with its place and what is wrong, if the kind says so."""
    kind, found = KINDS[bad.kind], kept(airflow)
    if kind.fate != "quarantined":
        assert found == []
        return
    ((key, line, reason),) = found
    assert key == bad.key
    assert kind.reason in reason
    if bad.line:
        assert line == bad.line


def computed(folder):
    """What plain Python computes, like `published`."""
    found = expected_tables(folder, *(datetime.fromisoformat(DAY[name].rstrip("Z")) for name in ("start", "end")))
    return [sorted(map(repr, map(tuple, getattr(found, table)))) for table in TABLES]
