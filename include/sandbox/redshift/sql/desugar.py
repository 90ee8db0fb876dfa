"""Clauses that PostgreSQL lacks, put into others of Redshift's: each gives a text that is read again."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.errors import TOO_COMPLEX, RedshiftError
from include.sandbox.redshift.sql.limits import group_by_all, top
from include.sandbox.redshift.sql.outer import outer_join
from include.sandbox.redshift.sql.pivot import pivot
from include.sandbox.redshift.sql.qualify import qualify
from include.sandbox.redshift.sql.query import Query, queries
from include.sandbox.redshift.sql.statement import Statement, split

# Nothing is looked for in a statement without one of these.
WORDS = frozenset({"qualify", "pivot", "unpivot", "top"})
# Each level of nesting is a pass over the whole text.
DEEPEST = 32
Rewrite = Callable[[Statement, Query], bool]
# These put a clause together from the text of what is in it, which must have been rewritten and read again before.
WHOLE: tuple[Rewrite, ...] = (pivot, outer_join, qualify)
IN_PLACE: tuple[Rewrite, ...] = (top, group_by_all)


def desugar(statement: Statement) -> Statement:
    """Returns a statement without QUALIFY, PIVOT, UNPIVOT, TOP, GROUP BY ALL and `(+)`.

    Raises:
        RedshiftError: one of them is used as Redshift or the sandbox does not take it.
    """
    for _ in range(DEEPEST):
        if not (_may_have(statement) and _rewrite(statement)):
            return statement
        (statement,) = split(statement.render())
    raise RedshiftError(f"clauses of Redshift's own are nested more than {DEEPEST} deep in the sandbox", TOO_COMPLEX)


def _rewrite(statement: Statement) -> bool:
    """Rewrites one clause of each query, from inner ones to outer ones, as far as that goes; whether there was any."""
    changed = len(statement)  # the SELECT of the query that was rewritten last: the first of them
    for found in queries(statement):
        rewrites = IN_PLACE if found.end >= changed else (*WHOLE, *IN_PLACE)
        if any(rewrite(statement, found) for rewrite in rewrites):
            changed = found.select
    return changed < len(statement)


def _may_have(statement: Statement) -> bool:
    for index, token in enumerate(statement.tokens):
        if token.kind == "word" and token.value in WORDS:
            return True
        if token.is_symbol("+") and statement[index - 1].is_symbol("(") and statement[index + 1].is_symbol(")"):
            return True
        if token.is_word("all") and statement[index - 1].is_word("by"):
            return True
    return False
