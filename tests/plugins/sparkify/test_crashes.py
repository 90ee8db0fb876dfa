"""A worker that is killed at any statement: Airflow's retry gives the right tables, and readers never notice.

A run replaces an hour of which everything has changed. Each of its tasks is made in a process that is killed at one of
its statements, and made again, as Airflow's retry does, from what the killed ones have left.
"""

from __future__ import annotations

import itertools
import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException

from tests.killing import Crash, Moment, killed
from tests.reader import Reader, State, state

LOG = "log_data/2018/12/2018-12-01-events.json"
HOUR = ("2018-12-01T22:00:00", "2018-12-01T23:00:00")
HOUR_BEGINS = 1543701600000
TASKS = ("prepare", "stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists",
         "load_time", "check_quality", "publish", "reprocess_stale", "cleanup")  # fmt: skip
POINTS, POLLS = "crash points survived", "reader polls that saw complete hours"
BOOKS = {"loaded_hours": "hour", "loaded_objects": "bucket || '/' || object_key"}


def test_the_tasks_are_those_of_the_dag(dag):
    assert sorted(TASKS) == sorted(dag.task_ids)


def revise(folder: Path, *, elsewhere: bool) -> None:
    """Change what the app wrote: of the hour a play, a user and a level, and two songs; elsewhere a play."""
    lines = (folder / LOG).read_bytes().split(b"\n")
    events = [json.loads(line) for line in lines]
    of_hour = [event for event in events if 0 <= event["ts"] - HOUR_BEGINS < 3_600_000]
    by_user = {event["userId"]: event for event in of_hour}
    events.remove(by_user["906"])
    by_user["905"]["level"] = "free"
    events.append(by_user["907"] | {"userId": "4242", "firstName": "New", "itemInSession": 900, "ts": HOUR_BEGINS + 7})
    if elsewhere:
        events.remove(next(event for event in events if event["userId"] == "901"))
    (folder / LOG).write_bytes(b"\n".join(json.dumps(event).encode() for event in events))
    for path in folder.glob("song_data/**/*.json"):
        song = path.read_bytes()
        if b"SOUNKNOWN" in song:
            path.unlink()
        elif b"SODSD4363WHED1VCLI" in song:
            path.write_bytes(song.replace(b"No More Quarries", b"Many More Quarries"))


@pytest.fixture
def revised(folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a revised copy of the sample."""

    def copy(**how: bool) -> Path:
        made = tmp_path / f"revised-{how}"
        shutil.copytree(folder, made)
        revise(made, **how)
        return made

    return copy


@dataclass
class Star:
    """The published tables, and which of their states there may be.

    Args:
        pipeline: to look at them.
        states: those that were right, in order; the last is what is published now.
    """

    pipeline: Any
    states: list[State] = field(default_factory=list)

    @property
    def state(self) -> State:
        return state(self.pipeline.warehouse, self.pipeline.name)

    def must_be(self, tables: Any) -> None:
        """What is published from now on, row by row."""
        assert self.pipeline.published() == tables
        for table in BOOKS:
            rows, keys = self.pipeline.sql(f"select count(*), count(distinct {BOOKS[table]}) from {{star}}.{table}")[0]
            assert rows == keys, table
        self.states.append(self.state)
        assert [what for what, rows, _, lost in self.states[-1] if lost or not rows] == []


def replace_source(pipeline: Any, before: Path, after: Path) -> None:
    """Make the bucket hold what another folder holds."""
    old, new = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}
        for folder in (before, after)
    )
    for key in old.keys() - new.keys():
        pipeline.remove(key)
    for key in new:
        if new[key] != old.get(key):
            pipeline.put(key, new[key])


@pytest.fixture
def star(pipeline: Any, folder: Path, expected: Any) -> Star:
    """With the day published as it was first."""
    pipeline.upload(folder)
    pipeline.run().all()
    made = Star(pipeline)
    made.must_be(expected())
    return made


@pytest.fixture
def reader(star: Star, sandbox: Any) -> Iterator[Reader]:
    """A user who may read the published tables and nothing else."""
    name, password = f"{star.pipeline.name}_analyst", f"Aa1{secrets.token_hex(8)}"
    star.pipeline.execute(f"create user {name} password '{password}'")
    star.pipeline.execute(f"grant role {{star}}_reader to {name}")
    connection = sandbox.redshift(user=name, password=password)
    connection.autocommit = True
    yield Reader(connection, star.pipeline.name)
    connection.close()
    star.pipeline.execute(f"drop user {name}")


@dataclass
class Worker:
    """Attempts a task of a run in processes that are killed.

    Args:
        run: the run.
        task_id: of its task.
    """

    run: Any
    task_id: str

    def __post_init__(self) -> None:
        self.task = self.run.rendered(self.task_id)
        hook = S3Hook(aws_conn_id="sparkify_aws")
        # made here once and used by none but the killed: a client takes longer to make than to use
        self.s3 = hook.get_client_type(region_name=hook.region_name)

    def killed(self, crash: Crash) -> str | None:
        return killed(self._attempt, crash)

    def _attempt(self) -> None:
        S3Hook.get_conn = lambda _hook: self.s3
        with suppress(AirflowSkipException, DagRunTriggerException):  # which are ways to end well
            self.run.execute(self.task)


def points(worker: Worker) -> Iterator[tuple[Crash, str]]:
    """Kill attempts of a task at each of its statements in turn, until one ends by itself before it comes there."""
    for crash in (Crash(number, moment) for number in itertools.count(1) for moment in Moment):
        statement = worker.killed(crash)
        if statement is None:
            return
        yield crash, statement


def test_killed_at_every_statement_of_a_run_that_replaces_an_hour(star, folder, revised, expected, reader, tally):
    pipeline, hour_only, newest = star.pipeline, revised(elsewhere=False), revised(elsewhere=True)
    before, after = expected(), expected(source=hour_only)
    assert [table for table in before if before[table] == after[table]] == [], "everything is replaced"
    replace_source(pipeline, folder, newest)
    run = pipeline.run(*HOUR, run_type="scheduled")
    with reader:
        for task_id in TASKS:
            for crash, statement in points(Worker(run, task_id)):
                with tally(POINTS):
                    published = (task_id, statement) == ("publish", "commit") and len(star.states) == 1
                    if published and (crash.moment is Moment.ANSWERED or star.state != star.states[-1]):
                        star.must_be(after)
                    assert star.state == star.states[-1], f"{task_id} was killed at {crash}: {statement}"
            run.attempt(task_id)
        assert len(star.states) == 2
        assert star.state == star.states[-1]
        assert pipeline.schemas() == set()
        stale = run.triggered
        again = pipeline.run(stale.conf["start"], stale.conf["end"], stale.dag_run_id, run_type="operator_triggered")
        again.all()
        star.must_be(expected(source=newest))
    assert pipeline.schemas() == set()
    for seen in reader.seen.elements():
        with tally(POLLS):
            assert seen in star.states


def test_killed_at_every_statement_that_creates_the_warehouse(pipeline, folder, expected, tally):
    pipeline.upload(folder)
    run = pipeline.run()
    all_changes = [(n,) for n in range(1, 1 + len(run.rendered("prepare").changes))]
    for crash, statement in points(Worker(run, "prepare")):
        with tally(POINTS):
            versions = "select 1 from pg_tables where schemaname = '{star}' and tablename = 'schema_versions'"
            applied = pipeline.sql(versions) and pipeline.sql("select version from {star}.schema_versions order by 1")
            assert applied in ([], all_changes), f"{crash}: {statement}"
    run.all()
    assert pipeline.published() == expected()
    assert pipeline.schemas() == set()


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("task_id", TASKS)
def test_killed_once_and_made_again(star, folder, revised, expected, reader, tally, task_id, moment):
    """Every point by itself: the retry after one crash. The hour goes to and fro between its two versions."""
    pipeline, other = star.pipeline, revised(elsewhere=False)
    tables = {source: expected(source=source) for source in (folder, other)}
    with reader:
        for number in itertools.count(1):
            before, after = (folder, other) if number % 2 else (other, folder)
            replace_source(pipeline, before, after)
            run = pipeline.run(*HOUR, run_type="scheduled")
            for made in TASKS[: TASKS.index(task_id)]:
                run.attempt(made)
            statement = Worker(run, task_id).killed(Crash(number, moment))
            with tally(POINTS) if statement else nullcontext():
                for made in TASKS[TASKS.index(task_id) :]:
                    run.attempt(made)
                star.must_be(tables[after])
                assert pipeline.schemas() == set()
            if not statement:
                break
    for seen in reader.seen.elements():
        with tally(POLLS):
            assert seen in star.states
