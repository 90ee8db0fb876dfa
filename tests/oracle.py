"""What the published tables must hold, worked out from a bucket-shaped folder in plain Python.

Nothing here comes from the pipeline: no SQL, no import from it. Input is taken to be well formed; what is not raises.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]

LOG_KEY = re.compile(r"log_data/(\d{4})/(\d\d)/\1-\2-\d\d-events\.json")
SONG_KEY = re.compile(r"song_data/[^/]+/[^/]+/[^/]+/[^/]+\.json")


class Number(str):
    """A JSON number as it was written: a text column takes its digits, a numeric one its value."""


@dataclass(frozen=True)
class Counts:
    """Figures of a load.

    `event_lines` counts all lines of all log objects, `song_objects` all song objects; the others count within the
    interval: `events` lines, `nobody` lines without a user, `plays` rows of songplays, `matched` those with a song,
    `hours_with_plays` hours that have one or more.
    """

    event_lines: int
    song_objects: int
    events: int
    nobody: int
    plays: int
    matched: int
    hours_with_plays: int


@dataclass(frozen=True)
class Tables:
    """The rows of each table as a sorted list of tuples, columns in the contract's order; None is SQL's NULL."""

    songplays: list[Row]
    users: list[Row]
    songs: list[Row]
    artists: list[Row]
    time: list[Row]
    counts: Counts


@dataclass(frozen=True)
class Play:
    """A NextSong event of a user."""

    user: int
    session: int
    item: int
    ts: int
    level: str | None
    location: str | None
    user_agent: str | None
    song: str | None
    artist: str | None
    length: Decimal | None
    first_name: str | None
    last_name: str | None
    gender: str | None

    @property
    def songplay_id(self) -> str:
        identity = f"{self.user}|{self.session}|{self.item}|{self.ts}"
        return hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()

    @property
    def start_time(self) -> datetime:
        return datetime(1970, 1, 1) + timedelta(milliseconds=self.ts)

    @property
    def precedence(self) -> Row:
        """Of deliveries of one event that differ, the one with the greatest precedence is the play."""
        return _comparable(self.level, self.location, self.user_agent, self.song, self.artist, self.length)

    @property
    def recency(self) -> Row:
        """The play with the greatest recency says what a user is like."""
        described = _comparable(self.level, self.first_name, self.last_name, self.gender)
        return (self.ts, self.session, self.item, *described)


@dataclass(frozen=True)
class Song:
    """A song as one object describes it."""

    song_id: str
    title: str | None
    artist_id: str | None
    year: int | None
    duration: Decimal | None
    artist_name: str | None
    artist_location: str | None
    latitude: float | None
    longitude: float | None

    @property
    def precedence(self) -> Row:
        """Of objects that describe one song_id differently, the one with the greatest precedence is the song."""
        return _comparable(*vars(self).values())


def expected_tables(folder: Path, start: datetime, end: datetime) -> Tables:
    """Work out what a load of the half-open interval [start, end) publishes.

    Args:
        folder: holds log_data/ and song_data/; only objects named as the app names them are read.
        start: first instant; UTC if naive.
        end: first instant that is not loaded; UTC if naive.
    """
    events = [_record(line) for path in _objects(folder, LOG_KEY) for line in path.read_bytes().splitlines()]
    inside = [event for event in events if _ms(start) <= int(event["ts"]) < _ms(end)]
    deliveries = [_play(event) for event in inside if event["page"] == "NextSong" and event["userId"]]
    plays = list({play.songplay_id: play for play in sorted(deliveries, key=lambda play: play.precedence)}.values())
    objects = [_song(_record(path.read_bytes())) for path in _objects(folder, SONG_KEY)]
    songs = list({song.song_id: song for song in sorted(objects, key=lambda song: song.precedence)}.values())
    songplays = _songplays(plays, songs)
    counts = Counts(
        event_lines=len(events),
        song_objects=len(objects),
        events=len(inside),
        nobody=sum(not event["userId"] for event in inside),
        plays=len(plays),
        matched=sum(row[4] is not None for row in songplays),
        hours_with_plays=len({play.ts // 3_600_000 for play in plays}),
    )
    return Tables(songplays, _users(deliveries), _songs(songs), _artists(songs), _time(plays), counts)


def _objects(folder: Path, key: re.Pattern[str]) -> list[Path]:
    files = [path for path in folder.rglob("*.json") if key.fullmatch(path.relative_to(folder).as_posix())]
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def _record(line: bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(line, parse_int=Number, parse_float=Number)
    return record


def _ms(moment: datetime) -> Decimal:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return Decimal((aware - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)) / 1000


def _comparable(*values: object) -> Row:
    """Order texts by their bytes (which is by code point) and None after everything, as a descending sort in SQL."""
    return tuple((value is None, "" if value is None else value) for value in values)


def _play(event: dict[str, Any]) -> Play:
    return Play(
        user=int(event["userId"]),
        session=int(event["sessionId"]),
        item=int(event["itemInSession"]),
        ts=int(event["ts"]),
        level=event["level"],
        location=event["location"],
        user_agent=event["userAgent"],
        song=event["song"],
        artist=event["artist"],
        length=_decimal(event["length"]),
        first_name=event["firstName"],
        last_name=event["lastName"],
        gender=event["gender"],
    )


def _song(record: dict[str, Any]) -> Song:
    return Song(
        song_id=str(record["song_id"]),
        title=record["title"],
        artist_id=record["artist_id"],
        year=None if record["year"] is None else int(record["year"]),
        duration=_decimal(record["duration"]),
        artist_name=record["artist_name"],
        artist_location=record["artist_location"],
        latitude=_float(record["artist_latitude"]),
        longitude=_float(record["artist_longitude"]),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _float(text: str | Decimal | None) -> float | None:
    return None if text is None else float(text)


def _songplays(plays: Iterable[Play], songs: Iterable[Song]) -> list[Row]:
    lowest = {(s.title, s.artist_name, s.duration): s for s in sorted(songs, key=lambda s: s.song_id, reverse=True)}
    rows = []
    for play in plays:
        key = (play.song, play.artist, play.length)
        song = None if None in key else lowest.get(key)
        link = (song.song_id, song.artist_id) if song else (None, None)
        start = (play.songplay_id, play.start_time, play.user, play.level)
        rows.append((*start, *link, play.session, play.location, play.user_agent))
    return sorted(rows, key=lambda row: row[0])


def _users(deliveries: Iterable[Play]) -> list[Row]:
    latest = {play.user: play for play in sorted(deliveries, key=lambda play: play.recency)}
    return [(user, p.first_name, p.last_name, p.gender, p.level) for user, p in sorted(latest.items())]


def _songs(songs: Iterable[Song]) -> list[Row]:
    return sorted((s.song_id, s.title, s.artist_id, s.year, _float(s.duration)) for s in songs)


def _artists(songs: Iterable[Song]) -> list[Row]:
    """An artist is as the newest song says: the highest year, then the lowest song_id."""
    by_rank = sorted(sorted(songs, key=lambda s: s.song_id, reverse=True), key=lambda s: s.year or 0)
    newest = {s.artist_id: s for s in by_rank}
    rows = [(s.artist_id, s.artist_name, s.artist_location, s.latitude, s.longitude) for s in newest.values()]
    return sorted(rows, key=lambda row: row[0])


def _time(plays: Iterable[Play]) -> list[Row]:
    return [_parts(moment) for moment in sorted({play.start_time for play in plays})]


def _parts(at: datetime) -> Row:
    """Split a moment as Redshift's EXTRACT does: ISO weeks, weekday 0 is Sunday."""
    return (at, at.hour, at.day, at.isocalendar()[1], at.month, at.year, at.isoweekday() % 7)
