"""The oracle itself, on inputs small enough to work out by hand."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.oracle import expected_tables

DAY = datetime(2018, 12, 2)  # a Sunday, in ISO week 48
TS = 1543708800000  # its midnight

EVENT = {
    "artist": None, "auth": "Logged In", "firstName": "Ida", "gender": "F", "itemInSession": 0, "lastName": "Quill",
    "length": None, "level": "free", "location": "Elm Harbor, ME", "method": "PUT", "page": "NextSong",
    "registration": 1540919166796.0, "sessionId": 1, "song": None, "status": 200, "ts": TS + 1, "userAgent": '"Moz, x"',
    "userId": "7",
}  # fmt: skip
SONG = {
    "artist_id": "AR1", "artist_latitude": None, "artist_location": "", "artist_longitude": None, "artist_name": "Marl",
    "duration": 200.5, "num_songs": 1, "song_id": "SO1", "title": "Silt", "year": 0,
}  # fmt: skip
MATCHING = {"song": "Silt", "artist": "Marl", "length": 200.5}


@pytest.fixture
def load(tmp_path):
    """Write events and songs, each given by how it differs from the usual one, and work out a day's tables."""

    def put(key, text):
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(events=(), songs=(), start=DAY, end=DAY + timedelta(days=1)):
        put("log_data/2018/12/2018-12-02-events.json", "\n".join(json.dumps(EVENT | event) for event in events))
        for number, song in enumerate(songs):
            put(f"song_data/A/A/A/TRAAA{number}.json", json.dumps(SONG | song))
        return expected_tables(tmp_path, start, end)

    run.put = put
    return run


def test_a_play_by_hand(load):
    # the id: printf "7|1|0|1543795199999" | md5sum
    tables = load([MATCHING | {"ts": 1543795199999}], [{}])
    start = datetime(2018, 12, 2, 23, 59, 59, 999000)
    assert tables.songplays == [
        ("88d13cae7f948de1cfe8d7fc7308fb2d", start, 7, "free", "SO1", "AR1", 1, "Elm Harbor, ME", '"Moz, x"'),
    ]
    assert tables.users == [(7, "Ida", "Quill", "F", "free")]
    assert tables.songs == [("SO1", "Silt", "AR1", 0, 200.5)]
    assert tables.artists == [("AR1", "Marl", "", None, None)]
    assert tables.time == [(start, 23, 2, 48, 12, 2018, 0)]


def test_songplay_id_is_the_md5_of_the_identity(load):
    # printf '39|38|0|1541105830796' | md5sum
    event = {"userId": "39", "sessionId": 38, "itemInSession": 0, "ts": 1541105830796}
    tables = load([event], start=datetime(2018, 11, 1), end=datetime(2018, 11, 2))
    assert tables.songplays[0][0] == "b154e0b4046f4d73e2589e21357a46e3"


def test_only_plays_of_users_count(load):
    tables = load([{"page": "Home"}, {"userId": ""}, {"ts": TS + 2}])
    assert (tables.counts.events, tables.counts.nobody, tables.counts.plays) == (3, 1, 1)
    assert len(tables.time) == len(tables.users) == 1


def test_the_interval_is_half_open(load):
    events = [{"ts": ts} for ts in (TS - 1, TS, TS + 3_600_000 - 1, TS + 3_600_000)]
    tables = load(events, start=DAY, end=DAY + timedelta(hours=1))
    assert [row[0] for row in tables.time] == [DAY, DAY + timedelta(hours=1, milliseconds=-1)]
    assert (tables.counts.event_lines, tables.counts.events, tables.counts.hours_with_plays) == (4, 2, 1)


def test_aware_and_naive_bounds_agree(load):
    zone = timezone(timedelta(hours=2))
    aware = load([{}], start=datetime(2018, 12, 2, 2, tzinfo=zone), end=datetime(2018, 12, 2, 3, tzinfo=zone))
    assert aware == load([{}], end=DAY + timedelta(hours=1))
    assert aware.counts.plays == 1


def test_one_event_delivered_twice_is_one_play(load):
    assert load([{}, {}]).counts.plays == 1


def test_of_unequal_deliveries_the_greatest_wins(load):
    tables = load(
        [{"level": "free", "location": "Z"}, {"level": "paid", "location": "A"}, {"level": "paid", "location": "B"}]
    )
    assert [(row[3], row[7]) for row in tables.songplays] == [("paid", "B")]
    assert tables.users[0][4] == "paid"


def test_the_latest_play_tells_what_a_user_is_like(load):
    late = {"ts": TS + 9}
    tables = load(
        [
            late | {"sessionId": 2, "itemInSession": 9, "level": "free", "lastName": "Old"},
            late | {"sessionId": 2, "itemInSession": 10, "level": "paid", "lastName": "New"},
            late | {"sessionId": 1, "itemInSession": 11, "level": "free", "lastName": "Other"},
            {"ts": TS + 8, "sessionId": 3, "level": "free", "lastName": "Older"},
            {"ts": TS + 10, "page": "Home", "level": "free", "lastName": "No play"},
            {"userId": "10"},
        ]
    )
    assert tables.users == [(7, "Ida", "New", "F", "paid"), (10, "Ida", "Quill", "F", "free")]
    assert sorted(row[3] for row in tables.songplays) == ["free", "free", "free", "free", "paid"]


@pytest.mark.parametrize(
    "differing",
    [
        {"song": "silt"},
        {"song": "Silt "},
        {"artist": "MARL"},
        {"length": 200.50001},
        {"length": None},
        {"artist": None},
    ],
)
def test_no_link_unless_title_artist_and_duration_are_the_same(load, differing):
    tables = load([MATCHING, MATCHING | {"ts": TS + 2} | differing], [{}])
    assert sorted((row[4] for row in tables.songplays), key=str) == [None, "SO1"]
    assert tables.counts.matched == 1


def test_the_lowest_song_id_wins(load):
    songs = [{"song_id": song_id, "artist_id": f"AR{song_id}"} for song_id in ("SO3", "SO2", "SO4")]
    assert load([MATCHING], songs).songplays[0][4:6] == ("SO2", "ARSO2")


def test_a_play_matches_the_name_that_the_song_spells(load):
    tables = load(
        [MATCHING], [{"year": 1990}, {"song_id": "SO2", "title": "Sand", "artist_name": "Marl & Co", "year": 2010}]
    )
    assert tables.songplays[0][4] == "SO1"
    assert [artist[1] for artist in tables.artists] == ["Marl & Co"]


@pytest.mark.parametrize(
    ("years", "name"),
    [((1990, 2010, 0), "B"), ((2010, 2010, 1999), "A"), ((0, 0, 0), "A"), ((None, 0, 1), "C")],
)
def test_the_newest_song_then_the_lowest_id_speaks_for_the_artist(load, years, name):
    songs = [
        {"song_id": f"SO{n}", "artist_name": n, "artist_latitude": 1.5, "year": y}
        for n, y in zip("ABC", years, strict=True)
    ]
    assert load(songs=songs).artists == [("AR1", name, "", 1.5, None)]
    assert load(songs=songs[::-1]).artists == [("AR1", name, "", 1.5, None)]


def test_two_objects_of_one_song_are_one_song(load):
    tables = load(songs=[{"title": "Silt"}, {"title": "Silt (Live)"}])
    assert tables.songs == [("SO1", "Silt (Live)", "AR1", 0, 200.5)]
    assert tables.counts.song_objects == 2


def test_numbers_in_text_fields_are_their_digits(load):
    tables = load([MATCHING | {"artist": "112"}], [{"artist_name": 112, "artist_location": 27}])
    assert tables.artists == [("AR1", "112", "27", None, None)]
    assert tables.counts.matched == 1


def test_only_objects_named_like_the_apps_are_read(load):
    for key in (
        "log_data/2018/12/2018-12-02-events.json.bak",
        "log_data/2018/11/2018-12-02-events.json",
        "log_data/2018/12/events.json",
    ):
        load.put(key, "not JSON")
    load.put("song_data/A/A/A/TRAAA.json.bak", "not JSON")
    assert load([{}], [{}]).counts.event_lines == 1


def test_time_parts_at_the_turn_of_a_year(load):
    monday = datetime(2018, 12, 31, 5, 0, 0, 1000)
    tables = load([{"ts": 1546232400001}], start=DAY, end=datetime(2019, 1, 1))
    assert tables.time == [(monday, 5, 31, 1, 12, 2018, 1)]
