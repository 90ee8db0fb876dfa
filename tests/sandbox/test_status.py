"""What needs a person, and is told to whoever runs `make status`, by its exit code to a cron job too."""

from datetime import datetime, timezone

from include.sandbox.status import Hours, needs_a_person
from sparkify.alerts.incidents import Incident, MetIn
from sparkify.alerts.journal import Entry

HOUR = datetime(2018, 12, 1, 9, tzinfo=timezone.utc)
WELL = Hours(loaded=[HOUR], missing=[], stale=[], failed=[])


def told(hours=WELL, incidents=(), due=None, healthy=True):
    run = MetIn("sparkify", "a_run")
    entries = {found.name: Entry.begin(found, run, "2018-12-01T10:00:00Z", []) for found in incidents}
    return list(needs_a_person(hours, entries, due, healthy=healthy))


def test_when_all_is_well_nobody_is_needed():
    assert told() == []


def test_hours_that_the_schedule_sees_to_and_warnings_need_nobody():
    assert told(incidents=[Incident("check_quality/match_rate", "4 of 9", severity="warn")]) == []
    assert told(Hours(loaded=[], missing=[HOUR], stale=[HOUR], failed=[])) == []


def test_each_thing_that_does_not_come_right_by_itself_is_named():
    assert told(Hours(loaded=[], missing=[], stale=[], failed=[HOUR])) == ["1 hours failed"]
    found = [Incident("publish", "broken"), Incident("late", "still running")]
    assert told(incidents=found) == ["open incidents: late, publish"]
    assert told(due=HOUR) == ["the schedule is on, and the hour 2018-12-01 09h is not loaded"]
    assert told(healthy=False) == ["a component of Airflow is not healthy, and who is dead sends no alert"]
