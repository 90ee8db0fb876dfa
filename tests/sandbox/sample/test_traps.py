"""Each trap of the package's docstring is really in what was written, whatever the seed."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timezone

import pytest

from tests.oracle import expected_tables

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(scope="session")
def tables(bucket):
    return expected_tables(bucket.folder, bucket.sample.start, bucket.sample.end)


def by_session(events):
    sessions = defaultdict(list)
    for event in events:
        sessions[event["sessionId"]].append(event)
    return sessions.values()


def test_1_events_of_nobody_have_a_level_and_nothing_else(bucket):
    nobodys = [event for event in bucket.events if event["userId"] == ""]
    assert nobodys
    assert {event["level"] for event in nobodys} == {"free", "paid"}
    assert {event["auth"] for event in nobodys} == {"Logged Out"}
    about_a_user = ("firstName", "lastName", "gender", "location", "registration", "userAgent", "song")
    assert {event[key] for event in nobodys for key in about_a_user} == {None}


def test_2_files_end_without_newline(bucket):
    assert all(path.read_bytes().endswith(b"}") for path in bucket.folder.rglob("*.json"))


def test_2_a_file_holds_one_day_in_order(bucket):
    for path in bucket.logs:
        stamps = [json.loads(line)["ts"] for line in path.read_bytes().split(b"\n")]
        days = {datetime.fromtimestamp(ts / 1000, timezone.utc).strftime("%Y-%m-%d-events.json") for ts in stamps}
        assert days == {path.name}
        assert stamps == sorted(stamps)


def test_3_ts_never_ends_in_000(bucket):
    assert all(isinstance(event["ts"], int) and event["ts"] % 1000 for event in bucket.events)


def test_3_users_share_a_ts(bucket):
    users = defaultdict(set)
    for play in bucket.plays:
        users[play["ts"]].add(play["userId"])
    assert max(map(len, users.values())) > 1


def test_3_plays_on_the_edges_of_hour_and_day(bucket):
    stamps = [play["ts"] for play in bucket.plays]
    assert {HOUR - 1, 1} <= {ts % HOUR for ts in stamps}
    assert {DAY - 1, 1} <= {ts % DAY for ts in stamps}


def test_4_a_quarter_of_the_hours_or_more_has_no_plays(bucket):
    hours = {play["ts"] // HOUR for play in bucket.plays}
    played = Counter(hour // 24 for hour in hours)
    assert len(played) == len(bucket.logs)
    assert 12 < min(played.values()) <= max(played.values()) <= 18


def test_4_sessions_cross_hours_and_midnight(bucket):
    spans = [(events[0]["ts"], events[-1]["ts"]) for events in by_session(bucket.plays)]
    assert any(first // HOUR != last // HOUR for first, last in spans)
    days = {(play["ts"] // DAY, play["level"]) for play in bucket.plays if play["userId"] == "909"}
    assert sorted(level for _, level in days) == ["free", "paid", "paid"]
    assert len({day for day, _ in days}) == 2


def test_4_levels_change_within_sessions(bucket):
    changing = [events for events in by_session(bucket.plays) if len({event["level"] for event in events}) == 2]
    assert len(changing) > 3
    pages = {event["page"] for event in bucket.events}
    assert {"Submit Upgrade", "Submit Downgrade"} <= pages


def test_4_the_latest_level_hangs_on_item_in_session_as_a_number(bucket, tables):
    (tie,) = [plays for plays in by_session(bucket.plays) if [play["itemInSession"] for play in plays] == [9, 10]]
    assert tie[0]["ts"] == tie[1]["ts"]
    assert [play["level"] for play in tie] == ["paid", "free"]
    assert {user[0]: user[4] for user in tables.users}[int(tie[0]["userId"])] == "free"


def test_4_the_first_level_of_some_users_is_not_their_latest(bucket, tables):
    first = {int(play["userId"]): play["level"] for play in reversed(bucket.plays)}
    assert sum(first[user[0]] != user[4] for user in tables.users) > 3
    assert {play["level"] for play in bucket.plays if play["userId"] == "906"} == {"free", "paid"}
    assert (first[906], {user[0]: user[4] for user in tables.users}[906]) == ("free", "free")


def test_4_events_after_the_last_play_do_not_tell_a_users_level(bucket, tables):
    mine = [event for event in bucket.events if event["userId"] == "908"]
    assert [event["level"] for event in mine] == ["paid", "paid", "free"]
    assert {user[0]: user[4] for user in tables.users}[908] == "paid"


def test_a_users_name_changes(bucket, tables):
    assert {play["lastName"] for play in bucket.plays if play["userId"] == "907"} == {"Marsh", "Loxley"}
    assert {user[0]: user[2] for user in tables.users}[907] == "Loxley"


def test_5_text_is_given_as_json_numbers(bucket, tables):
    for key in ("title", "artist_name", "artist_location"):
        assert any(isinstance(song[key], int) for song in bucket.songs)
    assert {"313"} == {artist[1] for artist in tables.artists if artist[0].startswith("ARNUMNAME")}
    assert {"2046"} == {song[1] for song in tables.songs if song[0].startswith("SONUMTITLE")}


def test_5_an_artist_has_several_names_and_places(bucket, tables):
    names, places = defaultdict(set), defaultdict(set)
    for song in bucket.songs:
        names[song["artist_id"]].add(song["artist_name"])
        places[song["artist_id"]].add(song["artist_location"])
    assert sum(len(found) > 1 for found in names.values()) == 3
    assert any(len(places[artist]) > 1 for artist, found in names.items() if len(found) > 1)
    believed = {artist[0].rstrip("0"): artist[1:3] for artist in tables.artists}
    assert believed["ARBYYEAR"] == ("Marl", "Lisbon, Portugal")
    assert believed["ARBYTIE"] == ("Coin Toss", "Ohio / USA")
    assert believed["ARBYUNKNOWN"] == ("Sans Date_ Sans Date", "")


def test_5_unknown_is_null_or_empty_or_zero(bucket):
    unknown = [
        s for s in bucket.songs if s["artist_location"] == "" and s["artist_latitude"] is None and s["year"] == 0
    ]
    assert unknown
    assert all("num_songs" in song for song in unknown)


def test_6_user_agents_hold_quotes_and_commas(bucket):
    agents = {event["userAgent"] for event in bucket.events} - {None}
    assert any(agent.startswith('"') and agent.endswith('"') and "," in agent for agent in agents)
    assert any('"' not in agent for agent in agents)


def test_6_awkward_titles_are_in_the_catalogue_and_linked(bucket, tables):
    awkward = {song["title"]: song["song_id"] for song in bucket.songs if song["song_id"].startswith("SOTEXT")}
    for part in ('"', "'", "\\", "\t", "|", "{{", "\U0001f3b5"):
        assert any(part in title for title in awkward)
    assert any(title != title.strip() for title in awkward)
    assert set(awkward.values()) <= {play[4] for play in tables.songplays}


def test_6_utf8_encoded_twice(bucket):
    def spoiled(text):
        return "\u00c3\u0083\u00c2" in text

    assert any(spoiled(song["title"]) for song in bucket.songs if isinstance(song["title"], str))
    assert any(spoiled(play["song"]) for play in bucket.plays)
    assert b"\\u00c3\\u0083\\u00c2" in b"".join(path.read_bytes() for path in bucket.logs)


def test_7_jsonpaths_decide_by_position_in_bracket_notation(bucket):
    paths = json.loads((bucket.folder / "log_json_path.json").read_text())
    names = [
        "artist",
        "auth",
        "firstName",
        "gender",
        "itemInSession",
        "lastName",
        "length",
        "level",
        "location",
        "method",
        "page",
        "registration",
        "sessionId",
        "song",
        "status",
        "ts",
        "userAgent",
        "userId",
    ]
    assert paths == {"jsonpaths": [f"$['{name}']" for name in names]}
    assert all(list(event) == names for event in bucket.events)


def test_lines_are_written_as_the_app_writes_them(bucket):
    line = bucket.logs[0].read_text("ascii").split("\n")[0]
    assert '"userAgent":"Mozilla\\/5.0' in line
    assert '"registration":1540919166796.0,' in line


def test_8_backups_hold_rows_that_load_well_and_are_poison(bucket, tables):
    (log_backup,) = bucket.folder.glob("log_data/**/*.bak")
    assert log_backup.with_suffix("") in bucket.logs
    poison = [json.loads(line) for line in log_backup.read_bytes().split(b"\n")]
    assert {event["userId"] for event in poison} == {"666"}
    assert any(event["page"] == "NextSong" for event in poison)
    assert 666 not in {user[0] for user in tables.users}
    (song_backup,) = bucket.folder.glob("song_data/**/*.bak")
    assert json.loads(song_backup.read_bytes())["title"] == "Poison"
    assert "Poison" not in {song[1] for song in tables.songs}


def test_an_event_is_delivered_twice(bucket, tables):
    lines = Counter(line for path in bucket.logs for line in path.read_bytes().split(b"\n"))
    assert sorted(lines.values())[-2:] == [1, 2]
    assert tables.counts.plays == len(bucket.plays) - 1


def test_two_plays_in_one_second_are_two(bucket, tables):
    seconds = Counter((play["userId"], play["ts"] // 1000) for play in bucket.plays if play["userId"] == "903")
    assert max(seconds.values()) == 2
    moments = Counter((play[2], play[1].replace(microsecond=0)) for play in tables.songplays)
    assert moments[903, datetime(2018, 12, 1, 10, 20, 30)] == 2


def test_of_several_matching_songs_the_lowest_song_id_wins(bucket, tables):
    twins = [song for song in bucket.songs if song["title"] == "Two Of Everything"]
    assert len({(song["artist_name"], song["duration"]) for song in twins}) == 1
    assert len({song["artist_id"] for song in twins}) == 2
    assert len(twins) == 3
    assert twins[0]["song_id"] != min(song["song_id"] for song in twins) != twins[-1]["song_id"]
    linked = {play[4] for play in tables.songplays} & {song["song_id"] for song in twins}
    assert linked == {min(song["song_id"] for song in twins)}


def test_near_misses_are_played_and_not_linked(bucket, tables):
    session = [play for play in bucket.plays if play["userId"] == "901"]
    links = {play[1]: play[4] for play in tables.songplays if play[2] == 901}
    assert list(links[at] is None for at in sorted(links)) == [False] * 23 + [True] * 5
    assert [play["song"] for play in session[-5:]][:2] == ["Two Of Everything", "TWO OF EVERYTHING"]


def test_a_third_of_the_plays_match(tables):
    assert 0.28 < tables.counts.matched / tables.counts.plays < 0.45
