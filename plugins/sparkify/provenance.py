"""Which object each staged row came from: COPY does not tell, so the objects are read for what identifies a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sparkify.objects import THREADS, S3Object, Store
from sparkify.warehouse import Session, unqualified

BATCH = 500  # rows in one INSERT
COLUMN = "object_key"

RecordKeys = Mapping[S3Object, set[str]]


def read(store: Store, objects: Sequence[S3Object], name: str) -> RecordKeys:
    """Read the objects, several at a time, for the values of the key that identifies their records.

    Args:
        store: where they are.
        objects: those that are about to be copied; each is read once.
        name: of the key, which is also a column of the staging table.

    Raises:
        ObjectReplacedError: one of them has been replaced since it was listed.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        return dict(zip(objects, threads.map(lambda found: store.record_keys(found, name), objects), strict=True))


def groups(keys: RecordKeys) -> list[list[S3Object]]:
    """Put objects together that can be told apart by their records; nearly always that is all of them.

    Args:
        keys: what :func:`read` returned.

    Returns:
        Groups of objects, no two of which share a key within a group: each group is copied by itself.
    """
    made: list[tuple[list[S3Object], set[str]]] = []
    for found, of_object in keys.items():
        for group, taken in made:
            if not taken & of_object:
                group.append(found)
                taken |= of_object
                break
        else:
            made.append(([found], set(of_object)))
    return [group for group, _ in made]


def note(session: Session, table: str, name: str, group: Sequence[S3Object], keys: RecordKeys) -> None:
    """Write the object's key into the rows that a group's COPY has just added, in the transaction of that COPY.

    Args:
        session: in that transaction.
        table: the staging table; its column ``object_key`` is filled where it is empty.
        name: of the column that identifies a record.
        group: the objects that were copied.
        keys: what :func:`read` returned.
    """
    pairs = [(found.key, key) for found in group for key in keys[found]]
    session.run("create temporary table record_keys (object_key varchar(1024), record_key varchar(1024))")
    for first in range(0, len(pairs), BATCH):
        batch = pairs[first : first + BATCH]
        values = {f"{kind}{i}": value for i, pair in enumerate(batch) for kind, value in zip("or", pair, strict=True)}
        rows = ", ".join(f"(%(o{i})s, %(r{i})s)" for i in range(len(batch)))
        session.run(f"insert into record_keys values {rows}", values)
    session.run(
        f"update {table} set {COLUMN} = record_keys.object_key from record_keys "
        f'where {unqualified(table)}.{COLUMN} is null and {unqualified(table)}."{name}" = record_keys.record_key'
    )
    session.run("drop table record_keys")
