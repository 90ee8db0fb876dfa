"""ALTER TABLE, one change a statement as on Redshift (AWS: r_ALTER_TABLE)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.columns import ENCODINGS, ColumnReader, Design
from include.sandbox.redshift.sql.identifiers import literal, name_of, qualified
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.tables import STYLES, TableReader
from include.sandbox.redshift.sql.types import column_type
from include.sandbox.redshift.sql.views import rebind


def alter_table(statement: Statement, *, keep_case: bool) -> Plan:
    """Translates ALTER TABLE.

    Raises:
        RedshiftError: Redshift would not take it, or the sandbox does not do it.
    """
    table, at = qualified(statement, 2)
    return Change(statement, table, at, keep_case=keep_case).plan()


class Change:
    """The change that one ALTER TABLE makes.

    Args:
        statement: the statement.
        table: the table's name, as SQL.
        at: index of the token behind the name.
        keep_case: whether quoted names keep their case.
    """

    def __init__(self, statement: Statement, table: str, at: int, *, keep_case: bool) -> None:
        self._statement, self._table, self._at, self._keep_case = statement, table, at, keep_case

    def plan(self) -> Plan:
        """Returns what makes it.

        Raises:
            RedshiftError: there is no such change.
        """
        statement, follows = self._statement, self._statement[self._at + 1]
        verb = statement[self._at].value
        known: dict[str, Callable[[], Plan]] = {
            "add": self._add_constraint if follows.is_word("constraint", "primary", "unique", "foreign") else self._add,
            "drop": self._drop_constraint if follows.is_word("constraint") else self._drop,
            "rename": self._rename, "owner": self._owner, "append": self._append,
            "alter": self._column if follows.is_word("column") else self._design,
        }  # fmt: skip
        if verb not in known or not statement[self._at].is_word(verb):
            raise self._unsupported()
        return known[verb]()

    def _unsupported(self) -> RedshiftError:
        text = self._statement.source(self._at, min(self._at + 1, len(self._statement) - 1))
        return unsupported(f"ALTER TABLE {text.upper()} in the sandbox")

    def _name(self, at: int) -> str:
        if not self._statement[at].is_name:
            raise self._statement.error(at)
        return name_of(self._statement[at], keep_case=self._keep_case)

    def _end(self, at: int) -> None:
        if at < len(self._statement):
            raise self._statement.error(at)

    def _call(self, function: str, *values: object) -> str:
        arguments = [
            literal(value if isinstance(value, str) else json.dumps(value)) for value in (self._table, *values)
        ]
        return f"SELECT pg_catalog.{function}({', '.join(arguments)})"

    def _redesign(self, alone: str = "", **change: Any) -> Plan:
        """A change that PostgreSQL knows nothing of; the statement that it gets changes nothing."""
        record = self._call("redshift_alter_table", change)
        return Plan(f"ALTER TABLE {self._table} RESET (fillfactor)", "ALTER", after=(record,), alone=alone)

    def _add(self) -> Plan:
        statement, at = self._statement, self._at
        first, design = at + (2 if statement[at + 1].is_word("column") else 1), Design()
        if any(statement[at].is_symbol(",") for at in statement.level(first, len(statement) - 1)):
            raise unsupported("more than one ADD COLUMN in a statement")
        column = ColumnReader(statement, design, keep_case=self._keep_case).read(first, len(statement) - 1)
        if design.distkey or design.sortkeys or "AS IDENTITY" in column:
            raise unsupported("ADD COLUMN with DISTKEY, SORTKEY or IDENTITY")
        record = self._call("redshift_extend_table", asdict(design))
        return Plan(f"ALTER TABLE {self._table} ADD COLUMN {column}", "ALTER", after=(record, rebind(self._table)))

    def _drop(self) -> Plan:
        """DROP [COLUMN] c [RESTRICT | CASCADE], one a statement; what is a distribution or sort key stays."""
        at = self._at + (2 if self._statement[self._at + 1].is_word("column") else 1)
        self._end(at + 1 + self._statement[at + 1].is_word("restrict", "cascade"))
        check = self._call("redshift_alter_table", {"remove": self._name(at)})
        return Plan(self._statement.render(), "ALTER", before=(check,), after=(rebind(self._table),))

    def _rename(self) -> Plan:
        statement, at = self._statement, self._at
        if statement[at + 1].is_word("to"):
            if statement[at + 2].value.startswith("#"):
                raise unsupported("renaming a table to a name that starts with #")
            check = f"SELECT pg_catalog.redshift_check_renamed({literal(self._table)})"
            after = (rebind(self._table), rebind(self._name(at + 2)))
            return Plan(statement.render(), "ALTER", before=(check,), after=after)
        at += 2 if statement[at + 1].is_word("column") else 1
        if not statement[at + 1].is_word("to"):
            raise statement.error(at + 1)
        record = self._call("redshift_alter_table", {"rename": [self._name(at), self._name(at + 2)]})
        return Plan(statement.render(), "ALTER", after=(record, rebind(self._table)))

    def _owner(self) -> Plan:
        if not self._statement[self._at + 1].is_word("to"):
            raise self._statement.error(self._at + 1)
        self._end(self._at + 3)
        return Plan(self._statement.render(), "ALTER")

    def _add_constraint(self) -> Plan:
        constraint = TableReader(self._statement, keep_case=self._keep_case).constraint(
            self._at + 1, len(self._statement) - 1
        )
        return self._redesign(constraint=constraint)

    def _drop_constraint(self) -> Plan:
        end = self._at + 3
        self._end(end + 1 if self._statement[end].is_word("restrict", "cascade") else end)
        return self._redesign(forget=self._name(self._at + 2))

    def _column(self) -> Plan:
        """ALTER COLUMN c {TYPE varchar(n) | ENCODE e}, the first not in a transaction block (flyway#2438)."""
        statement, column, word = self._statement, self._name(self._at + 2), self._statement[self._at + 3]
        if word.is_word("encode"):
            encoding = statement[self._at + 4].value
            if encoding not in ENCODINGS:
                raise RedshiftError(f'invalid encoding type specified for column "{column}": {encoding}', "0A000")
            self._end(self._at + 5)
            return self._redesign(encodings={column: encoding})
        if not word.is_word("type"):
            raise self._unsupported()
        kind = column_type(statement, self._at + 4)
        self._end(kind.end)
        if not kind.sql.startswith("varchar"):
            raise unsupported(f"ALTER COLUMN {column} TYPE other than VARCHAR")
        return self._redesign("ALTER TABLE ALTER COLUMN", resize=[column, kind.byte_limit])

    def _design(self) -> Plan:
        """ALTER {DISTSTYLE … | DISTKEY c | [COMPOUND] SORTKEY (…) | SORTKEY {AUTO | NONE} | ENCODE AUTO}."""
        statement, at = self._statement, self._at + 1
        if statement[at].is_word("encode") and statement[at + 1].is_word("auto"):
            self._end(at + 2)
            return self._redesign()
        if statement[at].is_word("diststyle") and statement[at + 1].is_word(*STYLES):
            style = statement[at + 1].value.upper()
            if style == "KEY" and not statement[at + 2].is_word("distkey"):
                raise statement.error(at + 2)
            if style != "KEY":
                self._end(at + 2)
                return self._redesign(style=style, distkey=None)
            at += 2
        if statement[at].is_word("distkey"):
            self._end(at + 2)
            return self._redesign(style="KEY", distkey=self._name(at + 1))
        at += statement[at].is_word("compound")
        if not statement[at].is_word("sortkey"):
            raise self._unsupported()
        if statement[at + 1].is_word("auto", "none"):
            self._end(at + 2)
            return self._redesign(sortkeys=[])
        if not statement[at + 1].is_symbol("("):
            raise statement.error(at + 1)
        self._end(statement.closing(at + 1) + 1)
        return self._redesign(sortkeys=[self._name(first) for first, _ in statement.arguments(at + 1)])

    def _append(self) -> Plan:
        """APPEND FROM source [IGNOREEXTRA | FILLTARGET] moves all rows for good (AWS: r_ALTER_TABLE_APPEND)."""
        statement, at = self._statement, self._at
        if not statement[at + 1].is_word("from"):
            raise statement.error(at + 1)
        source, end = qualified(statement, at + 2)
        mode = statement[end].value if statement[end].is_word("ignoreextra", "filltarget") else ""
        self._end(end + bool(mode))
        move = self._call("redshift_append", source, mode)
        sql = f"ALTER TABLE {self._table} RESET (fillfactor)"
        return Plan(sql, "ALTER", locks=(self._table, source), before=(move,), alone="ALTER TABLE APPEND")
