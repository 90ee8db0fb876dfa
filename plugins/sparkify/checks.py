"""Quality checks as data: what must hold of a table, and how bad it is if it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, cast

from sparkify.warehouse import unqualified

Severity = Literal["error", "warn"]
BETWEEN = "\n;\n"


@dataclass
class Check:
    """One rule, as a query that counts.

    Attributes:
        name: stable and unique, e.g. ``songplays.user_id is not null``; results are kept under it.
        sql: a SELECT of one row with two numbers: what was examined, and how much of it breaks the rule. Templated.
        severity: ``error`` stops the run, ``warn`` is only told.
        allow_empty: whether the rule holds when there is nothing to examine.
        tables: those that it reads, without schema; a limited run leaves it out if one is none of its parts.
    """

    name: str
    sql: str
    severity: Severity = "error"
    allow_empty: bool = True
    tables: Sequence[str] = ()

    template_fields: ClassVar[Sequence[str]] = ("sql",)


@dataclass(frozen=True)
class Result:
    """What came of a check.

    Attributes:
        check: the rule.
        examined: how much was looked at.
        failed: how much of it breaks the rule.
    """

    check: Check
    examined: int
    failed: int

    @property
    def passed(self) -> bool:
        """Whether the rule holds."""
        return self.failed == 0 and (self.examined > 0 or self.check.allow_empty)

    @property
    def blocks(self) -> bool:
        """Whether the run must stop."""
        return not self.passed and self.check.severity == "error"

    @property
    def row(self) -> dict[str, Any]:
        """The result by the column names under which it is kept."""
        return {
            "check_name": self.check.name,
            "severity": self.check.severity,
            "examined": self.examined,
            "failed": self.failed,
            "passed": self.passed,
        }

    def __str__(self) -> str:
        """One line for a person."""
        outcome = "passed" if self.passed else ("FAILED" if self.check.severity == "error" else "warning")
        found = f"{self.failed} of {self.examined} rows break it" if self.examined else "no rows to examine"
        return f"{outcome:<8} {self.check.name}: {found}"


def together(checks: Sequence[Check]) -> list[Check]:
    """A template field that holds these checks, for operators that take some.

    Their SQL is rendered as one template: to compile one for each takes as long as to run them.

    Args:
        checks: not rendered.

    Returns:
        What Airflow renders to the list of the checks: it calls what it finds in a template field.
    """

    def rendered(context: Any, jinja_env: Any) -> list[Check]:
        joined = jinja_env.from_string(BETWEEN.join(check.sql for check in checks)).render(context)
        return [replace(check, sql=sql) for check, sql in zip(checks, joined.split(BETWEEN), strict=True)]

    return cast("list[Check]", rendered)


def not_null(
    table: str, *columns: str, severity: Severity = "error", allow_empty: bool = True, where: str = "true"
) -> list[Check]:
    """No row may lack a value: one check for each column.

    Args:
        table: qualified; may be templated.
        columns: the columns.
        severity: of each check.
        allow_empty: whether an empty table passes.
        where: limits the rows that are looked at.
    """
    return [
        Check(
            f"{unqualified(table)}.{column} is not null",
            f"select count(*), count(*) - count({column}) from {table} where {where}",
            severity,
            allow_empty,
            (unqualified(table),),
        )
        for column in columns
    ]


def unique(table: str, *columns: str, severity: Severity = "error", where: str = "true") -> Check:
    """No two rows may share the key: Redshift does not enforce the one that is declared.

    Args:
        table: qualified; may be templated.
        columns: the key.
        severity: of the check.
        where: limits the rows that are looked at.
    """
    key = ", ".join(columns)
    return Check(
        f"{unqualified(table)} is unique by {key}",
        "select coalesce(sum(copies), 0), coalesce(sum(copies - 1), 0) "
        f"from (select count(*) as copies from {table} where {where} group by {key}) as keys",
        severity,
        tables=(unqualified(table),),
    )


def references(
    table: str,
    column: str,
    parent: str,
    parent_column: str,
    severity: Severity = "error",
    where: str = "true",
    parent_where: str = "true",
) -> Check:
    """Every value must be a key of the parent; no value is fine.

    Args:
        table: qualified; may be templated.
        column: the foreign key.
        parent: the table that it points to.
        parent_column: that table's key.
        severity: of the check.
        where: limits the rows of the child that are looked at.
        parent_where: limits the rows of the parent, so that a long history is not read.
    """
    return Check(
        f"{unqualified(table)}.{column} is in {unqualified(parent)}",
        f"select count(child.{column}), count(child.{column}) - count(parent.{parent_column}) "
        f"from (select {column} from {table} where {where}) as child "
        f"left join (select distinct {parent_column} from {parent} where {parent_where}) as parent "
        f"on child.{column} = parent.{parent_column}",
        severity,
        tables=(unqualified(table), unqualified(parent)),
    )


def accepted(
    table: str, column: str, values: Sequence[str], severity: Severity = "error", where: str = "true"
) -> Check:
    """Every value must be one of a list.

    Args:
        table: qualified; may be templated.
        column: the column.
        values: what it may hold; written into the DAG by hand, never taken from input.
        severity: of the check.
        where: limits the rows that are looked at.
    """
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return holds(table, f"{column} is one of {', '.join(values)}", f"{column} in ({listed})", severity, where)


def holds(table: str, rule: str, condition: str, severity: Severity = "error", where: str = "true") -> Check:
    """A condition must be true of every row; where it is unknown, because a value is missing, it holds.

    Args:
        table: qualified; may be templated.
        rule: the condition in words.
        condition: the condition in SQL.
        severity: of the check.
        where: limits the rows that are looked at.
    """
    return Check(
        f"{unqualified(table)}: {rule}",
        f"select count(*), coalesce(sum(case when not ({condition}) then 1 else 0 end), 0) from {table} where {where}",
        severity,
        tables=(unqualified(table),),
    )


def query(checks: Sequence[Check]) -> str:
    """Put all checks into one statement, so that they see one snapshot and cost one round trip.

    Args:
        checks: at least one.

    Returns:
        SQL that returns (position, examined, failed) for each check, in any order.
    """
    return "\nunion all\n".join(
        f"select {position} as position, outcome.examined, outcome.failed\n"
        f"from ({check.sql}) as outcome (examined, failed)"
        for position, check in enumerate(checks)
    )
