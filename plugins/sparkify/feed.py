"""What is promised of the records of a feed: which keys, of which types, and what must hold of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class Key:
    """What a record may hold under a key; what it must hold, the rules say.

    Attributes:
        types: the JSON types that COPY is meant to find: ``text``, ``number``, ``boolean``, ``object``, ``array``.
    """

    types: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """What must hold of a record that loads; one that breaks it goes to quarantine.

    Attributes:
        column: of the staging table, at which the rule looks.
        name: what must hold, e.g. ``a play has a user``.
        broken_if: a condition of SQL over the columns of the staging table.
    """

    column: str
    name: str
    broken_if: str


@dataclass(frozen=True)
class Feed:
    """A kind of records.

    Attributes:
        keys: that its records have, by name; empty if nothing is promised.
        rules: what must hold of each record; of those that it breaks, the first is told.
        dated_by: the key and column that date a record, in milliseconds from 1970-01-01T00:00:00Z; empty if none does.
        identified_by: the key and column that identify a record; empty if none does. The staging table's column
            ``object_key`` then takes the key of the object that a row is from.
        tolerance: how far outside the day of its object a record may be dated.
        personal: keys whose values are not shown in logs and alerts.
    """

    keys: Mapping[str, Key] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    dated_by: str = ""
    identified_by: str = ""
    tolerance: timedelta = timedelta()
    personal: Sequence[str] = ()


def first_broken(rules: Sequence[Rule]) -> str:
    """SQL for the name of the first rule that a row breaks, or null.

    Args:
        rules: one at least.
    """
    cases = "\n".join(f"    when {rule.broken_if} then {n}" for n, rule in enumerate(rules))
    return f"case\n{cases}\nend"
