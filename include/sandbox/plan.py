"""What a backfill would do: its runs, the objects that they would read, and what of it is loaded. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from include.sandbox.aws import SOURCE_BUCKET, objects_below
from include.sandbox.data import EVENTS, LOG_KEY, SONGS
from include.sandbox.services import pipeline_client, recorded
from include.sandbox.state import SandboxError, State

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Planned:
    """One day of the range.

    Args:
        day: its date, ISO 8601.
        hours: how many of its hours the range covers.
        loaded: how many of these are published.
        key: its object; empty if there is none.
        size: bytes of the object.
        outcome: what is known of it: `new`, `changed` since some of these hours were published, `unchanged`, `none`.
    """

    day: str
    hours: int
    loaded: int
    key: str
    size: int
    outcome: str


def print_plan(console: Console, state: State, start: datetime, end: datetime, *, hourly: bool) -> None:
    """Prints the plan of a backfill.

    Args:
        console: where to.
        state: of the running sandbox.
        start: first moment, in UTC, a whole hour.
        end: first moment after the range.
        hourly: whether every hour would be a run of its own.
    """
    hours = (end - start) // HOUR
    runs = f"{hours:,} runs of an hour each" if hourly else f"1 run of {hours:,} hours"
    console.print(f"[{start:%Y-%m-%dT%H:%MZ}, {end:%Y-%m-%dT%H:%MZ}): {runs}", highlight=False, markup=False)
    table = Table("day", "hours", "loaded", "object", "bytes", "the object is", box=SIMPLE)
    planned = list(plan(state, start, end))
    for row in planned:
        numbers = f"{row.hours}", f"{row.loaded}"
        table.add_row(row.day, *numbers, row.key or "-", f"{row.size:,}", row.outcome)
    console.print(table)
    there = [row for row in planned if row.key]
    loaded = sum(row.loaded for row in planned)
    console.print(f"Log objects: {len(there):,}, {sum(row.size for row in there):,} bytes", highlight=False)
    console.print(f"Hours loaded already: {loaded:,} of {hours:,}; they would be loaded again", highlight=False)
    console.print(f"Song objects: {_songs(state)}", highlight=False)
    console.print("Nothing was changed.")


def plan(state: State, start: datetime, end: datetime) -> Iterator[Planned]:
    """Yields every day of a half-open range of whole hours, in UTC."""
    objects = {match[1]: found for found in _objects(state, EVENTS) if (match := LOG_KEY.fullmatch(found["Key"]))}
    published = {hour.strftime("%Y-%m-%dT%H"): etag for hour, etag in recorded(state, "loaded_hours", "hour, etag")}
    day = start.replace(hour=0)
    while day < end:
        covered = [hour for n in range(24) if start <= (hour := day + n * HOUR) < end]
        versions = [published[name] for hour in covered if (name := f"{hour:%Y-%m-%dT%H}") in published]
        found = objects.get(f"{day:%Y-%m-%d}", {})
        outcome = _outcome(_etag(found), versions)
        yield Planned(
            f"{day:%Y-%m-%d}", len(covered), len(versions), found.get("Key", ""), found.get("Size", 0), outcome
        )
        day += DAY


def require_source(state: State) -> None:
    """Makes sure that the source bucket can be listed: what is not seen would pass for unchanged.

    Raises:
        SandboxError: it cannot.
    """
    _objects(state, EVENTS)


def _outcome(etag: str, versions: Sequence[str | None]) -> str:
    if not etag and not any(versions):
        return "none"
    if not versions:
        return "new"
    return "unchanged" if all(version == etag for version in versions) else "changed"


def _songs(state: State) -> str:
    listed = _objects(state, SONGS)
    there = {found["Key"]: found for found in listed if found["Key"].endswith(".json") and found["Size"]}
    rows = recorded(state, "loaded_objects", "object_key, etag", "staged_table = 'staging_songs' and etag <> ''")
    known = {key: etag for key, etag in rows}
    unread = [found for key, found in there.items() if known.get(key) != _etag(found)]
    gone = known.keys() - there.keys()
    size = sum(found["Size"] for found in unread)
    return (
        f"{len(there):,}, of which {len(unread):,} new or changed ({size:,} bytes) would be copied; {len(gone):,} gone"
    )


def _objects(state: State, prefix: str) -> list[ObjectTypeDef]:
    try:
        return list(objects_below(pipeline_client(state, "s3"), SOURCE_BUCKET, f"{prefix}/"))
    except (BotoCoreError, ClientError) as error:
        raise SandboxError(
            f"s3://{SOURCE_BUCKET}/{prefix}/ cannot be listed, so it is not known what has changed: {error}\n"
            "Make the bucket again if it is gone (`make down`, then `make up`), and fill it: "
            "`python -m include.sandbox seed`."
        ) from error


def _etag(found: Mapping[str, Any]) -> str:
    return str(found.get("ETag", "")).strip('"')
