"""Which object each staged row came from: COPY does not tell, so the objects are read for what identifies a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sparkify.objects import THREADS, S3Object, Store
from sparkify.warehouse import Session, unqualified

COLUMN = "object_key"
RECORDS = json.JSONDecoder(parse_int=str, parse_float=str)  # a number given as text keeps its digits

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
        keys = threads.map(lambda found: record_keys(store.body(found), name), objects)
        return dict(zip(objects, keys, strict=True))


def record_keys(body: bytes, name: str) -> set[str]:
    """The values of one key in JSON records, as COPY loads them into a text column.

    Args:
        body: records, one after the other.
        name: the key.

    Returns:
        The values; of an object that is broken only those before the break, which COPY will report.
    """
    text, at = body.decode("utf-8", errors="replace"), 0
    values = set()
    while at < len(text):
        try:
            record, at = RECORDS.raw_decode(text, at)
        except ValueError:
            break
        if isinstance(record, dict) and record.get(name) is not None:
            values.add(str(record[name]))
        at = len(text) - len(text[at:].lstrip())
    return values


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
    pairs = [{"object_key": found.key, "record_key": key} for found in group for key in keys[found]]
    session.run("create temporary table record_keys (object_key varchar(1024), record_key varchar(1024))")
    session.insert("record_keys", pairs)
    session.run(
        f"update {table} set {COLUMN} = record_keys.object_key from record_keys "
        f'where {unqualified(table)}.{COLUMN} is null and {unqualified(table)}."{name}" = record_keys.record_key'
    )
    session.run("drop table record_keys")
