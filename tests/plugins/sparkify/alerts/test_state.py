"""The journal in S3: no writer loses what another wrote, and it stays small."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sparkify.alerts.incidents import Incident, MetIn
from sparkify.alerts.journal import KEPT, KEPT_AT_MOST, Journal
from sparkify.alerts.state import State

NOW = datetime(2018, 12, 1, 12, tzinfo=timezone.utc)
RUN = MetIn("sparkify", "a_run", "2018-12-01T10:00:00Z", "2018-12-01T11:00:00Z")


def failing(name):
    return lambda journal: journal.fail(Incident(name, "broken"), RUN, NOW, ["mail"])


@pytest.fixture
def state(pipeline):
    return State("sparkify_aws", pipeline.variables["sparkify_work"], "sparkify")


@pytest.mark.parametrize("before", [[], ["first"]], ids=["no journal yet", "a journal"])
def test_what_another_process_writes_between_reading_and_writing_is_kept(state, before):
    for name in before:
        state.change(failing(name))
    others = iter(["faster"])

    def overtaken(journal):
        for name in others:
            state.change(failing(name))
        failing("slower")(journal)

    state.change(overtaken)
    assert state.change(lambda journal: sorted(journal.entries)) == sorted([*before, "faster", "slower"])


def test_what_was_read_is_what_was_written(state):
    state.change(failing("a"))
    state.change(lambda journal: journal.succeed(lambda _name: True, RUN, "2018-12-01T12:00:00Z"))
    text = state.change(Journal.text)
    assert Journal.read(text).text() == text
    assert Journal.read(text).entries["a"].recovery == RUN


def test_the_journal_stays_bounded_and_forgets_no_open_incident():
    journal = Journal()
    failing("open")(journal)
    journal.entries["open"].changed = "2018-01-01T00:00:00Z"
    for number in range(2 * KEPT_AT_MOST):
        failing(f"over_{number}")(journal)
    journal.succeed(lambda name: name != "open", RUN, "2018-12-01T12:00:00Z")
    journal.forget(NOW)
    assert len(journal.entries) == KEPT_AT_MOST
    journal.forget(NOW + KEPT + timedelta(seconds=1))
    assert list(journal.entries) == ["open"]


def test_who_took_a_message_upon_himself_and_died_is_replaced_after_a_minute_and_not_before():
    journal = Journal()
    failing("a")(journal)
    everything = {"about": lambda _name: True, "channels": ["mail"]}
    assert list(journal.take("dead", NOW, **everything)) == ["a"]
    assert journal.take("next", NOW + timedelta(seconds=30), **everything) == {}
    assert list(journal.take("next", NOW + timedelta(seconds=90), **everything)) == ["a"]


def test_who_is_being_told_of_a_failure_is_told_of_its_end():
    journal = Journal()
    failing("a")(journal)
    journal.take("sender", NOW, about=lambda _name: True, channels=["mail"])
    journal.succeed(lambda _name: True, RUN, "2018-12-01T12:00:00Z")
    assert journal.entries["a"].owed == ["mail"]
