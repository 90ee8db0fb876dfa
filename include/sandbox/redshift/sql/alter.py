"""ALTER TABLE, one change a statement as on Redshift (AWS: r_ALTER_TABLE)."""

from __future__ import annotations

import json
from dataclasses import asdict

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.columns import ColumnReader, Design
from include.sandbox.redshift.sql.identifiers import literal, qualified
from include.sandbox.redshift.sql.statement import Statement


def alter_table(statement: Statement, *, keep_case: bool) -> Plan:
    """Translates ALTER TABLE.

    Raises:
        RedshiftError: Redshift would not take it, or the sandbox does not do it.
    """
    table, at = qualified(statement, 2)
    word, follows = statement[at], statement[at + 1]
    if word.is_word("add") and not follows.is_word("constraint", "primary", "unique", "foreign"):
        return _add_column(statement, table, at, keep_case=keep_case)
    if word.is_word("drop") and not follows.is_word("constraint"):
        return Plan(statement.render(), "ALTER")
    if word.is_word("rename") and follows.is_word("to", "column"):
        return Plan(statement.render(), "ALTER")
    if word.is_word("owner") and follows.is_word("to"):
        return Plan(statement.render(), "ALTER")
    raise unsupported(f"ALTER TABLE {statement.source(at, min(at + 1, len(statement) - 1)).upper()} in the sandbox")


def _add_column(statement: Statement, table: str, at: int, *, keep_case: bool) -> Plan:
    first = at + (2 if statement[at + 1].is_word("column") else 1)
    design = Design()
    if any(token.is_symbol(",") for token in statement.tokens[first:] if not _inside(statement, first, token.start)):
        raise unsupported("more than one ADD COLUMN in a statement")
    column = ColumnReader(statement, design, keep_case=keep_case).read(first, len(statement) - 1)
    if design.distkey or design.sortkeys or "AS IDENTITY" in column:
        raise unsupported("ADD COLUMN with DISTKEY, SORTKEY or IDENTITY")
    record = f"SELECT pg_catalog.redshift_extend_table({literal(table)}, {literal(json.dumps(asdict(design)))})"
    return Plan(f"ALTER TABLE {table} ADD COLUMN {column}", "ALTER", after=(record,))


def _inside(statement: Statement, first: int, offset: int) -> bool:
    """Whether an offset lies within parentheses of the tokens from `first` on."""
    depth = 0
    for token in statement.tokens[first:]:
        if token.start >= offset:
            break
        depth += token.is_symbol("(") - token.is_symbol(")")
    return depth > 0
