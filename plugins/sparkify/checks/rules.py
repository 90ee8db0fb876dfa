"""The kinds of checks: what may be asked of a table.

SQL in a rule may be templated, and names values as ``%(name)s``. It has no other ``%``, which would have
to be doubled in a statement that names a value and must not be in another.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from sparkify import copying
from sparkify.warehouse import unqualified

# What Python's expressions know and POSIX ones do not: groups that begin with (?, and lazy quantifiers
# (AWS: pattern-matching-conditions-posix).
NOT_POSIX = re.compile(r"\(\?|[*+?}]\?")
TEMPLATE = re.compile(r"\{\{|\{%|\{#")


@dataclass(frozen=True)
class RowRule:
    """What each row keeps or breaks, so that one scan of a table answers for all of them.

    Attributes:
        words: what follows the table's name in the check's name.
        columns: those of the table that it is about.
        broken: SQL that is true of a row that breaks it; a row of which it is null keeps it.
        join: a LEFT JOIN to the table, which is called ``checked``, that finds one row at most.
        others: further tables that it reads, and their columns.
        mistakes: what is wrong with the declaration.
    """

    words: str
    columns: Sequence[str]
    broken: str
    join: str = ""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mistakes: Sequence[str] = ()

    templated: ClassVar[Sequence[str]] = ("broken", "join")
    unit: ClassVar[str] = "rows"
    unknown: ClassVar[str] = ""


@dataclass(frozen=True)
class QueryRule:
    """What a query of its own counts.

    Attributes:
        words: what follows the table's name in the check's name.
        sql: a SELECT with the columns ``examined`` and ``failed``: how much each of its rows stands for, and how much
            of that breaks the rule. A row that cannot be judged has examined nothing. ``{table}`` and ``{where}`` are
            those of the check.
        shown: columns of the SELECT that explain a failure.
        columns: those of the table that it is about.
        unit: what is counted.
        unknown: why a row may have examined nothing, in words.
        others: further tables that it reads, and their columns.
        mistakes: what is wrong with the declaration.
    """

    words: str
    sql: str
    shown: Sequence[str]
    columns: Sequence[str] = ()
    unit: str = "rows"
    unknown: str = ""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mistakes: Sequence[str] = ()

    templated: ClassVar[Sequence[str]] = ("sql",)

    def of(self, table: str, where: str) -> QueryRule:
        """The rule with the table and the condition of its check in its SQL."""
        return replace(self, sql=self.sql.replace("{table}", table).replace("{where}", where))


Rule = RowRule | QueryRule


def not_null(column: str) -> RowRule:
    """No row lacks a value."""
    return RowRule(f".{column} is not null", (column,), f"{column} is null")


def unique(*columns: str) -> QueryRule:
    """No two rows share the key: Redshift does not enforce the one that is declared (AWS: t_Defining_constraints)."""
    key = ", ".join(columns)
    return QueryRule(
        f" is unique by {key}",
        f"select {key}, count(*) as examined, count(*) - 1 as failed from {{table}} where {{where}} group by {key}",
        shown=(*columns, "examined"),
        columns=columns,
        mistakes=() if columns else ("a key has at least one column",),
    )


def references(column: str, parent: str, parent_column: str, parent_where: str = "true") -> RowRule:
    """Every value is a key of another table; no value is fine.

    Args:
        column: the foreign key.
        parent: the table that it leads to, qualified.
        parent_column: that table's key.
        parent_where: limits the rows of the parent, so that a long history is not read.
    """
    key = f"{column}_in_{unqualified(parent)}"
    return RowRule(
        f".{column} is in {unqualified(parent)}",
        (column,),
        f"checked.{column} is not null and {key} is null",
        join=f"left join (select distinct {parent_column} as {key} from {parent} where {parent_where}) as {key}_keys "
        f"on checked.{column} = {key}_keys.{key}",
        others={parent: (parent_column,)},
    )


def accepted(column: str, values: Sequence[str]) -> RowRule:
    """Every value is one of a list; no value is fine."""
    listed = ", ".join(map(copying.literal, values))
    mistakes = [problem for value in values for problem in _unsafe(value)]
    if not values:
        mistakes.append("the list of accepted values is empty: give one at least")
    return RowRule(
        f": {column} is one of {', '.join(values)}", (column,), f"{column} not in ({listed})", mistakes=mistakes
    )


def in_range(column: str, low: float | None = None, high: float | None = None) -> RowRule:
    """Every value is within bounds, which are included; no value is fine.

    Args:
        column: a number.
        low: the least value; None for no bound.
        high: the greatest value; None for no bound.
    """
    mistakes = []
    if low is None and high is None:
        mistakes.append("a range has a low bound, a high one, or both")
    elif low is not None and high is not None and low > high:
        mistakes.append(f"the range is empty: {low} is more than {high}")
    outside = [f"{column} {sign} {bound}" for sign, bound in (("<", low), (">", high)) if bound is not None]
    words = f"between {low} and {high}" if len(outside) > 1 else f"at {'most' if low is None else 'least'} "
    bound = "" if len(outside) > 1 else f"{high if low is None else low}"
    return RowRule(f": {column} is {words}{bound}", (column,), " or ".join(outside), mistakes=mistakes)


def matches(column: str, pattern: str) -> RowRule:
    r"""Every value matches a POSIX regular expression, anywhere unless it is anchored; no value is fine.

    Args:
        column: a text.
        pattern: what Redshift's operator ``~`` reads (AWS: pattern-matching-conditions-posix), e.g. ``^\d+$``. It
            stands in the SQL as a literal: Redshift takes no other.
    """
    return RowRule(
        f": {column} matches {pattern}",
        (column,),
        f"{column} !~ {copying.literal(pattern)}",
        mistakes=[*_not_an_expression(pattern), *_unsafe(pattern)],
    )


def holds(words: str, condition: str, *columns: str, join: str = "") -> RowRule:
    """A condition is true of every row; where it is unknown, because a value is missing, it holds.

    Args:
        words: the condition in words.
        condition: the condition in SQL.
        columns: those that it is about; a sample shows them where the table's others are not known.
        join: what else the condition reads, see :class:`RowRule`.
    """
    return RowRule(f": {words}", columns, f"not ({condition})", join)


def custom(
    words: str,
    sql: str,
    shown: Sequence[str] = (),
    unit: str = "rows",
    unknown: str = "",
    others: Mapping[str, Sequence[str]] | None = None,
) -> QueryRule:
    """Whatever a SELECT of ``examined`` and ``failed`` tells, see :class:`QueryRule`.

    Args:
        words: the rule in words.
        sql: the SELECT, or the name of its file, which ends in ``.sql`` and is found as Airflow finds templates.
        shown: its columns that explain a failure.
        unit: what it counts.
        unknown: why a row of it may have examined nothing, in words.
        others: further tables that it reads, and their columns.
    """
    return QueryRule(
        f": {words}", sql, shown or ("examined", "failed"), unit=unit, unknown=unknown, others=others or {}
    )


def _unsafe(text: str) -> list[str]:
    return [f"{text!r} would be taken for a template: it holds {{{{, {{% or {{#"] if TEMPLATE.search(text) else []


def _not_an_expression(pattern: str) -> list[str]:
    try:
        with warnings.catch_warnings():  # [[:alpha:]] is POSIX, and might mean something else to a later Python
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except re.error as error:
        return [f"{pattern!r} is no regular expression: {error}"]
    if found := NOT_POSIX.search(pattern):
        return [f"{pattern!r} is no POSIX regular expression, which Redshift reads: it has no {found[0]}"]
    return []
