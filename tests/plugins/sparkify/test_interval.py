import itertools
import re
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import example, given
from hypothesis import strategies as st

from sparkify.alerts.incidents import moment as journalled
from sparkify.interval import EPOCH, Interval, of_run, timestamp

HOUR = timedelta(hours=1)
LATER = datetime(2999, 12, 31, 12, 34, 56, tzinfo=timezone.utc)  # at which runs of the future may start
BY_HAND = ("manual", "operator_triggered", "asset_materialization", "asset_triggered")


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def a_run(run_type="manual", start=None, end=None, run_after=None):
    """A run as Airflow gives it to a task, or with its type in text, as its metadata has it."""
    return SimpleNamespace(
        run_id=f"{run_type}__1",
        run_type=run_type if run_after else DagRunType(run_type),
        data_interval_start=start,
        data_interval_end=end,
        run_after=run_after or utc(2018, 12, 1),
    )


def refused(run, params):
    with pytest.raises(AirflowFailException) as stopped:  # which is not retried
        of_run(run, params)
    assert "DagRunType" not in str(stopped.value), "the enum's name in Python says nothing to a person"
    return str(stopped.value)


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_run_of_the_timetable_covers_its_own_hour(run_type):
    run = a_run(run_type, utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))
    assert of_run(run, {"start": None, "end": None}) == Interval(utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))


@pytest.mark.parametrize("run_type", BY_HAND)
@pytest.mark.parametrize("interval", [(), (utc(2026, 1, 1, 5), utc(2026, 1, 1, 6))], ids=["no date", "a logical date"])
def test_whatever_else_starts_a_run_says_by_params_which_hours(run_type, interval):
    params = {"start": "2018-11-01T00:00:00Z", "end": "2018-11-15"}
    assert of_run(a_run(run_type, *interval), params) == Interval(utc(2018, 11, 1), utc(2018, 11, 15))


@pytest.mark.parametrize("run_type", BY_HAND)
@pytest.mark.parametrize(
    "interval", [(), (utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))], ids=["no date", "a logical date"]
)
def test_without_params_it_is_refused_and_the_ways_that_are_right_are_named(run_type, interval):
    """Airflow makes up the interval of a logical date: in the form the hour before, by the command line that of now."""
    said = refused(a_run(run_type, *interval), {"start": None, "end": None})
    assert said.startswith(f"It is not clear which hours run {run_type}__1 is to load: it has the type {run_type} and")
    assert '{"start": "2018-11-01T00:00:00Z", "end": "2018-11-02T00:00:00Z"}' in said
    assert "HOURLY=1" in said
    assert "airflow backfill create" in said
    assert ("Delete this run" in said) is bool(interval)


@pytest.mark.parametrize(("run_type", "advice"), [("backfill", "--from-date and --to-date"), ("scheduled", "default")])
def test_a_run_of_the_timetable_is_given_no_range(run_type, advice):
    said = refused(a_run(run_type, utc(2018, 11, 1), utc(2018, 11, 1, 1)), {"start": "2018-11-01", "end": "2018-11-02"})
    assert f"as every {run_type} run does" in said
    assert advice in said
    assert "give both params" not in said, "that is what was done"


def test_an_offset_is_converted_to_utc():
    params = {"start": "2018-11-01T02:00:00+02:00", "end": "2018-11-01T05:30:00+02:30"}
    assert of_run(a_run(), params) == Interval(utc(2018, 11, 1, 0), utc(2018, 11, 1, 3))


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        ("2018-11-01", None, "Params start='2018-11-01' and end=''"),
        (None, "2018-11-01", "Params start='' and end='2018-11-01'"),
        ("2018-11-02", "2018-11-01", "start must be before end"),
        ("2018-11-01", "2018-11-01", "start must be before end"),
        ("2007-01-01", "2018-11-01", "longer than 100,000 hours"),
        ("yesterday", "2018-11-01", "start='yesterday' is not an ISO 8601"),
        ("12:00", "2018-11-01", "start='12:00' is not a moment in time"),
        ("2018-11-01", "2018-11-01T10:30:00Z", "10:30Z) is not of whole hours"),
        ("2018-11-01", "2018-11-01T10:00:00.000001Z", "is not of whole hours"),
        ("2018-11-01T00:00:00+05:30", "2018-11-02", "is not of whole hours"),
        ("0012-12-01", "0012-12-03", "[0012-12-01T00:00Z, 0012-12-03T00:00Z) begins before 1970"),
        ("1969-12-31T23:00:00Z", "1970-01-01", "begins before 1970"),
        ("2018-11-01", "3018-11-01", "ends after the last full hour"),
        ("9999-12-31T22:00:00-02:00", "9999-12-31T23:00:00-02:00", "start='9999-12-31T22:00:00-02:00' is not an ISO"),
        ("0001-01-01T00:00:00+02:00", "2018-11-01", "start='0001-01-01T00:00:00+02:00' is not an ISO"),
    ],
)  # fmt: skip
def test_params_that_are_no_range_are_refused_with_what_would_be_one(start, end, problem):
    said = refused(a_run(), {"start": start, "end": end})
    assert problem in said
    assert '{"start": "2018-11-01T00:00:00Z", "end": "2018-11-02T00:00:00Z"}' in said


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (utc(2018, 11, 1, 5), utc(2018, 11, 1, 5, 30)),
        (utc(2018, 11, 1, 5, 30), utc(2018, 11, 1, 6, 30)),
        (utc(2018, 11, 1, 5), utc(2018, 11, 1, 5)),
        (utc(12, 11, 1, 5), utc(12, 11, 1, 6)),
    ],
)
def test_the_interval_of_the_timetable_is_checked_as_that_of_params_is(run_type, start, end):
    assert f"The interval {Interval(start, end)} " in refused(a_run(run_type, start, end), {})


def test_no_range_ends_after_the_last_full_hour():
    """At 12:34 that is the one that ends at 12:00."""
    day = "2999-12-31T"
    run = a_run("manual", run_after=LATER)
    assert of_run(run, {"start": f"{day}10", "end": f"{day}12"}).end == utc(2999, 12, 31, 12)
    said = refused(run, {"start": f"{day}10", "end": f"{day}13"})
    assert "ends after the last full hour: at 2999-12-31T12:34Z that ends at 2999-12-31T12:00Z" in said


def test_a_worker_whose_clock_is_behind_runs_the_hour_that_is_over_for_the_scheduler():
    hour = utc(2999, 12, 31, 11), utc(2999, 12, 31, 12)
    assert of_run(a_run("scheduled", *hour, run_after=hour[1]), {}) == Interval(*hour)
    refused(a_run("scheduled", *hour, run_after=hour[0]), {})


@given(text=st.datetimes(timezones=st.sampled_from([timezone(n * HOUR) for n in (-12, 0, 14)])).map(datetime.isoformat))
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:00:00-12:00")
def test_any_moment_of_the_calendar_is_loaded_or_refused_and_nothing_else(text):
    for params in ({"start": text, "end": "2018-12-01"}, {"start": "2018-11-30", "end": text}):
        try:
            interval = of_run(a_run(), params)
        except AirflowFailException:
            continue
        assert EPOCH <= interval.start < interval.end <= datetime.now(timezone.utc)


@given(moment=st.datetimes())
@example(datetime(12, 11, 18))
def test_a_moment_is_one_text_in_sql_which_is_that_moment(moment):
    text = timestamp(moment.replace(tzinfo=timezone.utc))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)
    assert datetime.fromisoformat(text) == moment.replace(microsecond=0)


@given(moments=st.lists(st.datetimes(timezones=st.just(timezone.utc))))
def test_texts_of_moments_follow_each_other_as_the_moments_do(moments):
    for write in (timestamp, journalled):
        assert sorted(map(write, moments)) == [write(moment) for moment in sorted(moments)]


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
