import itertools
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import given
from hypothesis import strategies as st

from sparkify.interval import Interval, of_run

HOUR = timedelta(hours=1)


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def a_run(run_type="manual", start=None, end=None):
    return SimpleNamespace(run_id=f"{run_type}__1", run_type=run_type, data_interval_start=start, data_interval_end=end)


def test_a_scheduled_run_covers_its_data_interval():
    run = a_run("scheduled", utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))
    assert of_run(run, {"start": None, "end": None}) == Interval(utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))


def test_params_beat_the_interval_of_a_manual_run():
    run = a_run("manual", utc(2026, 1, 1, 5), utc(2026, 1, 1, 6))
    params = {"start": "2018-11-01T00:00:00Z", "end": "2018-11-15"}
    assert of_run(run, params) == Interval(utc(2018, 11, 1), utc(2018, 11, 15))


def test_an_offset_is_converted_to_utc():
    params = {"start": "2018-11-01T02:00:00+02:00", "end": "2018-11-01T03:00:00+02:00"}
    assert of_run(a_run(), params) == Interval(utc(2018, 11, 1, 0), utc(2018, 11, 1, 1))


@pytest.mark.parametrize(
    ("run", "params", "problem"),
    [
        (a_run(), {}, "has no interval"),
        (a_run(), {"start": "2018-11-01"}, "give both or neither"),
        (a_run(), {"end": "2018-11-01"}, "give both or neither"),
        (a_run(), {"start": "2018-11-02", "end": "2018-11-01"}, "start must be before end"),
        (a_run(), {"start": "2018-11-01", "end": "2018-11-01"}, "start must be before end"),
        (a_run(), {"start": "2007-01-01", "end": "2018-11-01"}, "longer than 100,000 hours"),
        (a_run(), {"start": "yesterday", "end": "2018-11-01"}, "start='yesterday' is not an ISO 8601"),
        (a_run(), {"start": "2018-11-01", "end": "2018-11-01T10:30:00Z"}, "end='2018-11-01T10:30:00Z' is not a whole"),
        (a_run("backfill", utc(2018, 11, 1), utc(2018, 11, 2)), {"start": "2018-11-01", "end": "2018-11-02"}, "manual"),
        (
            a_run("scheduled", utc(2018, 11, 1), utc(2018, 11, 2)),
            {"start": "2018-11-01", "end": "2018-11-02"},
            "manual",
        ),
    ],
)
def test_what_is_no_interval_stops_at_once_and_says_what_to_give(run, params, problem):
    with pytest.raises(AirflowFailException, match=problem) as stopped:
        of_run(run, params)
    assert '{"start": "2018-11-01T00:00:00Z", "end": "2018-11-02T00:00:00Z"}' in str(stopped.value)


hours = st.integers(min_value=0, max_value=24 * 365 * 60).map(lambda n: utc(1970, 1, 1) + n * HOUR)


@given(start=hours, length=st.integers(min_value=1, max_value=24 * 40))
def test_days_are_those_that_hold_a_moment_of_the_interval(start, length):
    interval = Interval(start, start + length * HOUR)
    touched = sorted({(start + n * HOUR).date() for n in range(length)})
    assert [day.date() for day in interval.days()] == touched
    assert all(day.time().isoformat() == "00:00:00" for day in interval.days())


@given(start=hours, length=st.integers(min_value=1, max_value=100))
def test_milliseconds_are_exact_and_come_back(start, length):
    interval = Interval(start, start + length * HOUR)
    assert interval.end_ms - interval.start_ms == length * 3_600_000
    assert Interval.from_bound(interval.bound) == interval


@given(hours=st.sets(st.integers(0, 60)))
def test_blocks_hold_exactly_the_hours_and_do_not_touch(hours):
    first = datetime(2018, 11, 1, tzinfo=timezone.utc)
    blocks = Interval.blocks([first + hour * HOUR for hour in sorted(hours)])
    held = [block.start + n * HOUR for block in blocks for n in range((block.end - block.start) // HOUR)]
    assert held == [first + hour * HOUR for hour in sorted(hours)]
    assert all(earlier.end < later.start for earlier, later in itertools.pairwise(blocks))
