"""Writes the sample as a folder that is shaped like the source bucket."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from include.sandbox.sample.days import App, in_log_order, timestamp
from include.sandbox.sample.odd_songs import odd_songs
from include.sandbox.sample.session import Event
from include.sandbox.sample.songs import Song
from include.sandbox.sample.traps import planted

SEED = 2018
FIRST_DAY = date(2018, 12, 1)
DAYS = 7
JSONPATHS_KEY = "log_json_path.json"


@dataclass(frozen=True)
class Sample:
    """What was written.

    Args:
        folder: the bucket-shaped folder.
        start: begin of the first day, UTC.
        end: end of the last day, UTC; the events lie in the half-open interval.
        events: lines in all log objects.
        songs: song objects.
    """

    folder: Path
    start: datetime
    end: datetime
    events: int
    songs: int


def generate(folder: Path, seed: int = SEED, days: int = DAYS, first_day: date = FIRST_DAY) -> Sample:
    """Write log_data/, song_data/ and the jsonpaths file; the same arguments give the same bytes everywhere.

    Args:
        folder: where to write; made if missing.
        seed: decides all that is invented; the traps are there with every seed.
        days: how many UTC days of events, from 1.
        first_day: the first of them.

    Raises:
        FileExistsError: the folder holds something already, which would mix with the sample.
        ValueError: `days` is less than 1.
    """
    if days < 1:
        raise ValueError(f"days is {days}: a sample has at least one day")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: give an empty folder, or remove what it holds")
    app = App.of(seed)
    songs = [*app.catalogue, *odd_songs()]
    _write_songs(folder, songs)
    events = _write_logs(folder, app, [first_day + timedelta(days=number) for number in range(days)])
    _put(folder, JSONPATHS_KEY, json.dumps({"jsonpaths": [f"$['{key}']" for key in Event.__annotations__]}, indent=4))
    start = datetime.fromtimestamp(timestamp(first_day) / 1000, timezone.utc)
    return Sample(folder, start, start + timedelta(days=days), events, len(songs))


def marker_keys(folder: Path) -> list[str]:
    """Trap 8: list the zero-byte folder-marker objects that the bucket has and a folder of files cannot.

    Consoles make such an object, "log_data/2018/", for a folder. Whoever seeds a bucket from the folder puts an empty
    object at each of these keys.

    Args:
        folder: a bucket-shaped folder.
    """
    below = (path for prefix in ("log_data", "song_data") for path in (folder / prefix, *(folder / prefix).rglob("*")))
    return sorted(f"{path.relative_to(folder).as_posix()}/" for path in below if path.is_dir())


def log_key(day: date) -> str:
    """Name the object that holds a UTC day's events."""
    return f"log_data/{day:%Y}/{day:%m}/{day:%Y-%m-%d}-events.json"


def as_lines(records: Iterable[Mapping[str, object]]) -> str:
    """Write records as the app does: an object a line, ASCII, slashes escaped, no newline at the end (Trap 2)."""
    return "\n".join(json.dumps(record, separators=(",", ":")).replace("/", "\\/") for record in records)


def _write_logs(folder: Path, app: App, days: Sequence[date]) -> int:
    traps = planted(days[0], app.catalogue)
    written = 0
    for day in days:
        ours = [event for event in traps if 0 <= event["ts"] - timestamp(day) < 86_400_000]
        events = in_log_order([*app.events_of(day), *ours])
        _put(folder, log_key(day), as_lines(events))
        written += len(events)
    _put(folder, log_key(days[0]) + ".bak", as_lines(_poisoned(event) for event in app.events_of(days[0])))
    return written


def _write_songs(folder: Path, songs: Sequence[Song]) -> None:
    for song in songs:
        _put(folder, song.key, as_lines([song.metadata()]))
    poison = replace(songs[0], song_id="SOPOISON0000000000", title="Poison")
    _put(folder, songs[0].key + ".bak", as_lines([poison.metadata()]))


def _poisoned(event: Event) -> Event:
    """Trap 8: a row that loads well, and that no table may hold."""
    return {**event, "userId": "666", "firstName": "Poison", "auth": "Logged In"}


def _put(folder: Path, key: str, text: str) -> None:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
