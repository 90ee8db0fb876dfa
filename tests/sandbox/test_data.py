"""What the source bucket is filled from, and which hours it covers."""

from datetime import datetime, timezone

import pytest

from include.sandbox.data import busiest_hours, covered, fill, moment, source_bucket
from include.sandbox.state import SandboxError, State


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def event(when):
    return f'{{"page": "NextSong", "ts": {int(when.timestamp() * 1000) + 796}}}'


@pytest.fixture
def state(tmp_path):
    """A bucket with three days of events, most of them on the second from 10:00 to 11:59."""
    folder = tmp_path / "data"
    logs = {
        "2018-11-01": [utc(2018, 11, 1, 5)],
        "2018-11-02": [utc(2018, 11, 2, 10), utc(2018, 11, 2, 11, 30), utc(2018, 11, 2, 11, 59), utc(2018, 11, 2, 20)],
        "2018-11-04": [utc(2018, 11, 4, 23, 59)],
    }
    for day, moments in logs.items():
        path = folder / "log_data" / "2018" / "11" / f"{day}-events.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(map(event, moments)))
    (folder / "log_data" / "2018" / "11" / "2018-12-24-events.json.bak").write_text(event(utc(2018, 12, 24)))
    (folder / "song_data").mkdir()
    (folder / "song_data" / "one.json").write_text("{}")
    (folder / "log_json_path.json").write_text("{}")
    state = State(tmp_path / "state")
    fill(state, str(folder))
    return state


def test_the_interval_is_that_of_the_days_in_the_names_of_log_objects(state):
    assert covered(state) == (utc(2018, 11, 1), utc(2018, 11, 5))


def test_without_a_log_object_named_by_its_day_there_is_nothing_to_load(state):
    for kept, path in source_bucket(state):
        if kept.key.endswith("-events.json"):
            path.unlink()
    with pytest.raises(SandboxError, match=r"named YYYY-MM-DD-events\.json"):
        covered(state)


@pytest.mark.parametrize(
    ("bounds", "count", "busiest"),
    [
        ((utc(2018, 11, 1), utc(2018, 11, 5)), 2, (utc(2018, 11, 2, 10), utc(2018, 11, 2, 12))),
        ((utc(2018, 11, 1), utc(2018, 11, 2)), 1, (utc(2018, 11, 1, 5), utc(2018, 11, 1, 6))),
        ((utc(2018, 11, 4, 23), utc(2018, 11, 5)), 3, (utc(2018, 11, 4, 23), utc(2018, 11, 5))),
    ],
)
def test_the_busiest_hours_lie_within_the_bounds(state, bounds, count, busiest):
    assert busiest_hours(state, *bounds, count) == busiest


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2018-11-01", utc(2018, 11, 1)),
        ("2018-11-01T05", utc(2018, 11, 1, 5)),
        ("2018-11-01T05:00Z", utc(2018, 11, 1, 5)),
        ("2018-11-01 05:00:00", utc(2018, 11, 1, 5)),
        ("2018-11-01T05:00+02:00", utc(2018, 11, 1, 3)),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_otherwise(text, meant):
    assert moment(text, "FROM") == meant
