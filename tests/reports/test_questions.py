"""Every report says what plain Python computes from the input events, asked by who may only read the star."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.reports.questions import NAMES, SQL, Range, covered, pasted, sql, text
from include.sandbox.sample import generate
from tests.oracle import expected_tables
from tests.report_oracle import expected_answers
from tests.stars import SONGS, play, tables

EPOCH, DAY, HOUR = datetime(1970, 1, 1), timedelta(days=1), timedelta(hours=1)
MONDAY = datetime(2018, 12, 3)


def utc(naive):
    return naive.replace(tzinfo=timezone.utc)


def test_every_file_of_the_folder_is_asked_and_says_its_question_first():
    assert sorted(NAMES) == sorted(path.stem for path in (SQL / "reports").glob("*.sql"))
    for name in NAMES:
        assert text(name).endswith("?")
        assert (SQL / "reports" / f"{name}.sql").read_text().startswith(f"-- {text(name)}\n")


def test_what_is_printed_for_a_query_editor_answers_the_same(star):
    loaded = tables(play(MONDAY, song="SO01"), play(MONDAY + HOUR, 2), play(MONDAY + HOUR, 2, "paid"))
    star.publish(loaded)
    found, asked = star.answers(MONDAY, MONDAY + DAY), Range(utc(MONDAY), utc(MONDAY + DAY))
    assert {name: star.reader.records(pasted(name, star.schema, asked)) for name in NAMES} == found


def test_where_a_range_is_open_it_takes_the_hours_of_the_plays(star):
    star.publish(tables(play(MONDAY + HOUR / 2), play(MONDAY + 30 * HOUR)))
    session, first, last = star.reader, utc(MONDAY), utc(MONDAY + 31 * HOUR)
    assert covered(session, star.schema, None, None) == Range(first, last)
    assert covered(session, star.schema, utc(MONDAY + HOUR), None) == Range(utc(MONDAY + HOUR), last)
    assert covered(session, star.schema, None, utc(MONDAY + 2 * HOUR)) == Range(first, utc(MONDAY + 2 * HOUR))
    before = covered(session, star.schema, None, utc(MONDAY - DAY))
    assert (before, str(before)) == (Range(end=utc(MONDAY - DAY)), "[…, 2018-12-02) UTC")


def test_a_schema_that_is_no_plain_name_is_refused():
    with pytest.raises(Exception, match="cannot name a schema"):
        sql("overview", 'x"; drop table users; --')


@pytest.fixture(scope="module", params=["sample", *filter(None, [os.environ.get("DATA")])])
def source(request, tmp_path_factory):
    """A bucket-shaped folder: ten days of the generated sample; and that which DATA names, if it names one."""
    if request.param != "sample":
        return Path(request.param)
    return generate(tmp_path_factory.mktemp("reports") / "sample", days=10).folder


def test_answers_over_a_whole_source_and_over_parts_of_it(star, source):
    days = sorted(datetime.fromisoformat(path.name[:10]) for path in source.glob("log_data/**/*-events.json"))
    first, last = days[0], days[-1] + DAY
    loaded = expected_tables(source, first, last)
    star.publish(loaded)
    found = star.must_answer(loaded, first, last)
    assert all(found.values()), "every question has something to say about the whole"
    assert sum(row["plays"] for row in found["top_songs"]) == loaded.counts.plays
    middle = first + (last - first) / 2
    for start, end in [(first, middle), (middle, last), (middle - 7 * HOUR, middle + 31 * HOUR)]:
        star.must_answer(loaded, start, end)


def test_an_empty_star_schema_has_no_answers(star):
    star.publish(tables())
    assert star.must_answer(tables(), MONDAY, MONDAY + DAY) == {name: [] for name in NAMES}


def test_a_range_without_plays_has_no_answers(star):
    star.publish(tables(play(MONDAY)))
    assert not any(star.answers(MONDAY + DAY, MONDAY + 2 * DAY).values())
    assert not any(star.answers(MONDAY - DAY, MONDAY).values()), "the end is not in the range"
    assert all(star.answers(MONDAY, MONDAY + timedelta(milliseconds=1))[name] for name in ("overview", "sessions"))


def test_a_session_in_which_the_level_changes_is_of_both_and_its_plays_are_of_one(star):
    loaded = tables(play(MONDAY), play(MONDAY + HOUR, level="paid"))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + DAY)
    assert [(row["level"], row["plays"], row["median_minutes"]) for row in found["sessions"]] == [("both", 2, 60.0)]
    assert [(row["free_plays"], row["paid_plays"]) for row in found["plays_by_hour"]] == [(1, 0), (0, 1)]
    assert [(row["outcome"], row["median_days"]) for row in found["conversion"]] == [("free, then paid", 1 / 24)]


def test_a_session_across_midnight_belongs_to_the_day_that_it_begins_in_and_is_whole(star):
    late = MONDAY + DAY - timedelta(minutes=5)
    loaded = tables(play(late), play(late + timedelta(minutes=10)))
    star.publish(loaded)
    first = star.must_answer(loaded, MONDAY, MONDAY + DAY)["sessions"]
    assert [(row["sessions"], row["plays"], row["median_minutes"]) for row in first] == [(1, 2, 10.0)]
    assert star.must_answer(loaded, MONDAY + DAY, MONDAY + 2 * DAY)["sessions"] == []


def test_two_users_with_the_same_session_number_have_two_sessions(star):
    loaded = tables(play(MONDAY, 1), play(MONDAY + HOUR, 2))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + DAY)
    assert (found["overview"][0]["sessions"], found["sessions"][0]["sessions"]) == (2, 2)


@pytest.mark.parametrize("monday", [MONDAY, datetime(2018, 12, 31), datetime(2021, 1, 4)])
def test_a_week_ends_on_sunday_also_at_the_turn_of_the_year(star, monday):
    sunday = monday - timedelta(milliseconds=1)
    loaded = tables(play(sunday, 1), play(monday, 1), play(monday, 2))
    star.publish(loaded)
    found = star.must_answer(loaded, monday - 7 * DAY, monday + 7 * DAY)["retention"]
    assert [(row["cohort"], row["cohort_users"], row["weeks_after"], row["active_users"]) for row in found] == [
        (monday - 7 * DAY, 1, 0, 1), (monday - 7 * DAY, 1, 1, 1), (monday, 1, 0, 1),
    ]  # fmt: skip
    assert all(row["is_whole"] for row in found)


def test_a_week_in_which_nobody_came_back_is_told_as_nought(star):
    loaded = tables(play(MONDAY), play(MONDAY + 14 * DAY))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + 15 * DAY)["retention"]
    assert [(row["active_users"], row["is_whole"]) for row in found] == [(1, True), (0, True), (1, False)]


def test_who_played_before_the_range_is_no_new_user_in_it(star):
    loaded = tables(play(MONDAY, 1), play(MONDAY + 7 * DAY, 1), play(MONDAY + 7 * DAY, 2))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY + 7 * DAY, MONDAY + 14 * DAY)["retention"]
    assert [(row["cohort"], row["cohort_users"]) for row in found] == [(MONDAY + 7 * DAY, 1)]


def test_who_goes_from_paid_to_free_did_not_convert_and_who_pays_again_did(star):
    loaded = tables(
        play(MONDAY, 1, "paid"), play(MONDAY + HOUR, 1), play(MONDAY, 2, "paid"), play(MONDAY + HOUR, 2),
        play(MONDAY + 49 * HOUR, 2, "paid"), play(MONDAY, 3, "paid"), play(MONDAY, 4),
    )  # fmt: skip
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + 7 * DAY)
    assert {row["outcome"]: row["users"] for row in found["conversion"]} == {
        "free only": 1, "free, then paid": 1, "paid only": 1, "paid, then free": 1,
    }  # fmt: skip
    assert found["time_to_paid"] == [{"days": 2, "users": 1, "free_users": 3, "share_by_then": pytest.approx(1 / 3)}]


def test_plays_without_a_song_are_counted_apart_not_dropped(star):
    loaded = tables(play(MONDAY, song="SO01"), play(MONDAY + HOUR), play(MONDAY + 2 * HOUR, 2))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + DAY)
    assert found["overview"][0]["matched_share"] == pytest.approx(1 / 3)
    for name in ("top_songs", "top_artists"):
        assert [(row["place"], row["counted_as"], row["plays"]) for row in found[name]][1:] == [
            (None, "no song matched", 2)
        ]
        assert found[name][-1]["share_of_plays"] == pytest.approx(2 / 3)


def test_the_eleventh_song_is_among_the_others_and_ties_go_by_song_id(star):
    loaded = tables(*(play(MONDAY + n * HOUR, song=song[0]) for n, song in enumerate(reversed(SONGS))))
    star.publish(loaded)
    found = star.must_answer(loaded, MONDAY, MONDAY + DAY)["top_songs"]
    assert [row["title"] for row in found[:10]] == [song[1] for song in SONGS[:10]]
    assert (found[10]["counted_as"], found[10]["plays"]) == ("other songs", 4)


moments = st.integers(0, 5 * 7 * 24 * 60 - 1).map(
    lambda n: MONDAY + timedelta(minutes=15 * (n // 15), milliseconds=n % 3)
)
plays = st.tuples(
    moments, st.integers(1, 6), st.sampled_from(["free", "paid"]), st.integers(1, 3),
    st.none() | st.sampled_from([song[0] for song in SONGS]),
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(plays, max_size=40), st.integers(0, 35 * 24), st.integers(1, 35 * 24))
def test_answers_over_drawn_plays(star, drawn, begin, hours):
    loaded, start = tables(*drawn), MONDAY + begin * HOUR
    star.publish(loaded)
    star.must_answer(loaded, start, start + hours * HOUR)


def test_the_oracle_can_be_wrong(star):
    """A comparison that always holds would show nothing."""
    loaded = tables(play(MONDAY, song="SO01"), play(MONDAY + HOUR, 2, "paid"))
    star.publish(loaded)
    other = expected_answers(tables(play(MONDAY)), MONDAY, MONDAY + DAY)
    assert all(star.answers(MONDAY, MONDAY + DAY)[name] != other[name] for name in NAMES if name != "time_to_paid")


def test_the_reader_may_read_the_star_and_nothing_else(star):
    star.owner.run(f"create table {star.schema}.quarantine (a int)")
    with pytest.raises(Exception, match="permission denied"):
        star.reader.run(f"select * from {star.schema}.quarantine")
    with pytest.raises(Exception, match="permission denied"):
        star.reader.run(f"delete from {star.schema}.songplays")
    assert json.dumps(star.answers(MONDAY, MONDAY + DAY), default=str)
