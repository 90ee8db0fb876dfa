"""CREATE TABLE: the plain form, LIKE and AS, with Redshift's table attributes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.columns import ColumnReader, Design
from include.sandbox.redshift.sql.identifiers import check_new_name, literal, name_of, qualified
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.views import rebind

STYLES = {"auto", "even", "key", "all"}


class TableReader:
    """Reads one CREATE TABLE.

    Args:
        statement: the statement.
        keep_case: whether quoted names keep their case.
    """

    def __init__(self, statement: Statement, *, keep_case: bool) -> None:
        self._statement = statement
        self._keep_case = keep_case
        self._design = Design()

    def plan(self) -> Plan:
        """Returns what creates the table and records its design.

        Raises:
            RedshiftError: Redshift would not take the statement.
        """
        statement, at = self._statement, 1
        if statement[at].is_word("local"):
            at += 1
        temporary = statement[at].is_word("temp", "temporary")
        at += 2 if temporary else 1
        if_not_exists = statement[at].is_word("if")
        at += 3 if if_not_exists else 0
        table, at = qualified(statement, at)
        check_new_name(statement, at - 1)
        temporary = temporary or statement[at - 1].value.startswith("#")
        head = f"CREATE {'TEMP ' if temporary else ''}TABLE {'IF NOT EXISTS ' if if_not_exists else ''}{table}"
        body, at = self._body(at)
        at = self._attributes(at)
        if statement[at].is_word("as"):
            if if_not_exists:
                raise statement.error(at)
            return self._as(head, body, table, at)
        if at < len(statement) or not body:
            raise statement.error(at)
        self._check()
        return Plan(f"{head} ({', '.join(body)})", "CREATE", after=(self._record(table), rebind(table)))

    def constraint(self, first: int, last: int) -> dict[str, Any]:
        """Returns the constraint that ALTER TABLE … ADD declares.

        Raises:
            RedshiftError: it is none.
        """
        self._item(first, last)
        (found,) = self._design.constraints
        return found

    def _as(self, head: str, columns: list[str], table: str, at: int) -> Plan:
        names = f" ({', '.join(columns)})" if columns else ""
        first, last = at + 1, len(self._statement) - 1
        return Plan(f"{head}{names} AS {self._statement.render(first, last)}", "CREATE",
                    after=(f"SELECT pg_catalog.redshift_limit_bytes({literal(table)})",
                           self._record(table), rebind(table)))  # fmt: skip

    def _record(self, table: str) -> str:
        design = literal(json.dumps(asdict(self._design)))
        return f"SELECT pg_catalog.redshift_record_table({literal(table)}, {design})"

    def _check(self) -> None:
        design = self._design
        if design.distkey is not None and design.style not in (None, "KEY"):
            raise RedshiftError(f"DISTSTYLE {design.style} cannot be combined with a DISTKEY", "42601")
        if design.style == "KEY" and design.distkey is None:
            raise RedshiftError("DISTSTYLE KEY needs a DISTKEY", "42601")

    def _body(self, at: int) -> tuple[list[str], int]:
        """Reads the parenthesis: column definitions and constraints, or names only before AS."""
        statement = self._statement
        if not statement[at].is_symbol("("):
            return [], at
        items, end = statement.arguments(at), statement.closing(at) + 1
        if all(first == last and statement[first].is_name for first, last in items):
            return [statement.render(first, first) for first, _ in items], end
        return [part for item in items if (part := self._item(*item))], end

    def _item(self, first: int, last: int) -> str:
        statement = self._statement
        word = statement[first]
        if word.is_word("like"):
            return self._like(first, last)
        if word.is_word("constraint"):
            return self._constraint(first + 2, last, name_of(statement[first + 1]))
        if word.is_word("unique", "foreign") and not statement[first + 1].is_name | statement[first + 1].is_word("key"):
            return self._constraint(first, last)
        if word.is_word("primary", "foreign") and statement[first + 1].is_word("key"):
            return self._constraint(first, last)
        if word.is_word("check", "exclude"):
            raise unsupported(f"{word.value.upper()} constraint")
        return ColumnReader(statement, self._design, keep_case=self._keep_case).read(first, last)

    def _like(self, first: int, last: int) -> str:
        parent, at = qualified(self._statement, first + 1)
        defaults = ""
        if at <= last:
            if not (
                self._statement[at].is_word("including", "excluding") and self._statement[at + 1].is_word("defaults")
            ):
                raise self._statement.error(at)
            defaults = " INCLUDING DEFAULTS" if self._statement[at].is_word("including") else ""
        self._design.like = parent
        return f"LIKE {parent} INCLUDING CONSTRAINTS{defaults}"

    def _constraint(self, at: int, last: int, name: str | None = None) -> str:
        statement = self._statement
        kind = "UNIQUE" if statement[at].is_word("unique") else f"{statement[at].value.upper()} KEY"
        at += 1 if kind == "UNIQUE" else 2
        found = {"name": name, "type": kind, "columns": self._names(at)}
        at = statement.closing(at) + 1
        if kind == "FOREIGN KEY" and statement[at].is_word("references"):
            target, at = qualified(statement, at + 1)
            found |= {"target": target, "target_columns": self._names(at) if at <= last else []}
            at = statement.closing(at) + 1 if at <= last else at
        if at <= last:
            raise statement.error(at)
        self._design.constraints.append(found)
        return ""

    def _names(self, at: int) -> list[str]:
        if not self._statement[at].is_symbol("("):
            raise self._statement.error(at)
        return [
            name_of(self._statement[first], keep_case=self._keep_case) for first, _ in self._statement.arguments(at)
        ]

    def _attributes(self, at: int) -> int:
        """Reads the table attributes, which come in any order."""
        while at < len(self._statement) and not self._statement[at].is_word("as"):
            at = self._attribute(at)
        return at

    def _attribute(self, at: int) -> int:
        statement, design = self._statement, self._design
        word, follows = statement[at], statement[at + 1]
        if word.is_word("backup") and follows.is_word("yes", "no"):
            design.backup = follows.value == "yes"
            return at + 2
        if word.is_word("diststyle") and follows.is_word(*STYLES):
            design.style = follows.value.upper()
            return at + 2
        if word.is_word("distkey"):
            design.set_distkey(self._names(at + 1)[0])
            return statement.closing(at + 1) + 1
        if word.is_word("encode") and follows.is_word("auto"):
            return at + 2
        if word.is_word("compound", "interleaved") and follows.is_word("sortkey"):
            design.set_sortkeys(self._names(at + 2), interleaved=word.value == "interleaved")
            return statement.closing(at + 2) + 1
        if word.is_word("sortkey") and follows.is_word("auto"):
            return at + 2
        if word.is_word("sortkey"):
            design.set_sortkeys(self._names(at + 1))
            return statement.closing(at + 1) + 1
        raise statement.error(at)
