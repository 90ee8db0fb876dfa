"""SELECT … INTO [TEMP] [TABLE] name FROM … is CREATE TABLE name AS SELECT … (AWS: r_SELECT_INTO)."""

from __future__ import annotations

from include.sandbox.redshift.sql.identifiers import qualified
from include.sandbox.redshift.sql.statement import Statement


def select_into(statement: Statement) -> str | None:
    """Returns the CREATE TABLE that a SELECT … INTO stands for, in the client's own words; None for all else.

    Raises:
        RedshiftError: no table is named.
    """
    at = _into(statement)
    if at is None:
        return None
    first = at + 1
    temporary = statement[first].is_word("temp", "temporary")
    first += temporary
    first += statement[first].is_word("table")
    _, end = qualified(statement, first)
    last = len(statement) - 1
    before, behind = statement.source(0, at - 1), statement.source(end, last) if end <= last else ""
    name = statement.source(first, end - 1)
    return f"CREATE {'TEMP ' if temporary else ''}TABLE {name} AS {before} {behind}"


def _into(statement: Statement) -> int | None:
    """Where INTO ends the select list of the statement itself."""
    if not statement[0].is_word("select", "with"):
        return None
    words = ("into", "from", "insert", "merge")
    at = next((at for at in statement.level(1, len(statement) - 1) if statement[at].is_word(*words)), 0)
    return at if statement[at].is_word("into") else None
