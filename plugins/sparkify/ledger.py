"""The record of loaded objects: which version of which object a table was filled from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparkify.copying import Files
from sparkify.objects import S3Object, split
from sparkify.warehouse import Session, unqualified


def differing(
    session: Session, table: str, staged_table: str, source: str, found: Sequence[S3Object]
) -> list[S3Object]:
    """Leave out of a listing what was loaded in that version; add, as gone, what was loaded and is not there any more.

    Args:
        session: in a transaction or not.
        table: the record to read.
        staged_table: what the objects are copied into.
        source: ``s3://bucket/prefix`` that was listed.
        found: the listing.
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
    return [one for one in found if known.get((one.bucket, one.key)) != one.etag] + gone


def note(
    session: Session, table: str, staged_table: str, objects: Sequence[S3Object], files: Files, run_id: str
) -> None:
    """Replace what is noted about a staging table by the objects that it now holds, in the caller's transaction.

    Args:
        session: in a transaction.
        table: the record to write.
        staged_table: what the objects were copied into.
        objects: those that were copied, and those that were found to be empty or gone.
        files: what COPY read and loaded of each, by address; unknown where it is missing.
        run_id: of the run that did it.
    """
    name = unqualified(staged_table)
    session.run(f"delete from {table} where staged_table = %(name)s", {"name": name})
    rows = [{**_row(found, files), "staged_table": name, "run_id": run_id} for found in objects]
    session.insert(table, rows, dated="loaded_at")


def _row(found: S3Object, files: Files) -> dict[str, Any]:
    scanned, rejected = files.get(found.url, (None, 0))
    return {
        "bucket": found.bucket,
        "object_key": found.key,
        "etag": found.etag,
        "last_modified": f"{found.last_modified:%Y-%m-%d %H:%M:%S}",
        "size_bytes": found.size,
        "lines_scanned": scanned,
        "rows_loaded": None if scanned is None else scanned - rejected,
        "day": found.day and f"{found.day:%Y-%m-%d %H:%M:%S}",
    }
