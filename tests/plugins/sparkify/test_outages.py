"""The warehouse goes away in the middle of a task: the error says so, and Airflow's retry gives the right tables."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.sdk.exceptions import AirflowException
from tenacity import wait_none

from include.sandbox.postgres import Postgres
from include.sandbox.services import Sandbox, pipeline_environment
from include.sandbox.state import DATABASE
from tests.killing import at_statement
from tests.proxies import Wire

WAREHOUSE = "AIRFLOW_CONN_SPARKIFY_REDSHIFT"
LOG = "log_data/2018/12/2018-12-01-events.json"
COPIES = 60  # of a day's events: to copy them takes a while, and an event that is delivered again is the same event
TASKS = ("prepare", "stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists",
         "load_time", "check_quality", "publish", "cleanup")  # fmt: skip


def many_times(folder: Path) -> bytes:
    return b"\n".join([(folder / LOG).read_bytes()] * COPIES)


@contextmanager
def copying(sandbox: Sandbox) -> Iterator[Callable[[], bool]]:
    """Tells whether the warehouse is in the middle of a COPY."""
    with closing(psycopg2.connect(sandbox.postgres().dsn(DATABASE))) as watching:
        watching.autocommit = True

        def under_way() -> bool:
            with watching.cursor() as cursor:
                cursor.execute("select 1 from pg_stat_progress_copy where tuples_processed > 0")
                return cursor.fetchone() is not None

        yield under_way


def fails_for_now(run: Any, task_id: str) -> str:
    """Execute a task that must fail in such a way that Airflow tries it again; returns what it says."""
    with pytest.raises(AirflowException) as stopped:
        run.task(task_id)
    assert stopped.type is AirflowException
    assert "'sparkify_redshift'" in str(stopped.value)
    return str(stopped.value)


@pytest.fixture
def crowded(loaded: Any, folder: Path) -> Iterator[int]:
    """A day of many events: how many."""
    loaded.put(LOG, many_times(folder))
    yield len(many_times(folder).splitlines())
    loaded.put(LOG, (folder / LOG).read_bytes())


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("driver", ["redshift", "postgres"])
def test_the_connection_is_cut_in_the_middle_of_a_copy(loaded, prepared, crowded, monkeypatch, driver, reset):
    found = json.loads(os.environ[WAREHOUSE])
    if driver == "postgres":
        found |= {"conn_type": "postgres", "extra": {"sslmode": "disable"}}
    with copying(loaded.sandbox) as under_way, Wire(found["port"], b"copy ", under_way, reset) as wire:
        monkeypatch.setenv(WAREHOUSE, json.dumps(found | {"port": wire.own_port}))
        said = fails_for_now(prepared, "stage_events")
        assert wire.is_cut
        assert "reset by peer" in said or "closed" in said, "not that a rollback failed after that"
        schema = prepared.xcoms["prepare"]["run_schema"]
        for table in ("staging_events", "staging_events_objects", "table_stamps"):
            assert loaded.sql(f"select count(*) from {schema}.{table}") == [(0,)]
        assert prepared.task("stage_events")["rows"] == crowded


def test_the_connection_is_cut_before_the_commit_is_answered(loaded, prepared, expected, monkeypatch):
    """Nobody knows then whether it was published: to publish again is right in both cases."""
    for task in TASKS[1:-2]:
        prepared.task(task)
    published = "select count(*) from {star}.published_runs where run_id = '%s'"
    found, watching = json.loads(os.environ[WAREHOUSE]), loaded.connect()
    watching.autocommit = True

    def committed() -> bool:
        cursor = watching.cursor()
        cursor.execute(published.format(star=loaded.name) % prepared.run_id)
        return cursor.fetchone()[0] > 0

    with Wire(found["port"], b"\0commit\0", committed) as wire:
        monkeypatch.setenv(WAREHOUSE, json.dumps(found | {"port": wire.own_port}))
        assert "Publishing failed" in fails_for_now(prepared, "publish")
        assert loaded.sql(published % prepared.run_id) == [(1,)]
        prepared.task("publish")
        prepared.task("cleanup")
    assert loaded.published() == expected()
    assert loaded.sql("select count(*), count(distinct hour) from {star}.loaded_hours") == [(24, 24)]
    assert loaded.schemas() == set()


def kill(server: Postgres) -> None:
    """What the machine does to PostgreSQL when it is out of memory, or switched off."""
    first = psutil.Process(int((server.data_dir / "postmaster.pid").read_text().split()[0]))
    everything = [first, *first.children(recursive=True)]
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(everything, timeout=10)


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    """A sandbox that nobody else uses."""
    root = Path(tempfile.mkdtemp(prefix="sandbox-"))
    with Sandbox(root) as services:
        yield services
    shutil.rmtree(root)


@pytest.fixture
def own_pipeline(own_sandbox: Sandbox, environment: Any, pipelines_in: Any, monkeypatch: Any) -> Iterator[Any]:
    """With an empty warehouse in it."""
    for name, value in pipeline_environment(own_sandbox.state).items():
        monkeypatch.setenv(name, value)
    made = pipelines_in(own_sandbox)()
    yield made
    made.clear()


def start_again(pipeline: Any) -> None:
    pipeline.sandbox.postgres().start()
    pipeline.reconnect()


def test_the_warehouse_is_killed_in_the_middle_of_a_copy(own_pipeline, folder, expected, monkeypatch):
    server = own_pipeline.sandbox.postgres()
    own_pipeline.upload(folder)
    own_pipeline.put(LOG, many_times(folder))
    run = own_pipeline.run()
    run.task("prepare")
    with copying(own_pipeline.sandbox) as under_way:

        def wait_and_kill() -> None:
            deadline = time.monotonic() + 60
            while not under_way() and time.monotonic() < deadline:
                time.sleep(0.005)
            kill(server)

        killer = threading.Thread(target=wait_and_kill)
        killer.start()
        fails_for_now(run, "stage_events")
        killer.join()
    monkeypatch.setattr(RedshiftSQLHook.get_conn.retry, "wait", wait_none())  # the hook itself tries for 15 s
    assert "Connecting to" in fails_for_now(run, "stage_events"), "while it is down"
    start_again(own_pipeline)
    for task in TASKS[1:]:
        run.task(task)
    assert run.xcoms["stage_events"]["lines"] == run.xcoms["stage_events"]["rows"], "it tells what it read of each file"
    assert own_pipeline.published() == expected()
    assert own_pipeline.schemas() == set()


@pytest.mark.parametrize("statement", ["insert into {star}.songplays", "commit"])
def test_the_warehouse_is_killed_in_the_middle_of_a_publication(own_pipeline, folder, expected, monkeypatch, statement):
    own_pipeline.upload(folder)
    run = own_pipeline.run()
    for task in TASKS[:-2]:
        run.task(task)
    with monkeypatch.context() as patch:
        at_statement(
            patch, statement.format(star=own_pipeline.name), before=lambda: kill(own_pipeline.sandbox.postgres())
        )
        assert "Publishing failed" in fails_for_now(run, "publish")
    start_again(own_pipeline)
    assert own_pipeline.published()["songplays"].total() == 0
    for task in TASKS[-2:]:
        run.task(task)
    assert own_pipeline.published() == expected()
    assert own_pipeline.schemas() == set()
