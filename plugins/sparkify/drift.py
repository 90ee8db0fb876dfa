"""How the keys of an object's records differ from those that its feed promises."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from airflow.sdk.exceptions import AirflowFailException

from sparkify.feed import Key
from sparkify.records import Number, Record, excerpt

log = logging.getLogger(__name__)

Policy = Literal["evolve", "warn", "freeze"]
LONGEST_NAME = 80  # characters of a key that a message shows
LISTED = 20  # differences that are told of one object
# What JSON calls the type of a value that is not null, by how it is read.
TYPES = {str: "text", Number: "number", bool: "boolean", dict: "object", list: "array"}


@dataclass
class Found:
    """The keys of an object's records.

    Attributes:
        records: how many could be read.
        types: how often a key had a value of a type.
        first: the line on which it had that first.
        present: how often there was such a key.
    """

    records: int = 0
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    present: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        """Count a record, if it is a JSON object."""
        if not isinstance(record.value, Mapping):
            return
        self.records += 1
        self.present.update(record.value.keys())
        for key, value in record.value.items():
            if value is not None:
                typed = key, TYPES[type(value)]
                self.types[typed] += 1
                self.first.setdefault(typed, record.line)


@dataclass(frozen=True)
class Drift:
    """How an object differs from what its feed promises.

    Attributes:
        differences: each in words, the key by its name.
    """

    differences: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Found, keys: Mapping[str, Key]) -> Drift:
        """Compare; an object without a readable record differs in nothing.

        Args:
            found: in the object.
            keys: what is promised.
        """
        if not found.records or not keys:
            return cls()
        told = [
            f"key {_name(name)} is missing from all {found.records:,} records"
            for name in keys
            if not found.present[name]
        ]
        for (name, type_), count in sorted(found.types.items()):
            where = f"{count:,} of {found.records:,} records, first in line {found.first[name, type_]:,}"
            if name not in keys:
                told.append(f"new key {_name(name)}, a {type_} in {where}")
            elif type_ not in keys[name].types:
                told.append(f"key {_name(name)}, promised as {' or '.join(keys[name].types)}, is {type_} in {where}")
        told += [
            f"new key {_name(name)}, without a value in {count:,} of {found.records:,} records"
            for name, count in sorted(found.present.items())
            if name not in keys and not any(key == name for key, _ in found.types)
        ]
        if len(told) > LISTED:
            told[LISTED:] = [f"and {len(told) - LISTED:,} more differences"]
        return cls(tuple(told))


def judged(policy: Policy | str, drifts: Mapping[str, Drift], table: str) -> list[str]:
    """Say how objects differ, and whether they are loaded all the same.

    Args:
        policy: what differences mean.
        drifts: of each object, by its address.
        table: that they are copied into.

    Returns:
        Every difference with the object's address.

    Raises:
        AirflowFailException: keys differ and the policy is to freeze, or there is no such policy.
    """
    if policy not in get_args(Policy):
        raise AirflowFailException(f"on_drift={policy!r} is none of {', '.join(get_args(Policy))}.")
    told = [f"{url}: {what}" for url, drift in drifts.items() for what in drift.differences]
    if told and policy == "freeze":
        listed = "\n".join(told[:LISTED])
        raise AirflowFailException(
            f"Keys have changed, and on_drift is freeze:\n{listed}\nNothing was loaded. Adapt the feed's contract, the "
            f"columns of {table} and the mapping, or correct the objects; then clear this task with everything "
            "downstream of it."
        )
    if told:
        add = f"To keep new keys add them to the feed's contract, {table} and its mapping."
        advice = add if policy == "evolve" else ""
        log.warning("Keys are not those that the feed promises:\n%s\n%s", "\n".join(told[:LISTED]), advice)
    return told


def warnings(told: Sequence[str], objects: int) -> list[dict[str, Any]]:
    """What a person should know of differences that are loaded all the same, in the form in which checks warn too.

    Args:
        told: what :func:`judged` returned.
        objects: how many were looked at.
    """
    if not told:
        return []
    return [
        {
            "name": "keys",
            "severity": "warn",
            "message": f"{len(told):,} keys are not as the feed promises",
            "examined": objects,
            "failed": len(told),
            "sample": "\n".join(told[:LISTED]),
        }
    ]


def _name(key: str) -> str:
    return repr(excerpt(key, LONGEST_NAME))
