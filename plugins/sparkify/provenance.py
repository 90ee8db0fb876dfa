"""Which object each staged row came from: COPY does not tell, so the key that identifies a record has to."""

from __future__ import annotations

from collections.abc import Sequence

from sparkify.inspection import Inspections
from sparkify.objects import S3Object
from sparkify.warehouse import Session, unqualified

COLUMN = "object_key"


def groups(objects: Inspections) -> list[list[S3Object]]:
    """Put objects together that can be told apart by their records; nearly always that is all of them.

    Args:
        objects: with the keys of their records; to have none is a key too.

    Returns:
        Groups of objects, no two of which share a key within a group: each group is copied by itself.
    """
    made: list[tuple[list[S3Object], set[str | None]]] = []
    for found, seen in objects.items():
        for group, taken in made:
            if taken.isdisjoint(seen.record_keys):
                group.append(found)
                taken |= seen.record_keys
                break
        else:
            made.append(([found], set(seen.record_keys)))
    return [group for group, _ in made]


def note(session: Session, table: str, name: str, group: Sequence[S3Object], objects: Inspections) -> None:
    """Write the object's key into the rows that a group's COPY has just added, in the transaction of that COPY.

    Args:
        session: in that transaction.
        table: the staging table; its column ``object_key`` is filled where it is empty.
        name: of the column that identifies a record.
        group: the objects that were copied.
        objects: with the keys of their records.
    """
    pairs = [(found.key, key) for found in group for key in objects[found].record_keys]
    known = [{"object_key": found, "record_key": key} for found, key in pairs if key is not None]
    session.run("create temporary table record_keys (object_key varchar(1024), record_key varchar(1024))")
    session.insert("record_keys", known)
    session.run(
        f"update {table} set {COLUMN} = record_keys.object_key from record_keys "
        f'where {unqualified(table)}.{COLUMN} is null and {unqualified(table)}."{name}" = record_keys.record_key'
    )
    session.run("drop table record_keys")
    for found, key in pairs:
        if key is None:
            session.run(
                f'update {table} set {COLUMN} = %(key)s where {COLUMN} is null and "{name}" is null', {"key": found}
            )
