"""A check: a rule about a table, how much of it may be broken, and what follows if more is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sparkify.checks.rules import QueryRule, Rule
from sparkify.metrics import Gauge
from sparkify.warehouse import unqualified

Severity = Literal["error", "warn"]
ZeroRows = Literal["pass", "fail"]

NAMED_OR_TEMPLATE = re.compile(r"%\(\w+\)s|\{%.*?%\}")
NAME_BYTES = 256  # of quality_results.check_name


@dataclass(frozen=True)
class Rows:
    """As a threshold: this many may break a rule."""

    allowed: int

    def holds(self, failed: int, examined: int) -> bool:
        """Whether no more than that broke it."""
        return failed <= self.allowed

    @property
    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        return [] if self.allowed >= 0 else [f"at most {self.allowed} rows makes no sense: give 0 or more"]

    def __str__(self) -> str:
        """In words, as results keep it."""
        return f"at most {self.allowed:,}"


@dataclass(frozen=True)
class Share:
    """As a threshold: this share of what was examined may break a rule, from 0 to 1."""

    allowed: float

    def holds(self, failed: int, examined: int) -> bool:
        """Whether no more than that broke it."""
        return failed <= self.allowed * examined

    @property
    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        return [] if 0 <= self.allowed <= 1 else [f"a share of {self.allowed} makes no sense: give 0 to 1"]

    def __str__(self) -> str:
        """In words, as results keep it."""
        return f"at most {self.allowed * 100:g} %"


NONE = Rows(0)


@dataclass(frozen=True)
class Check:
    """One rule about one table.

    Attributes:
        name: stable and unique, e.g. ``songplays.user_id is not null``; results are kept under it.
        table: qualified; may be templated.
        rule: what must hold.
        zero_rows: what comes of it when there is nothing to examine: ``pass`` or ``fail``.
        severity: ``error`` stops the run, ``warn`` is only told.
        at_most: how much may break the rule.
        where: SQL that limits the rows that are looked at; may be templated.
        tables: those that it reads, without schema; a limited run leaves it out if one is none of its parts.
        shown: what a sample shows of a row that breaks the rule: SQL by column name.
        gauge: a metric that is told which share of what was examined keeps the rule; None if there is none.
    """

    name: str
    table: str
    rule: Rule
    zero_rows: ZeroRows
    severity: Severity = "error"
    at_most: Rows | Share = NONE
    where: str = "true"
    tables: Sequence[str] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    gauge: Gauge | None = None

    @property
    def texts(self) -> list[str]:
        """What is templated; no text is empty."""
        return [self.table, self.where, *filter(None, (getattr(self.rule, name) for name in self.rule.templated))]

    def with_texts(self, rendered: Mapping[str, str]) -> Check:
        """The check with each of its texts replaced.

        Args:
            rendered: what takes the place of each text.
        """
        changes: dict[str, Any] = {
            name: rendered[text] for name in self.rule.templated if (text := getattr(self.rule, name))
        }
        rule = replace(self.rule, **changes)
        return replace(self, table=rendered[self.table], where=rendered[self.where], rule=rule)

    @property
    def mistakes(self) -> list[str]:
        """What is wrong with the declaration, as far as it can be told without the tables."""
        found = [*self.rule.mistakes, *self.at_most.mistakes]
        for what, given, allowed in (
            ("severity", self.severity, get_args(Severity)),
            ("zero_rows", self.zero_rows, get_args(ZeroRows)),
        ):
            if given not in allowed:
                found.append(f"{what} {given!r} is unknown: give {' or '.join(map(repr, allowed))}")
        if any("%" in NAMED_OR_TEMPLATE.sub("", text) for text in self.texts):
            found.append("its SQL holds a % that names no value: write mod() or chr(37)")
        if len(self.name.encode()) > NAME_BYTES:
            found.append(f"its name is longer than {NAME_BYTES} bytes")
        return found


def expect(
    table: str,
    *rules: Rule,
    zero_rows: ZeroRows,
    severity: Severity = "error",
    at_most: Rows | Share = NONE,
    where: str = "true",
    gauge: Gauge | None = None,
) -> list[Check]:
    """Declare rules about one table: a check for each, named by the table and the rule.

    Args:
        table: qualified; may be templated.
        rules: what must hold.
        zero_rows: what comes of them when there is nothing to examine: ``pass`` or ``fail``.
        severity: ``error`` stops the run, ``warn`` is only told.
        at_most: how much may break each: ``Rows(3)`` or ``Share(0.01)``.
        where: SQL that limits the rows that are looked at; may be templated.
        gauge: a metric that is told which share of what was examined keeps the rule.
    """
    name = unqualified(table)
    return [
        Check(
            f"{name}{rule.words}",
            table,
            rule.of(table, where) if isinstance(rule, QueryRule) else rule,
            zero_rows,
            severity,
            at_most,
            where,
            (name, *map(unqualified, rule.others)),
            gauge=gauge,
        )
        for rule in rules
    ]
