"""Column definitions: Redshift's attributes, as PostgreSQL's and as records for the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.identifiers import check_new_name, name_of, qualified, quote
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.types import column_type
from include.sandbox.redshift.words import BYTE_LIMIT_PREFIX

ENCODINGS = {
    "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "raw", "runlength", "text255",
    "text32k", "zstd",
}  # fmt: skip


@dataclass
class Design:
    """What Redshift keeps about a table and PostgreSQL does not: layout and informational constraints.

    Args:
        style: EVEN, KEY, ALL or AUTO; None when nothing was said.
        distkey: the distribution key's column.
        sortkeys: columns of the sort key, in order.
        interleaved: whether the sort key is interleaved.
        backup: whether the table is in snapshots.
        encodings: compression by column.
        constraints: PRIMARY KEY, UNIQUE and FOREIGN KEY, none of them enforced (AWS: t_Defining_constraints).
        like: the parent of CREATE TABLE (LIKE parent), as SQL.
    """

    style: str | None = None
    distkey: str | None = None
    sortkeys: list[str] = field(default_factory=list)
    interleaved: bool = False
    backup: bool = True
    encodings: dict[str, str] = field(default_factory=dict)
    constraints: list[dict[str, Any]] = field(default_factory=list)
    like: str | None = None

    def set_distkey(self, column: str) -> None:
        """Records the distribution key.

        Raises:
            RedshiftError: there is one already.
        """
        if self.distkey is not None:
            raise RedshiftError("only one DISTKEY is allowed per table", "42601")
        self.distkey = column

    def set_sortkeys(self, columns: list[str], *, interleaved: bool = False) -> None:
        """Records the sort key.

        Raises:
            RedshiftError: there is one already, or it has too many columns (AWS: r_CREATE_TABLE_NEW).
        """
        if self.sortkeys:
            raise RedshiftError("only one SORTKEY is allowed per table", "42601")
        if len(columns) > (8 if interleaved else 400):
            raise RedshiftError("too many columns in the SORTKEY", "54011")
        self.sortkeys, self.interleaved = columns, interleaved


class ColumnReader:
    """Reads one column definition.

    Args:
        statement: CREATE TABLE or ALTER TABLE.
        design: what the table's design is recorded in.
        keep_case: whether quoted names keep their case.
    """

    def __init__(self, statement: Statement, design: Design, *, keep_case: bool) -> None:
        self._statement = statement
        self._design = design
        self._keep_case = keep_case
        self._column = ""
        self._at = 0

    def read(self, first: int, last: int) -> str:
        """Returns the definition for PostgreSQL of the column whose tokens are `first` to `last`.

        Raises:
            RedshiftError: Redshift would not take it.
        """
        statement = self._statement
        check_new_name(statement, first)
        self._column = name_of(statement[first], keep_case=self._keep_case)
        kind = column_type(statement, first + 1)
        parts = [quote(self._column), kind.sql]
        self._at = kind.end
        while self._at <= last:
            parts.append(self._attribute(last))
        if kind.sql == "super" and self._column in (self._design.distkey, *self._design.sortkeys):
            raise unsupported(f'SUPER column "{self._column}" as DISTKEY or SORTKEY')
        if kind.byte_limit is not None:
            name = quote((BYTE_LIMIT_PREFIX + self._column)[:63])
            parts.append(f"CONSTRAINT {name} CHECK (octet_length({quote(self._column)}) <= {kind.byte_limit})")
        return " ".join(part for part in parts if part)

    def _attribute(self, last: int) -> str:
        word = self._statement[self._at].value if self._statement[self._at].kind == "word" else ""
        reader = getattr(self, f"_read_{word}", None)
        if reader is None:
            raise self._statement.error(self._at)
        return str(reader(last))

    def _skip(self, count: int = 1) -> str:
        self._at += count
        return ""

    def _read_not(self, _: int) -> str:
        if not self._statement[self._at + 1].is_word("null"):
            raise self._statement.error(self._at + 1)
        self._skip(2)
        return "NOT NULL"

    def _read_null(self, _: int) -> str:
        return self._skip()

    def _read_default(self, last: int) -> str:
        first = end = self._at + 1
        starts = {"identity", "generated", "encode", "distkey", "sortkey", "collate", "null", "unique", "primary",
                  "references", "not"}  # fmt: skip
        while end <= last and (end == first or not self._statement[end].is_word(*starts)):
            end = self._statement.closing(end) + 1 if self._statement[end].is_symbol("(") else end + 1
        self._at = end
        return f"DEFAULT {self._statement.render(first, end - 1)}"

    def _read_identity(self, _: int, always: str = "ALWAYS") -> str:
        items = self._statement.arguments(self._at + 1)
        seed, step = [self._statement.source(*item) for item in items] if len(items) == 2 else ("", "")
        if not (seed.lstrip("-").isdigit() and step.lstrip("-").isdigit()):
            raise self._statement.error(self._at + 1)
        self._at = self._statement.closing(self._at + 1) + 1
        low = f" MINVALUE {min(int(seed), 1)}" if int(step) > 0 else ""
        return f"GENERATED {always} AS IDENTITY (START WITH {seed} INCREMENT BY {step}{low})"

    def _read_generated(self, last: int) -> str:
        for offset, word in enumerate(("generated", "by", "default", "as", "identity")):
            if not self._statement[self._at + offset].is_word(word):
                raise self._statement.error(self._at + offset)
        self._skip(4)
        return self._read_identity(last, "BY DEFAULT")

    def _read_encode(self, _: int) -> str:
        encoding = self._statement[self._at + 1].value
        if encoding not in ENCODINGS:
            raise RedshiftError(f'invalid encoding type specified for column "{self._column}": {encoding}', "0A000")
        self._design.encodings[self._column] = encoding
        return self._skip(2)

    def _read_distkey(self, _: int) -> str:
        self._design.set_distkey(self._column)
        return self._skip()

    def _read_sortkey(self, _: int) -> str:
        self._design.set_sortkeys([self._column])
        return self._skip()

    def _read_collate(self, _: int) -> str:
        collation = self._statement[self._at + 1]
        if collation.is_word("case_insensitive", "ci"):
            raise unsupported("COLLATE CASE_INSENSITIVE in the sandbox")
        if not collation.is_word("case_sensitive", "cs"):  # AWS: r_CREATE_TABLE_NEW
            raise self._statement.error(self._at + 1)
        return self._skip(2)

    def _read_unique(self, _: int) -> str:
        self._constrain("UNIQUE")
        return self._skip()

    def _read_primary(self, _: int) -> str:
        if not self._statement[self._at + 1].is_word("key"):
            raise self._statement.error(self._at + 1)
        self._constrain("PRIMARY KEY")
        self._skip(2)
        return "NOT NULL"

    def _read_references(self, _: int) -> str:
        target, end = qualified(self._statement, self._at + 1)
        columns: list[str] = []
        if self._statement[end].is_symbol("("):
            columns = [name_of(self._statement[first], keep_case=self._keep_case)
                       for first, _ in self._statement.arguments(end)]  # fmt: skip
            end = self._statement.closing(end) + 1
        self._constrain("FOREIGN KEY", target=target, target_columns=columns)
        self._at = end
        return ""

    def _constrain(self, kind: str, **more: Any) -> None:
        self._design.constraints.append({"type": kind, "columns": [self._column], **more})
