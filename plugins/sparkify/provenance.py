"""Which object each staged row came from: COPY does not tell, so the key that identifies a record has to."""

from __future__ import annotations

from collections.abc import Sequence

from sparkify.feed import Rule
from sparkify.inspection import Inspections
from sparkify.objects import S3Object
from sparkify.warehouse import Session, unqualified

COLUMN = "object_key"
LONGEST_KEY = 1024  # bytes; a column that identifies a record is shorter
# What may lack it: a record whose key COPY has loaded as another text than was seen, and which is then of no object.
IS_KNOWN = Rule(COLUMN, "a record's object can be found by its key", f"{COLUMN} is null")


def groups(objects: Inspections) -> list[list[S3Object]]:
    """Put objects together that can be told apart by their records; nearly always that is all of them.

    Args:
        objects: with the keys of their records; to have none is a key too.

    Returns:
        Groups of objects, no two of which share a key within a group: each group is copied by itself. Objects with
        records that have no key are not put together with others: those records break a rule, and only then are looked
        for in their objects.
    """
    made: list[tuple[list[S3Object], set[str], bool]] = []
    for found, seen in objects.items():
        keys, is_keyless = {key for key in seen.record_keys if key is not None}, None in seen.record_keys
        for group, taken, keyless in made:
            if keyless == is_keyless and taken.isdisjoint(keys):
                group.append(found)
                taken |= keys
                break
        else:
            made.append(([found], keys, is_keyless))
    return [group for group, _, _ in made]


def note(session: Session, table: str, name: str, group: Sequence[S3Object], objects: Inspections) -> None:
    """Write the object's key into the rows that a group's COPY has just added, in the transaction of that COPY.

    Args:
        session: in that transaction.
        table: the staging table; its column ``object_key`` is filled where it is empty.
        name: of the column that identifies a record.
        group: the objects that were copied.
        objects: with the keys of their records.
    """
    known = [
        {"object_key": found.key, "record_key": key}
        for found in group
        for key in objects[found].record_keys
        if key is not None and _is_loadable(key)
    ]
    session.run(f"create temporary table record_keys (object_key varchar(1024), record_key varchar({LONGEST_KEY}))")
    session.insert("record_keys", known)
    session.run(
        f"update {table} set {COLUMN} = record_keys.object_key from record_keys "
        f"where {unqualified(table)}.{COLUMN} is null "
        f'and rtrim({unqualified(table)}."{name}") = record_keys.record_key'
    )
    session.run("drop table record_keys")


def _is_loadable(key: str) -> bool:
    """Whether a column can hold it; what cannot be loaded is in no row."""
    try:
        return len(key.encode()) <= LONGEST_KEY
    except UnicodeEncodeError:  # a lone surrogate, or bytes that are no UTF-8
        return False
