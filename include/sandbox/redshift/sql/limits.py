"""SELECT TOP n is LIMIT n (AWS: r_SELECT_list), GROUP BY ALL by all but aggregates (AWS: r_GROUP_BY_clause)."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.sql.query import Item, Query, items
from include.sandbox.redshift.sql.statement import Statement

AGGREGATES = {
    "avg", "count", "max", "min", "sum", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
    "listagg", "median", "percentile_cont", "percentile_disc", "any_value", "bool_and", "bool_or", "bit_and", "bit_or",
}  # fmt: skip


def top(statement: Statement, found: Query) -> bool:
    """Rewrites SELECT [DISTINCT | ALL] TOP n; returns whether it was there.

    Raises:
        RedshiftError: it stands in a set operation or beside LIMIT.
    """
    at = found.first
    bracketed = statement[at + 1].is_symbol("(") and statement[at + 2].kind == "number"
    if not statement[at].is_word("top") or not (bracketed or statement[at + 1].kind in ("number", "parameter")):
        return False
    if found.in_set or "limit" in found.clauses:
        raise unsupported("TOP in a set operation or beside LIMIT")
    last = at + 3 if bracketed else at + 1
    statement.remove(at, last)
    statement.append(found.end, f" LIMIT {statement[at + 2 if bracketed else at + 1].value}")
    return True


def group_by_all(statement: Statement, found: Query) -> bool:
    """Rewrites GROUP BY ALL; returns whether it was there.

    Raises:
        RedshiftError: a `*` is among what it would group by.
    """
    first, last = found.clauses.get("group", (0, 0))
    if last != first + 2 or not statement[last].is_word("all"):
        return False
    listed = items(statement, found)
    if any(item.star for item in listed):
        raise unsupported("GROUP BY ALL of * in the sandbox", hint="name the columns")
    places = [str(place) for place, item in enumerate(listed, 1) if not _aggregates(statement, item)]
    statement.replace(first, last, f"GROUP BY {', '.join(places)}" if places else " ")
    return True


def _aggregates(statement: Statement, item: Item) -> bool:
    """Whether an item holds an aggregate; one in a subquery is the subquery's."""
    at = item.first
    while at <= item.last:
        called = statement[at + 1].is_symbol("(")
        if called and statement[at].is_word(*AGGREGATES):
            return True
        at = statement.closing(at + 1) + 1 if called and statement[at + 2].is_word("select", "with") else at + 1
    return False
