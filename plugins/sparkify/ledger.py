"""The record of loaded objects: which version of which object a table was filled from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from sparkify.addresses import split
from sparkify.inspection import Inspection
from sparkify.interval import timestamp
from sparkify.objects import S3Object
from sparkify.warehouse import Session, unqualified

NAMED = 10  # objects that a message names


@dataclass(frozen=True)
class Staged:
    """What became of one object.

    Attributes:
        found: the object.
        lines: that COPY scanned; None if the warehouse has not told.
        rows: that were loaded of it and are kept.
        rejected: records that are in quarantine instead.
        inspection: what was seen in it; None if nobody looked.
    """

    found: S3Object
    lines: int | None = None
    rows: int | None = None
    rejected: int | None = None
    inspection: Inspection | None = None


def differing(
    session: Session, table: str, staged_table: str, source: str, found: Sequence[S3Object], again: Collection[str] = ()
) -> list[S3Object]:
    """Leave out of a listing what was loaded in that version; add, as gone, what was loaded and is not there any more.

    Args:
        session: in a transaction or not.
        table: the record to read.
        staged_table: what the objects are copied into.
        source: ``s3://bucket/prefix`` that was listed.
        found: the listing.
        again: addresses of objects that count as changed.

    Raises:
        AirflowFailException: one of those is not there.
    """
    rows = session.run(
        f"select bucket, object_key, etag from {table} where staged_table = %(name)s",
        {"name": unqualified(staged_table)},
    )
    known = {(bucket, key): etag for bucket, key, etag in rows}
    there = {(one.bucket, one.key) for one in found}
    bucket, prefix = split(source)
    gone = [
        S3Object(bucket, key)
        for (of, key), etag in known.items()
        if etag and of == bucket and key.startswith(prefix) and (of, key) not in there
    ]
    _require_there(again, source, {one.url for one in [*found, *gone]})
    return [one for one in found if known.get((one.bucket, one.key)) != one.etag or one.url in again] + gone


def _require_there(again: Collection[str], source: str, there: Collection[str]) -> None:
    unknown = [url for url in again if url not in there]
    if unknown:
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        raise AirflowFailException(
            f"{len(unknown):,} of {len(again):,} objects to replay are not among those that are loaded from {source}: "
            f"{', '.join(map(repr, unknown[:NAMED]))}{more}. Nothing was loaded. Give addresses (s3://bucket/key) of "
            "objects that are there, as the quarantine has them. Events are replayed by a run over their day, without "
            "this."
        )


def inspections(session: Session, table: str, found: Sequence[S3Object]) -> dict[S3Object, Inspection]:
    """What was seen in objects that were loaded before in the same version.

    Args:
        session: in a transaction or not.
        table: the record to read.
        found: the objects.
    """
    if not found:
        return {}
    named = {f"key_{n}": one.key for n, one in enumerate(found)}
    rows = session.run(
        f"select bucket, object_key, etag, inspection from {table} where inspection is not null and object_key in "
        f"({', '.join(f'%({name})s' for name in named)})",
        named,
    )
    known = {(bucket, key, etag): text for bucket, key, etag, text in rows}
    versions = {one: known.get((one.bucket, one.key, one.etag)) for one in found}
    return {one: Inspection.parse(text) for one, text in versions.items() if text}


def note(session: Session, table: str, staged_table: str, staged: Sequence[Staged], run_id: str) -> None:
    """Replace what is noted about a staging table by the objects that it now holds, in the caller's transaction.

    Args:
        session: in a transaction.
        table: the record to write.
        staged_table: what the objects were copied into.
        staged: the objects that were copied, and those that were found to be empty or gone.
        run_id: of the run that did it.
    """
    name = unqualified(staged_table)
    session.run(f"delete from {table} where staged_table = %(name)s", {"name": name})
    rows = [{**_row(one), "staged_table": name, "run_id": run_id} for one in staged]
    session.insert(table, rows, dated="loaded_at")


def _row(staged: Staged) -> dict[str, Any]:
    found, seen = staged.found, staged.inspection
    return {
        "bucket": found.bucket,
        "object_key": found.key,
        "etag": found.etag,
        "last_modified": timestamp(found.last_modified),
        "size_bytes": found.size,
        "lines_scanned": staged.lines,
        "rows_loaded": staged.rows,
        "records_rejected": staged.rejected,
        "inspection": None if seen is None or seen.record_keys else seen.text(),
        "day": found.day and timestamp(found.day),
    }
