"""What the source bucket is filled from, the sample or a DATA folder, and which hours it covers."""

from __future__ import annotations

import functools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING

from include import moments
from include.sandbox.aws import SOURCE_BUCKET, objects_below
from include.sandbox.objects import FOLDER, BucketFolder, body, take_over
from include.sandbox.sample import generate, marker_keys
from include.sandbox.state import SandboxError, State

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SAMPLE = "sample"
EVENTS, SONGS, JSONPATHS_KEY = "log_data", "song_data", "log_json_path.json"
LOG_KEY = re.compile(rf"{EVENTS}/(?:.*/)?(\d{{4}}-\d{{2}}-\d{{2}})-events\.json")
TIMESTAMP = re.compile(rb'"ts"\s*:\s*(\d{13})\b')


def resolve(state: State, data: str | None) -> str:
    """Decides what the bucket is to be filled from.

    Args:
        state: what it holds already.
        data: the folder asked for; None for what is there, the sample if nothing is.

    Returns:
        `sample`, or the absolute path of a bucket-shaped folder.

    Raises:
        SandboxError: other data is there, or the folder is not bucket-shaped.
    """
    wanted = str(require_bucket_shape(Path(data))) if data else state.source or SAMPLE
    if state.source and wanted != state.source:
        raise SandboxError(
            f"DATA={data} is not what the sandbox holds, which is {_described(state.source)}. "
            "`make clean` forgets that; then run again."
        )
    return wanted


def require_bucket_shape(folder: Path) -> Path:
    """Returns the absolute path of a folder that has what the source bucket has.

    Raises:
        SandboxError: it lacks something; the message lists all that it lacks.
    """
    if not folder.is_dir():
        raise SandboxError(f"DATA={folder} is not a folder.")
    lacks = [
        *([] if any(folder.glob(f"{EVENTS}/**/*.json")) else [f"{EVENTS}/ with files named YYYY-MM-DD-events.json"]),
        *([] if any(folder.glob(f"{SONGS}/**/*.json")) else [f"{SONGS}/ with .json files"]),
        *([] if (folder / JSONPATHS_KEY).is_file() else [JSONPATHS_KEY]),
    ]
    if lacks:
        raise SandboxError(f"DATA={folder} is not shaped like the source bucket: it has no {'; no '.join(lacks)}.")
    return folder.resolve()


def fill(state: State, source: str) -> int:
    """Brings the bucket's folder up to date with what it is filled from; the AWS stand-in must not be running.

    Returns:
        How many objects are new or changed.
    """
    take_over(state.root)
    bucket = source_bucket(state)
    changed = sum(bucket.copy(key, path) for key, path in _wanted(state, source))
    state.source = source
    state.save()
    return changed


def upload(state: State, source: str, s3: S3Client) -> int:
    """Brings the bucket up to date through S3; see `fill`."""
    there = {found["Key"]: found["ETag"].strip('"') for found in objects_below(s3, SOURCE_BUCKET)}
    changed = 0
    for key, path in _wanted(state, source):
        body = path.read_bytes()
        if there.get(key) != md5(body, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=body)
            changed += 1
    state.source = source
    state.save()
    return changed


def _wanted(state: State, source: str) -> Iterator[tuple[str, Path]]:
    """Yields key and file of everything that belongs into the bucket; makes the sample if it is not there yet."""
    if source != SAMPLE:
        yield from objects(Path(source))
        return
    sample = state.root / SAMPLE
    if not sample.exists():
        draft = state.root / f"{SAMPLE}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        generate(draft)
        draft.rename(sample)
    yield from objects(sample)
    empty = state.root / "empty"
    empty.write_bytes(b"")
    yield from ((key, empty) for key in marker_keys(sample))


def objects(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yields key and file of everything in a bucket-shaped folder that belongs into the bucket."""
    yield JSONPATHS_KEY, folder / JSONPATHS_KEY
    for prefix in (EVENTS, SONGS):
        for path in sorted((folder / prefix).rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path


def source_bucket(state: State) -> BucketFolder:
    """Returns the source bucket as it lies on disk."""
    return BucketFolder(state.root / FOLDER / SOURCE_BUCKET)


def covered(state: State) -> tuple[datetime, datetime]:
    """Returns the half-open interval of whole UTC days that the log objects of the bucket's source cover.

    It ends with the last full hour, as runs do: today's object grows.

    Raises:
        SandboxError: no log object is named by its day.
    """
    days = sorted(match[1] for key, _ in _source_objects(state) if (match := LOG_KEY.fullmatch(key)))
    if not days:
        raise SandboxError(f"No object below {EVENTS}/ is named YYYY-MM-DD-events.json, so there is nothing to load.")
    first, last = (datetime.fromisoformat(day).replace(tzinfo=timezone.utc) for day in (days[0], days[-1]))
    return first, min(last + timedelta(days=1), last_full_hour())


def last_full_hour() -> datetime:
    """Returns the end of the last hour that is over, in UTC; no run may end later."""
    return datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)


def busiest_hours(state: State, start: datetime, end: datetime, count: int) -> tuple[datetime, datetime]:
    """Returns the half-open interval of at most `count` whole hours between two moments that has the most events."""
    hours: Counter[int] = Counter()
    for key, read in _source_objects(state):
        match = LOG_KEY.fullmatch(key)
        if match and start.date() <= datetime.fromisoformat(match[1]).date() <= end.date():
            hours.update(int(found) // 3_600_000 for found in TIMESTAMP.findall(read()))
    first, last = int(start.timestamp()) // 3600, int(end.timestamp()) // 3600
    best = max(range(first, max(last - count, first) + 1), key=lambda hour: sum(hours[hour + i] for i in range(count)))
    return _hour(best), _hour(min(best + count, last))


def moment(text: str, name: str) -> datetime:
    """Reads an ISO 8601 date or date-time; without an offset it is UTC.

    Raises:
        SandboxError: it is none, or not a whole hour.
    """
    try:
        utc = moments.moment(text)
    except ValueError as error:
        raise SandboxError(f"{name}={error}") from error
    if utc.timestamp() % 3600:
        raise SandboxError(f"{name}={text} is not a whole hour in UTC.")
    return utc


def _source_objects(state: State) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yields key and a way to read the bytes of what was filled in; not what the live feed has written since."""
    if state.source == SAMPLE:
        yield from ((key, path.read_bytes) for key, path in objects(state.root / SAMPLE))
    else:
        yield from ((kept.key, functools.partial(body, path)) for kept, path in source_bucket(state))


def _hour(number: int) -> datetime:
    return datetime.fromtimestamp(number * 3600, timezone.utc)


def _described(source: str) -> str:
    return "the sample" if source == SAMPLE else source
