"""Channels: each by itself; none hides another, none tells a secret, and without any the tasks are what they were."""

from __future__ import annotations

import json
import os

import pytest
from airflow.sdk.log import mask_secret

from include.sandbox.inbox import letters
from sparkify.alerts.channels import configured, described, send
from sparkify.alerts.messages import SUBJECT_LIMIT, Message, subject_of

EACH = ["mail", "slack", "sns", "webhook"]


@pytest.fixture
def moved(monkeypatch):
    """Leads a connection to another place."""

    def lead(name, **to):
        variable = f"AIRFLOW_CONN_{name.upper()}"
        monkeypatch.setenv(variable, json.dumps({**json.loads(os.environ[variable]), **to}))

    return lead


@pytest.fixture
def told(arrived):
    """The channels on which something arrived of runs."""
    return lambda *runs: [channel for channel, texts in arrived(*(run.run_id for run in runs)).items() for _ in texts]


@pytest.mark.parametrize("dead", ["mail", "slack", "webhook"])
def test_a_dead_channel_hides_nothing_and_is_told_when_it_lives_again(
    alerting, told, moved, free_port, caplog, monkeypatch, dead
):
    run, again = alerting(), alerting()
    with monkeypatch.context():
        names = {"mail": "sparkify_smtp", "slack": "sparkify_slack", "webhook": "sparkify_webhook"}
        before = os.environ[f"AIRFLOW_CONN_{names[dead].upper()}"]
        host = "127.0.0.1" if dead == "mail" else f"http://127.0.0.1:{free_port}/very-secret"
        moved(names[dead], host=host, port=free_port)
        run.ended("load_users", ValueError("broken"))
        assert sorted(told(run)) == [channel for channel in EACH if channel != dead]
        assert f"The alert 'sparkify.load_users failed' did not get through by {dead}: " in caplog.text
        monkeypatch.setenv(f"AIRFLOW_CONN_{names[dead].upper()}", before)
    again.ended("load_users", ValueError("broken"))
    assert sorted(told(run)) == EACH
    assert told(again) == [], "the others know"


def test_a_webhooks_address_is_not_in_what_an_error_is_said_to_be():
    text = "HTTPConnectionPool(host='x'): Max retries exceeded with url: /services/T0/B0/secret (Caused by: refused)"
    assert "secret" not in described(ConnectionError(text))
    assert "secret" not in described(ConnectionError("cannot reach https://hooks.example/services/secret"))
    assert described(ValueError("no such topic")) == "ValueError: no such topic"


def test_without_a_channel_it_is_said_once_and_a_channel_that_is_chosen_later_is_told(
    pipeline, alerting, told, caplog, channels
):
    run, again, later = alerting(), alerting(), alerting()
    for one in (run, again):
        one.variables = pipeline.variables | dict.fromkeys(channels, "")
        one.ended("load_users", ValueError("broken"))
        one.ended("load_time", ValueError("broken"))
    assert caplog.text.count("Nobody is alerted") == 1
    assert told(run, again) == []
    later.ended("load_users", ValueError("broken"))
    assert sorted(told(run)) == EACH


def test_a_journal_that_cannot_be_kept_hides_nothing(alerting, told, moved, free_port, caplog):
    run = alerting()
    endpoint = {"endpoint_url": f"http://127.0.0.1:{free_port}", "region_name": "us-west-2"}
    moved("sparkify_aws", extra=endpoint)
    run.ended("load_users", ValueError("broken"))
    assert "The journal of alerts cannot be kept below s3://" in caplog.text
    assert "Perhaps not told" not in caplog.text
    assert sorted(told(run)) == ["mail", "slack", "webhook"]


def test_without_the_bucket_of_the_journal_each_failure_is_told(alerting, told, caplog):
    run = alerting()
    run.variables = {**run.variables, "sparkify_work": "s3://no-such-bucket/work"}
    run.ended("load_users", ValueError("broken"))
    assert "The journal of alerts cannot be kept below s3://no-such-bucket/work: NoSuchBucket" in caplog.text
    assert sorted(told(run)) == EACH


def test_marks_of_html_and_slack_are_text_and_the_webhook_has_the_facts(sandbox, alerting, channels):
    run = alerting()
    run.ended("load_users", ValueError("<b>bold</b> & <!channel>"))
    raw = {one.channel: one for one in letters(sandbox.services.state) if run.run_id in one.text}
    for channel in ("mail", "slack"):
        assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;!channel&gt;" in raw[channel].text
    facts = json.loads(raw["webhook"].raw)
    assert facts["incident"] == "load_users"
    assert facts["status"] == "open"
    assert facts["interval"] == ["2018-12-01T00:00:00Z", "2018-12-02T00:00:00Z"]
    assert facts["subject"] == raw["mail"].subject == "sparkify.load_users failed"


def test_a_long_reason_is_cut_and_its_message_arrives(alerting, told, arrived):
    run = alerting()
    run.ended("load_users", ValueError("x" * 300_000))
    assert sorted(told(run)) == EACH
    assert "cut here: the log has all of it" in arrived(run.run_id)["sns"][0]


@pytest.mark.parametrize("name", ["é\nBcc: x@example.com", "x" * 300])
def test_any_name_fits_into_a_subject(channels, environment, name):
    subject = subject_of(name)
    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) <= SUBJECT_LIMIT
    assert sorted(send(Message(subject, "a subject", {}), configured(channels))) == EACH


def test_only_channels_that_a_variable_chooses_are_there(channels):
    assert sorted(configured(channels)) == EACH
    assert configured(dict.fromkeys(channels, "")) == {}
    assert list(configured({"sparkify_alert_mail": "x@example.com"})) == ["mail"]


def test_a_secret_in_an_error_is_masked_as_it_is_in_the_log(alerting, arrived):
    run = alerting()
    mask_secret("the-password-of-it")
    run.ended("load_users", ValueError("the warehouse refused 'the-password-of-it'"))
    for (text,) in arrived(run.run_id).values():
        assert "the warehouse refused '***'" in text


def test_what_arrives_holds_no_secret(sandbox, alerting, caplog):
    state, run = sandbox.services.state, alerting()
    run.ended("load_users", ValueError("broken"))
    kept = [*state.secrets.values(), *(value for name, value in state.aws.items() if "secret" in name)]
    everything = caplog.text + "".join(one.text + one.raw for one in letters(state))
    assert len(kept) > 5
    assert [secret for secret in kept if secret in everything] == []
