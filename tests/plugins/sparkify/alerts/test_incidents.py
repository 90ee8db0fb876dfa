"""Bug 17 and more: each incident is told once on every channel, and once more when it is over."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import os
from datetime import datetime, timedelta, timezone

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.sandbox.inbox import letters
from sparkify.alerts import Incident, notify_late, report
from sparkify.operators.clean_up import NothingPublishedError
from tests.bad_day import unloadable

HOURS = [f"2018-12-01T{hour:02}:00:00Z" for hour in range(12)]
BAD = unloadable(1543622400001, auth="{{ 1 / 0 }} {% endraw %}")
EACH = {"mail": 1, "slack": 1, "sns": 1, "webhook": 1}
TWICE = dict.fromkeys(EACH, 2)
NONE = dict.fromkeys(EACH, 0)
AT_ONCE = 8


def count(found):
    return {channel: len(texts) for channel, texts in found.items()}


@pytest.fixture
def hours(alerting):
    """Runs of the first hours of the day."""
    return [alerting(*pair) for pair in itertools.pairwise(HOURS)]


@pytest.fixture
def told(hours, arrived):
    """How many messages the hours have caused by channel."""
    return lambda: count(arrived(*(run.run_id for run in hours)))


def test_fail_fail_again_recover_gives_two_messages_on_every_channel(pipeline, folder, hours, told, arrived):
    pipeline.upload(folder)
    key = "log_data/2018/12/2018-12-01-events.json"
    good = (folder / key).read_bytes()
    pipeline.put(key, BAD)
    hours[0].load()
    assert hours[0].states["stage_events"] == "failed"
    assert told() == EACH
    hours[1].load()
    assert hours[1].states["stage_events"] == "failed"
    assert told() == EACH, "the same incident"
    pipeline.put(key, good)
    hours[2].load()
    assert set(hours[2].states.values()) == {"success"}
    assert told() == TWICE
    for failure, recovery in arrived(*(run.run_id for run in hours)).values():
        for part in (
            f"s3://sparkify-source/{pipeline.name}/{key}, line 2: column 'ts'",
            "{{ 1 / 0 }} {% endraw %}",  # input that looks like a template stays as it is
            "[2018-12-01T00:00Z, 2018-12-01T01:00Z)",
            "sparkify.stage_events, try 1",
            "correct the cause, then clear",
            "https://airflow.example/dags/sparkify/runs/manual__2018-12-01T00%3A00%3A00Z",
            "/tasks/stage_events?try_number=1",
        ):
            assert part in failure
        assert "2 runs had met it" in recovery
        assert "[2018-12-01T00:00Z, 2018-12-01T01:00Z), [2018-12-01T01:00Z, 2018-12-01T02:00Z) failed" in recovery


def test_an_hour_before_the_last_that_failed_does_not_end_it_and_that_hour_does(hours, told):
    hours[3].ended("load_users", ValueError("broken"))
    hours[5].ended("load_users", ValueError("broken"))
    hours[4].states["load_users"] = "success"
    hours[4].ended("cleanup")
    assert told() == EACH
    hours[5].states["load_users"] = "success"
    hours[5].ended("cleanup")
    assert told() == TWICE


def test_what_fails_again_after_it_was_over_is_told_again(hours, told):
    hours[0].ended("load_users", ValueError("broken"))
    hours[0].states["load_users"] = "success"
    hours[0].ended("cleanup")
    hours[0].ended("load_users", ValueError("broken"))
    assert told() == dict.fromkeys(EACH, 3)


def test_each_task_is_an_incident_of_its_own(hours, told):
    hours[0].ended("load_users", ValueError("broken"))
    hours[0].ended("load_time", ValueError("broken"))
    hours[0].failed()
    assert told() == TWICE
    hours[1].states |= {"load_users": "success", "load_time": "failed"}
    hours[1].ended("cleanup", NothingPublishedError("load_time failed"))
    assert told() == dict.fromkeys(EACH, 3), "one is over"


def test_a_task_that_is_killed_is_told_by_the_end_of_its_run_and_one_that_told_itself_is_not_told_again(
    hours, told, arrived
):
    hours[0].states["publish"] = "failed"
    hours[0].failed()
    assert told() == EACH
    (text,) = arrived(hours[0].run_id)["sns"]
    assert "sparkify.publish" in text
    assert "without an error of its own: a person marked it failed, or its process was ended" in text
    hours[1].ended("load_users", ValueError("broken"))
    hours[2].states["load_users"] = "success"
    hours[2].ended("cleanup")
    before = told()
    hours[1].failed()
    assert told() == before, "the DAG processor comes late, when others have recovered"


def test_a_run_that_fails_without_a_failed_task_is_told(hours, told, arrived):
    hours[0].failed("all_tasks_deadlocked")
    assert told() == EACH
    assert "all_tasks_deadlocked" in arrived(hours[0].run_id)["mail"][0]
    hours[1].ended("cleanup")
    assert told() == TWICE


def test_warnings_are_told_once_each_and_are_over_with_the_first_run_that_has_none(hours, told, arrived):
    found = {"name": "match_rate", "severity": "warn", "examined": 9, "failed": 4, "threshold": 0.2, "sample": "a, b"}
    hours[0].xcoms["check_quality"] = {"warnings": [found, {**found, "name": "rows_of_hour"}]}
    hours[0].ended("check_quality")
    assert told() == TWICE
    text = next(text for text in arrived(hours[0].run_id)["slack"] if "match_rate" in text)
    assert "sparkify.check_quality/match_rate" in text
    assert "examined: 9; failed: 4; threshold: 0.2\n" in text
    assert "a, b\n" in text
    assert "the run went on" in text
    hours[1].xcoms["check_quality"] = {"warnings": [found]}
    hours[1].ended("check_quality")
    hours[1].ended("cleanup")
    assert told() == dict.fromkeys(EACH, 3), "rows_of_hour is over"
    hours[2].xcoms["check_quality"] = {"passed": 32}
    hours[2].ended("check_quality")
    hours[2].ended("cleanup")
    assert told() == dict.fromkeys(EACH, 4)


def test_an_error_can_say_which_checks_failed_and_each_is_told_in_place_of_the_task(hours, told):
    class ChecksFailedError(AirflowFailException):
        incidents = (Incident("check_quality/a", "3 rows"), Incident("check_quality/b", "1 row"))

    hours[0].ended("check_quality", ChecksFailedError("2 of 32 checks failed"))
    assert told() == TWICE
    hours[0].failed()
    assert told() == TWICE, "that the task failed is no news"
    hours[1].ended("check_quality")
    hours[1].ended("cleanup")
    assert told() == dict.fromkeys(EACH, 4)


def tell_in_a_process(context, barrier, connection):
    os.environ["AIRFLOW_CONN_SPARKIFY_AWS"] = connection
    barrier.wait()
    report(context, [Incident("load_users", "broken")])


def test_tasks_that_fail_at_the_same_moment_are_told_once(hours, told):
    processes, fork = [], multiprocessing.get_context("fork")
    barrier = fork.Barrier(AT_ONCE)
    # a connection of its own, which the forks do not share with each other
    connection = json.loads(os.environ["AIRFLOW_CONN_SPARKIFY_AWS"])
    connection["extra"]["config_kwargs"] = {"user_agent_extra": "fork"}
    for run in hours[:AT_ONCE]:
        context = run.context(run.dag.get_task("load_users"))
        processes.append(fork.Process(target=tell_in_a_process, args=(context, barrier, json.dumps(connection))))
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert told() == EACH
    hours[AT_ONCE].states["load_users"] = "success"
    hours[AT_ONCE].ended("cleanup")
    assert told() == TWICE, "all were in the journal"


@pytest.fixture
def late(pipeline, monkeypatch):
    """Tells that a run is late, as the triggerer does."""
    monkeypatch.setenv("AIRFLOW_VAR_SPARKIFY_WORK", pipeline.variables["sparkify_work"])

    def tell(run, run_type="scheduled", state="running", queued_at="2018-12-01T01:00:01Z"):
        dag_run = {
            "dag_id": "sparkify", "dag_run_id": run.run_id, "run_type": run_type, "state": state,
            "queued_at": queued_at,
            "data_interval_start": "2018-12-01T00:00:00Z", "data_interval_end": "2018-12-01T01:00:00Z",
        }  # fmt: skip
        context = {"dag_run": dag_run, "deadline": {"id": "1", "deadline_time": "2018-12-01T01:45:00+00:00"}}
        asyncio.run(notify_late(context))

    return tell


def test_a_scheduled_run_that_is_late_is_told_and_the_next_that_is_not_ends_it(sandbox, alerting, arrived, late):
    run = alerting("2018-12-01T00:00:00", "2018-12-01T01:00:00", run_type="scheduled")
    late(run)
    late(run)
    assert count(arrived(run.run_id)) == EACH
    (text,) = arrived(run.run_id)["mail"]
    assert "the run is running and not finished 45 minutes after the end of its hour" in text
    after = alerting("2018-12-01T01:00:00", "2018-12-01T02:00:00", run_type="scheduled")
    after.ended("cleanup")
    assert count(arrived(after.run_id)) == EACH
    subjects = [letter.subject for letter in letters(sandbox.services.state) if after.run_id in letter.text]
    assert set(subjects) == {"sparkify is on time again", ""}, "Slack and SNS have none"


@pytest.mark.parametrize(
    "how",
    [
        {"run_type": "backfill"}, {"run_type": "manual"}, {"state": "failed"}, {"state": "success"},
        {"queued_at": "2018-12-01T01:50:00Z"},  # the schedule was off until then
    ],
)  # fmt: skip
def test_old_hours_and_runs_that_have_ended_are_not_late(alerting, arrived, late, how):
    run = alerting()
    late(run, **how)
    assert count(arrived(run.run_id)) == NONE


def test_a_manual_run_without_an_interval_alerts_too(alerting, arrived):
    run = alerting(None, None)
    run.ended("prepare", AirflowFailException("there is no interval"))
    assert count(arrived(run.run_id)) == EACH


@pytest.mark.parametrize("outcome", ["failed", "success"])
def test_a_run_by_hand_that_holds_the_schedule_s_next_slot_is_told_once_and_its_end_too(
    sandbox, alerting, arrived, outcome
):
    """The schedule makes no run then, so that nothing else could tell of it."""
    slot = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    held = alerting()
    held.logical_date = slot
    if outcome == "failed":
        held.ended("prepare", AirflowFailException("a logical date is no interval"))
        held.failed()
        held.failed()
    else:
        held.ended("cleanup")
    texts = [text for text in arrived(held.run_id)["mail"] if "the schedule's next run" in text]
    assert len(texts) == 1
    assert f"{held.run_id} has the logical date {slot:%Y-%m-%dT%H:%MZ}" in texts[0]
    assert "delete that run" in texts[0]
    after = alerting("2018-12-02T01:00:00", "2018-12-02T02:00:00", run_type="scheduled")
    after.logical_date = slot
    after.ended("cleanup")
    subjects = {letter.subject for letter in letters(sandbox.services.state) if after.run_id in letter.text}
    assert "sparkify goes on by schedule again" in subjects


@pytest.mark.parametrize(("kind", "hours_ago"), [("backfill", 0), ("scheduled", 0), ("manual", 2), ("manual", None)])
def test_a_run_that_holds_no_slot_that_is_to_come_is_not_told_to_do_so(alerting, arrived, kind, hours_ago):
    run = alerting("2018-12-01T00:00:00", "2018-12-01T01:00:00", run_type=kind)
    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    run.logical_date = None if hours_ago is None else now - timedelta(hours=hours_ago)
    run.ended("cleanup")
    assert count(arrived(run.run_id)) == NONE


def test_a_mistake_in_a_callback_is_logged_and_raises_nothing(pipeline, caplog):
    report({}, [Incident("a", "b")])
    assert "Perhaps not told: ['a']. The task is what it was" in caplog.text
