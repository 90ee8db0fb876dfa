"""QUALIFY filters by what window functions give: a query within another one that filters (AWS: r_QUALIFY_clause).

What it becomes is in Redshift's own words: lateral aliases in the condition are put in as those of any select list.
"""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.identifiers import quote
from include.sandbox.redshift.sql.query import Item, Query, alias_at, items
from include.sandbox.redshift.sql.statement import Statement

JOINS = ("join", "natural", "using")


def qualify(statement: Statement, found: Query) -> bool:
    """Rewrites a query with QUALIFY; returns whether it had one.

    Raises:
        RedshiftError: a table before it has no alias, or a `*` stands for columns that only PostgreSQL knows.
    """
    if "qualify" not in found.clauses:
        return False
    if "from" not in found.clauses:
        raise statement.error(found.clauses["qualify"][0])
    _check_alias(statement, found)
    inner, outer = [], []
    for place, item in enumerate(items(statement, found)):
        for expression, column in _columns(statement, found, item, place):
            inner.append(expression)
            outer.append(column)
    first, last = found.clauses["qualify"]
    condition = statement.source(first + 1, last)
    before = [_clause(statement, found, word) for word in ("from", "where", "group", "having")]
    order, tail = _clause(statement, found, "order"), [_clause(statement, found, word) for word in ("limit", "offset")]
    if found.in_set or found.distinct:  # the order is of the whole set, or of rows that are there once
        order, tail = "", [order, *tail]
    elif order and any(item.star for item in items(statement, found)):
        _check_places(statement, *found.clauses["order"])
    text = " ".join([
        "SELECT DISTINCT" if found.distinct else "SELECT", ", ".join(outer), "FROM (SELECT", ", ".join(inner) + ",",
        f"({condition}) AS qualified", *before, order, ") AS qualifying WHERE qualifying.qualified", *tail,
    ])  # fmt: skip
    statement.replace(found.select, found.end, text)
    return True


def _columns(statement: Statement, found: Query, item: Item, place: int) -> list[tuple[str, str]]:
    """Returns what stands for an item in the inner query, and in the outer one."""
    if not item.star:
        alias = quote(item.alias or f"qualified {place}")
        column = f"qualifying.{alias} AS {quote(item.name)}"
        return [(f"{statement.source(item.first, item.last)} AS {alias}", column)]
    if "group" in found.clauses:
        raise unsupported("* beside GROUP BY and QUALIFY in the sandbox")
    tables = _tables(statement, found) if item.first == item.last else [statement.source(item.first, item.last - 2)]
    rows = [quote(f"row {place} {number}") for number in range(len(tables))]
    return [(f"{table} AS {row}", f"(qualifying.{row}).*") for table, row in zip(tables, rows, strict=True)]


def _tables(statement: Statement, found: Query) -> list[str]:
    """Returns the names of the tables and subqueries in FROM, in their order."""
    first, last = found.clauses["from"]
    names = []
    for begin, end in statement.commas(first + 1, last):
        if any(statement[at].is_word(*JOINS) for at in range(begin, end + 1)):
            raise unsupported("* of a join beside QUALIFY in the sandbox", hint="name the tables: a.*, b.*")
        token = statement[end]
        names.append(statement.source(end, end) if token.is_name else "")
    if not all(names):
        raise unsupported("* of a table without a name beside QUALIFY in the sandbox")
    return names


def _check_alias(statement: Statement, found: Query) -> None:
    """Directly behind FROM, the last table must have an alias (AWS: r_QUALIFY_clause)."""
    first, last = found.clauses["from"]
    if found.clauses["qualify"][0] != last + 1:
        return
    begin, end = statement.commas(first + 1, last)[-1]
    joined = any(statement[at].is_word("on", "using") for at in range(begin, end + 1))
    if not joined and not alias_at(statement, begin, end)[1]:
        raise RedshiftError("QUALIFY directly after FROM needs an alias of the table", "0A000",
                            hint="AWS: r_QUALIFY_clause")  # fmt: skip


def _check_places(statement: Statement, first: int, last: int) -> None:
    for begin, _ in statement.commas(first + 2, last):
        if statement[begin].kind == "number":
            raise unsupported("ORDER BY a position beside * and QUALIFY in the sandbox")


def _clause(statement: Statement, found: Query, word: str) -> str:
    return statement.source(*found.clauses[word]) if word in found.clauses else ""
