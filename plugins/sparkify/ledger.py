"""The record of loaded objects: which version of which object a table was filled from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparkify.copying import Files
from sparkify.objects import S3Object
from sparkify.warehouse import Session, unqualified

BATCH = 500  # rows in one INSERT: their values stay far below the protocol's 32,767 parameters


def versions(session: Session, table: str, staged_table: str) -> dict[tuple[str, str], str]:
    """The etag that was loaded last of every object, by bucket and key; empty of those found gone.

    Args:
        session: in a transaction or not.
        table: the record to read.
        staged_table: what the objects were copied into.
    """
    rows = session.run(
        f"select bucket, object_key, etag from {table} where staged_table = %(name)s",
        {"name": unqualified(staged_table)},
    )
    return {(bucket, key): etag for bucket, key, etag in rows}


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
    for first in range(0, len(objects), BATCH):
        values: dict[str, Any] = {"table": name, "run_id": run_id}
        rows = []
        for i, found in enumerate(objects[first : first + BATCH]):
            row = _row(found, files)
            values |= {f"{column}_{i}": value for column, value in row.items()}
            rows.append(f"({', '.join(f'%({column}_{i})s' for column in row)}, %(table)s, %(run_id)s, sysdate)")
        columns = ", ".join(_row(objects[0], files))
        session.run(
            f"insert into {table} ({columns}, staged_table, run_id, loaded_at) values {', '.join(rows)}", values
        )


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
