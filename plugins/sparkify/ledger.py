"""The record of loaded objects: which version of which object a table was filled from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparkify.objects import S3Object
from sparkify.warehouse import Session, unqualified

BATCH = 500  # rows in one INSERT: nine values a row stay far below the protocol's 32,767 parameters


def versions(session: Session, table: str) -> dict[tuple[str, str], str]:
    """The etag that was loaded last of every object, by bucket and key."""
    rows = session.run(f"select bucket, object_key, etag from {table}")
    return {(bucket, key): etag for bucket, key, etag in rows}


def note(
    session: Session, table: str, staged_table: str, objects: Sequence[S3Object], lines: dict[str, int], run_id: str
) -> None:
    """Replace what is noted about a staging table by the objects that it now holds, in the caller's transaction.

    Args:
        session: in a transaction.
        table: the record to write.
        staged_table: what the objects were copied into.
        objects: those that were copied.
        lines: how many lines COPY read of each, by address; unknown where it is missing.
        run_id: of the run that did it.
    """
    name = unqualified(staged_table)
    session.run(f"delete from {table} where staged_table = %(name)s", {"name": name})
    for first in range(0, len(objects), BATCH):
        values: dict[str, Any] = {"table": name, "run_id": run_id}
        rows = []
        for i, found in enumerate(objects[first : first + BATCH]):
            values |= {f"b{i}": found.bucket, f"k{i}": found.key, f"e{i}": found.etag, f"s{i}": found.size}
            values |= {f"l{i}": lines.get(found.url), f"m{i}": f"{found.last_modified:%Y-%m-%d %H:%M:%S}"}
            rows.append(f"(%(b{i})s, %(k{i})s, %(e{i})s, %(m{i})s, %(s{i})s, %(l{i})s, %(table)s, %(run_id)s, sysdate)")
        session.run(
            f"insert into {table} "
            "(bucket, object_key, etag, last_modified, size_bytes, lines_scanned, staged_table, run_id, loaded_at) "
            f"values {', '.join(rows)}",
            values,
        )
