"""Any sequence of loads over a source that changes meanwhile: what is published is what the latest readings say.

Hypothesis draws the schedules. A schedule puts versions of log and song objects, reads ranges of hours, and publishes
what was read at once or later, after others have published: so readings overtake each other. The model keeps, for every
hour and every song object, what the latest reading saw; the oracle works out the tables from that, without SQL.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import expected_tables

DAYS = (datetime(2018, 12, 1), datetime(2018, 12, 2))
HOURS = [DAYS[1] + n * timedelta(hours=1) for n in (-2, -1, 0, 1)]  # around midnight
READ = ("prepare", "stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists",
        "load_time", "check_quality")  # fmt: skip
LATEST = 4  # operations that a publication may be behind its reading
TITLES = ("Umbrellas", "Pylons [Live]")
TABLES = ("songplays", "users", "songs", "artists", "time")


def event(user: int, hour: int, item: int, level: str, title: str, page: str = "NextSong") -> dict[str, Any]:
    ts = int((HOURS[hour] - datetime(1970, 1, 1)).total_seconds() * 1000) + 1_000 * item + 1
    return {
        "artist": "Ivo", "auth": "Logged In", "firstName": f"F{user}", "gender": "F", "itemInSession": item,
        "lastName": f"L{level}", "length": 200.5, "level": level, "location": "Here", "method": "PUT", "page": page,
        "registration": 1541022995796.0, "sessionId": 7, "song": title, "status": 200, "ts": ts, "userAgent": "ua",
        "userId": "" if user == 0 else str(user),
    }  # fmt: skip


def song(number: int, title: str, artist: int, year: int) -> dict[str, Any]:
    return {
        "artist_id": f"AR{artist}", "artist_latitude": None, "artist_location": f"from {year}",
        "artist_longitude": None, "artist_name": "Ivo" if artist < 2 else "Ivo ", "duration": 200.5, "num_songs": 1,
        "song_id": f"SO{number}", "title": title, "year": year,
    }  # fmt: skip


events = st.builds(
    event, st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.sampled_from(["free", "paid"]),
    st.sampled_from(TITLES), st.sampled_from(["NextSong", "NextSong", "NextSong", "Home"]),
)  # fmt: skip
songs = st.builds(song, st.integers(0, 2), st.sampled_from(TITLES), st.integers(0, 2), st.integers(0, 1))


@dataclass(frozen=True)
class PutLog:
    """The app replaces the objects of both days; a day without events has none."""

    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class PutSong:
    """A song object is written, changed or removed."""

    number: int
    record: dict[str, Any] | None


@dataclass(frozen=True)
class Load:
    """A run reads `[HOURS[first], HOURS[last]]`, and publishes after `late` further operations."""

    first: int
    last: int
    late: int


loads = st.builds(
    lambda a, b, late: Load(min(a, b), max(a, b), late), st.integers(0, 3), st.integers(0, 3),
    st.sampled_from([0, 0, 0, 1, 2]),
)  # fmt: skip
operations = st.one_of(
    st.builds(PutLog, st.lists(events, max_size=8).map(tuple)),
    st.builds(PutSong, st.integers(1, 2), st.none() | songs),
    loads,
    loads,
)
schedules = st.lists(operations, min_size=3, max_size=7).map(tuple)


@dataclass
class World:
    """The pipeline under test beside the model of what it must hold.

    Args:
        pipeline: with empty tables and an empty source.
    """

    pipeline: Any
    lines: list[dict[str, Any]] = field(default_factory=list)
    songs: dict[int, dict[str, Any]] = field(default_factory=dict)
    readings: int = 0
    hours: dict[datetime, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    catalog: dict[int, tuple[int, dict[str, Any] | None]] = field(default_factory=dict)

    def put_log(self, lines: tuple[dict[str, Any], ...]) -> None:
        self.lines = list(lines)
        for day in DAYS:
            key = f"log_data/{day:%Y/%m/%Y-%m-%d}-events.json"
            body = as_lines(line for line in lines if happened(line).date() == day.date())
            self.pipeline.put(key, body) if body else self.pipeline.remove(key)

    def put_song(self, number: int, record: dict[str, Any] | None) -> None:
        key = song_key(number)
        if record is None:
            self.songs.pop(number, None)
            self.pipeline.remove(key)
        else:
            self.songs[number] = record
            self.pipeline.put(key, as_lines([record]))

    def read(self, load: Load) -> Any:
        """Run everything up to the publication; returns what publishes it, here and in the model."""
        self.readings += 1
        reading, lines, songs = self.readings, list(self.lines), dict(self.songs)
        end = HOURS[load.last] + timedelta(hours=1)
        run = self.pipeline.run(HOURS[load.first].isoformat(), end.isoformat())
        for task in READ:
            run.task(task)

        def publish() -> None:
            run.task("publish")
            run.task("cleanup")
            for hour in HOURS[load.first : load.last + 1]:
                if self.hours.get(hour, (0,))[0] < reading:
                    self.hours[hour] = reading, [line for line in lines if hour_of(line) == hour]
            for number in {*songs, *self.catalog}:
                if self.catalog.get(number, (0,))[0] < reading:
                    self.catalog[number] = reading, songs.get(number)

        return publish

    def expected(self, folder: Path) -> dict[str, Counter[tuple[Any, ...]]]:
        """What the readings that were published say, worked out in plain Python."""
        for day in DAYS:
            path = folder / f"log_data/{day:%Y/%m/%Y-%m-%d}-events.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                as_lines(line for _, of in self.hours.values() for line in of if happened(line).date() == day.date())
            )
        for number, (_, record) in self.catalog.items():
            path = folder / song_key(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_lines([record])) if record else path.unlink(missing_ok=True)
        found = expected_tables(folder, HOURS[0], HOURS[-1] + timedelta(hours=1))
        return {table: Counter(map(tuple, getattr(found, table))) for table in TABLES}


def as_lines(records: Any) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def happened(line: dict[str, Any]) -> datetime:
    return datetime(1970, 1, 1) + timedelta(milliseconds=line["ts"])


def hour_of(line: dict[str, Any]) -> datetime:
    return happened(line).replace(minute=0, second=0, microsecond=0)


def song_key(number: int) -> str:
    return f"song_data/A/A/A/TR{number}.json"


def follow(world: World, schedule: tuple[Any, ...]) -> None:
    """Carry a schedule out; what is still unpublished at its end is published then."""
    late: list[tuple[int, Any]] = []
    for at, operation in enumerate(schedule):
        for due in [due for due in late if due[0] <= at]:
            late.remove(due)
            due[1]()
        if isinstance(operation, PutLog):
            world.put_log(operation.lines)
        elif isinstance(operation, PutSong):
            world.put_song(operation.number, operation.record)
        else:
            late.append((at + 1 + operation.late, world.read(operation)))
            if operation.late == 0:
                late.pop()[1]()
    for _, publish in late:
        publish()


@pytest.fixture(scope="module")
def warehouse(new_pipeline):
    """One star schema for all schedules, emptied before each."""
    made = new_pipeline()
    made.put("log_data/2018/11/2018-11-30-events.json", b"{}")  # a source without any object is an error
    made.put(
        "log_json_path.json", json.dumps({"jsonpaths": [f"$['{key}']" for key in event(1, 0, 0, "free", "x")]}).encode()
    )
    schema = made.run().task("prepare")["run_schema"]
    made.execute(f"drop schema {schema} cascade")
    yield made
    made.clear()


def emptied(pipeline: Any) -> World:
    tables = pipeline.sql("select tablename from pg_tables where schemaname = '{star}' order by 1")
    for (table,) in tables:
        if table not in ("schema_versions", "publish_mutex"):
            pipeline.execute(f'delete from {{star}}."{table}"')
    world = World(pipeline)
    for number in (1, 2):
        world.put_song(number, None)
    world.put_log(())
    world.put_song(0, song(0, TITLES[0], 0, 0))
    return world


def check(pipeline: Any, schedule: tuple[Any, ...], folder: Path) -> None:
    world = emptied(pipeline)
    try:
        follow(world, schedule)
        assert pipeline.published() == world.expected(folder)
        assert pipeline.schemas() == set()
    finally:
        for schema in pipeline.schemas():
            pipeline.execute(f"drop schema {schema} cascade")


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
@given(schedule=schedules)
def test_schedules(warehouse, schedule, tmp_path_factory, tally):
    with tally("schedules right"):
        check(warehouse, schedule, tmp_path_factory.mktemp("model"))


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=400, deadline=None, suppress_health_check=SHARED)
@given(schedule=schedules)
def test_many_schedules(warehouse, schedule, tmp_path_factory, tally):
    with tally("schedules right"):
        check(warehouse, schedule, tmp_path_factory.mktemp("model"))
