"""The state of hours, where several things are true of one; what needs a person."""

from datetime import datetime, timedelta, timezone

from sparkify.alerts.incidents import Incident, MetIn
from sparkify.alerts.journal import RECOVERED, Entry
from sparkify.interval import Interval
from sparkify.observe.alerts import Alert
from sparkify.observe.calendar import Calendar, PublishedDay, drawn
from sparkify.observe.needs import needs_a_person
from sparkify.observe.runs import AirflowFacts, RunFacts

DAY = datetime(2018, 12, 1, tzinfo=timezone.utc)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = DAY + 10 * HOUR + 50 * MINUTE
WELL = AirflowFacts([], None, [])


def run(hour, failed=False, changed=None, hours=1, scheduled=True):
    start = DAY + hour * HOUR
    interval = Interval(start, start + hours * HOUR)
    return RunFacts(f"run_{hour}", interval, failed, changed or interval.end, scheduled)


def published(*hours, at=NOW):
    return {DAY: PublishedDay(sum(1 << hour for hour in hours), 0, frozenset(), at)}


def letters(published=None, objects=(), airflow=WELL, published_at=None, now=NOW):
    calendar = drawn(published or {}, objects, airflow, published_at or {}, now)
    return calendar.letters(DAY)[:12]


def test_hours_of_an_object_are_missing_once_they_are_over_and_before_that_not_due():
    assert letters(objects=[DAY]) == "mmmmmmmmmm.."
    assert letters(published(0, 1), [DAY]) == "llmmmmmmmm.."


def test_without_an_object_or_a_run_nothing_was_due():
    assert letters(published(0, 3)) == "l..l........"


def test_a_failed_run_counts_until_its_hour_is_published():
    failed = AirflowFacts([run(3, failed=True, hours=2, changed=NOW)], None, [])
    hour = DAY + 3 * HOUR
    assert letters(published(3), [], failed, {hour: NOW - MINUTE}) == "...ff......."
    assert letters(published(3), [], failed, {hour: NOW + MINUTE}) == "...lf......."


def test_a_scheduled_run_is_late_45_minutes_after_its_hour_unless_it_was_made_after_that():
    assert letters(airflow=AirflowFacts([run(9)], None, [])) == ".........t.."
    assert letters(airflow=AirflowFacts([run(9)], None, []), now=DAY + 10 * HOUR + 44 * MINUTE) == "." * 12
    assert letters(airflow=AirflowFacts([run(9, changed=NOW)], None, [])) == "." * 12
    assert letters(airflow=AirflowFacts([run(9, scheduled=False)], None, [])) == "." * 12


def test_hours_are_late_that_the_scheduler_has_made_no_run_of_and_published_ones_never_are():
    due = AirflowFacts([], DAY + 7 * HOUR, [])
    assert letters(published(8), [DAY], due) == "mmmmmmmtlt.."
    assert letters(airflow=AirflowFacts([], DAY + 10 * HOUR, [])) == "." * 12


def test_first_and_last_hour_are_those_that_have_a_state():
    calendar = drawn(published(2), [DAY - 24 * HOUR], WELL, {}, NOW)
    assert calendar.known == [DAY - 24 * HOUR, DAY + 2 * HOUR]
    assert Calendar().known == []


def told(calendar=None, airflow=WELL, incidents=(), status=None):
    entries = [Entry.begin(found, MetIn("sparkify", "a_run"), "2018-12-01T10:00:00Z", []) for found in incidents]
    for entry in entries:
        entry.status = status or entry.status
    return needs_a_person(calendar or Calendar(), airflow, map(Alert, entries))


def of(state, *hours, runs=()):
    calendar = Calendar()
    for hour in hours:
        calendar.put(DAY + hour * HOUR, state)
    calendar.runs = {DAY + hour * HOUR: found for hour, found in zip(hours, runs, strict=False)}
    return calendar


def test_when_all_is_well_nobody_is_needed():
    assert told(of("loaded", 1)) == []


def test_hours_that_the_schedule_sees_to_warnings_and_what_is_over_need_nobody():
    assert told(of("missing", 1)) == told(of("stale", 1)) == []
    assert told(incidents=[Incident("check_quality/match_rate", "4 of 9", severity="warn")]) == []
    assert told(incidents=[Incident("publish", "broken")], status=RECOVERED) == []


def test_each_thing_that_does_not_come_right_by_itself_is_named_with_what_to_do():
    (failed,) = told(of("failed", 1, 2, runs=[run(1, failed=True), run(2, failed=True)]))
    assert (failed.what, "run_2" in failed.why) == ("2 hours failed", True)
    assert failed.url.endswith("/dags/sparkify/runs/run_2")
    found = [Incident("publish", "broken", "mend it"), Incident("late", "still running")]
    assert [(one.what, one.why) for one in told(incidents=found)] == [
        ("sparkify.publish failed", "broken"), ("sparkify is late", "still running"),
    ]  # fmt: skip
    assert told(incidents=found)[0].do == "mend it"
    (late,) = told(of("late", 9))
    assert late.what == "the schedule is on, and the hour 2018-12-01 09h is not loaded"
    (ill,) = told(airflow=AirflowFacts([], None, ["scheduler"]))
    assert ill.what == "a component of Airflow is not healthy, and who is dead sends no alert"
    assert "scheduler" in ill.why
    (unknown,) = told(airflow=AirflowFacts([], None, [], has_dag=False))
    assert unknown.what == "Airflow does not know the DAG sparkify, so nothing is scheduled"
    assert all(one.do for one in (failed, late, ill, unknown))
