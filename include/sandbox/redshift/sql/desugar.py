"""Clauses that PostgreSQL lacks, put into others of Redshift's: each gives a text that is read again."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.sql.limits import group_by_all, top
from include.sandbox.redshift.sql.outer import outer_join
from include.sandbox.redshift.sql.pivot import pivot
from include.sandbox.redshift.sql.qualify import qualify
from include.sandbox.redshift.sql.query import Query, queries
from include.sandbox.redshift.sql.statement import Statement, split

# Nothing is looked for in a statement without one of these.
WORDS = frozenset({"qualify", "pivot", "unpivot", "top"})
REWRITES: tuple[Callable[[Statement, Query], bool], ...] = (pivot, outer_join, top, group_by_all, qualify)


def desugar(statement: Statement) -> Statement:
    """Returns a statement without QUALIFY, PIVOT, UNPIVOT, TOP, GROUP BY ALL and `(+)`.

    Raises:
        RedshiftError: one of them is used as Redshift or the sandbox does not take it.
    """
    while _may_have(statement) and _rewrite(statement):
        (statement,) = split(statement.render())
    return statement


def _rewrite(statement: Statement) -> bool:
    """Rewrites one clause, in the innermost query that has one; returns whether there was any."""
    return any(rewrite(statement, found) for found in queries(statement) for rewrite in REWRITES)


def _may_have(statement: Statement) -> bool:
    for index, token in enumerate(statement.tokens):
        if token.kind == "word" and token.value in WORDS:
            return True
        if token.is_symbol("+") and statement[index - 1].is_symbol("(") and statement[index + 1].is_symbol(")"):
            return True
        if token.is_word("all") and statement[index - 1].is_word("by"):
            return True
    return False
