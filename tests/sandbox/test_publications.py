"""What counts as loaded: what the warehouse says was published, whatever state a run has."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sandbox.backfills import HOUR, Slot
from include.sandbox.publications import Publications

NINE = datetime(2018, 12, 6, 9, tzinfo=timezone.utc)
SINCE = datetime(2026, 12, 1)
BEFORE, AFTER = SINCE - HOUR, SINCE + HOUR


def published(*intervals, hours=()):
    """By the run backfill__r, and hours with the time of their last publication."""
    return Publications({"backfill__r": intervals} if intervals else {}, dict(hours), SINCE)


@given(st.integers(0, 5), st.integers(1, 6), st.integers(0, 5), st.integers(1, 6))
def test_a_run_has_loaded_its_interval_if_one_that_it_published_covers_it(first, length, asked, asked_length):
    start, wanted = NINE + first * HOUR, NINE + asked * HOUR
    wrong = published((start, start + length * HOUR)).missing_in_run(
        "backfill__r", wanted, wanted + asked_length * HOUR
    )
    assert (wrong == "") == (first <= asked and asked + asked_length <= first + length)


@pytest.mark.parametrize(
    ("slot", "known", "says"),
    [
        (Slot(NINE, "backfill__r", "success", ""), published((NINE, NINE + HOUR)), None),
        (Slot(NINE, "backfill__r", "success", ""), published(), "r ended as success, but published nothing"),
        (Slot(NINE, "backfill__r", "success", ""), published(hours={NINE: AFTER}.items()), "published nothing"),
        (Slot(NINE, "manual__m", "success", ""), published(), "held by run manual__m, which a person started"),
        (Slot(NINE, "manual__m", "failed", ""), published(), "held by run manual__m, which a person started"),
        (Slot(NINE, "", "", ""), published(), "its run was deleted"),
        (Slot(NINE, "o", "queued", "in flight"), published(), r"held by run o \(queued\)"),
        (Slot(NINE, "o", "success", "in flight"), published(hours={NINE: BEFORE}.items()), "held by run o"),
        (Slot(NINE, "o", "success", "in flight"), published(hours={NINE: AFTER}.items()), None),
        (Slot(NINE, "o", "success", "already exists"), published(hours={NINE: BEFORE}.items()), None),
        (Slot(NINE, "o", "success", "already exists"), published(), "held by run o"),
    ],
)
def test_an_hour_of_a_backfill_is_loaded_only_if_it_was_published(slot, known, says):
    found = known.missing([NINE], [slot])
    assert len(found) == (says is not None)
    if says:
        assert found[0].startswith("2018-12-06 09h is not loaded: ")
        assert re.search(says, found[0])


def test_an_hour_without_a_run_is_named_and_one_whose_run_failed_is_left_to_its_log():
    failed = Slot(NINE, "backfill__r", "failed", "")
    (only,) = published().missing([NINE, NINE + timedelta(days=1)], [failed])
    assert only.startswith("2018-12-07 09h is not loaded: Airflow made no run of it")
