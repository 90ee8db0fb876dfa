"""Bug 17: a failure that nobody hears of."""

import logging
from types import SimpleNamespace

import pytest

from include.sandbox.aws import alerts
from sparkify.alerts import notify_failure


@pytest.fixture
def context(environment):
    reason = "log_data/x.json, line 3: column 'ts': value {{ 1 / 0 }} {% endraw %}"
    return {
        "ti": SimpleNamespace(
            dag_id="sparkify", task_id="stage_events", try_number=4, log_url="https://airflow.example/log"
        ),
        "dag_run": SimpleNamespace(run_id="manual__alert", data_interval_start=None, data_interval_end=None),
        "params": {"start": "2018-12-01", "end": "2018-12-02"},
        "exception": ValueError(reason),
        "var": {"value": {"sparkify_alert_topic": environment["AIRFLOW_VAR_SPARKIFY_ALERT_TOPIC"]}},
    }


def received(sandbox):
    return [text for text in alerts(sandbox.services.state.aws) if "manual__alert" in text]


def test_the_message_says_what_failed_when_why_and_where_to_look(sandbox, context):
    before = len(received(sandbox))
    notify_failure(context)
    found = received(sandbox)
    assert len(found) == before + 1
    for part in ("sparkify.stage_events, try 4", "[2018-12-01, 2018-12-02)", "https://airflow.example/log", "or not"):
        assert part in found[-1]
    assert str(context["exception"]) in found[-1], "input that looks like a template stays as it is"


def test_without_a_topic_it_only_warns(sandbox, context, caplog):
    context["var"]["value"] = {}
    before = received(sandbox)
    with caplog.at_level(logging.WARNING, "sparkify.alerts"):
        notify_failure(context)
    assert "No alert was sent: the Variable sparkify_alert_topic names no SNS topic" in caplog.text
    assert received(sandbox) == before


def test_a_long_task_name_does_not_keep_the_message_back(sandbox, context):
    context["ti"].task_id = "x" * 200
    before = len(received(sandbox))
    notify_failure(context)
    assert len(received(sandbox)) == before + 1
