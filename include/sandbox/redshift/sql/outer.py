"""The operator `(+)` in WHERE is a LEFT JOIN of the table whose columns it stands at (AWS: r_WHERE_oracle_outer)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.query import Query
from include.sandbox.redshift.sql.statement import Statement

KEYWORDS = ("and", "between", "is", "not", "null", "like", "ilike", "similar", "to", "true", "false", "escape")


@dataclass
class Table:
    """A table in FROM.

    Args:
        source: its text, with its alias.
        shown: the name that its columns are qualified with, as text.
        to: the table that it is outer-joined to; None if it is not.
        on: the conditions of that join.
    """

    source: str
    shown: str
    to: str | None = None
    on: list[str] = field(default_factory=list)


def outer_join(statement: Statement, found: Query) -> bool:
    """Rewrites a query with `(+)`; returns whether it had one.

    Raises:
        RedshiftError: the operator is used where Redshift does not take it.
    """
    first, last = found.clauses.get("where", (0, -1))
    if not any(_is_operator(statement, at) for at in range(first, last + 1)):
        return False
    if "from" not in found.clauses:
        raise statement.error(first)
    tables = _tables(statement, found)
    kept = _distributed(statement, tables, first + 1, last)
    if statement[found.first].is_symbol("*") and found.first == found.list_end:
        statement.replace(found.first, found.first, ", ".join(f"{table.shown}.*" for table in tables.values()))
    if not _reaches_all(tables):
        raise unsupported("the operator (+) at both of two tables")
    where = f" WHERE {' AND '.join(kept)}" if kept else ""
    joined = ", ".join(_joined(tables))
    statement.replace(found.clauses["from"][0], last, f"FROM {joined}{where}")
    return True


def _distributed(statement: Statement, tables: dict[str, Table], first: int, last: int) -> list[str]:
    """Gives the conditions with `(+)` to the joins that they are of; returns the others."""
    kept, marked = [], []
    for begin, end in _conditions(statement, first, last):
        marks = [at for at in range(begin, end + 1) if _is_operator(statement, at)]
        if marks and any(statement[at].is_word("or", "in") for at in range(begin, end + 1)):
            raise RedshiftError("Outer join operator (+) not allowed in operand of OR or IN.", "0A000")
        for at in marks:
            statement.remove(at, at + 2)
        if marks:
            marked.append((begin, end, marks))
        else:
            kept.append(statement.render(begin, end))
    # Those that name two tables first: a comparison with a constant belongs to their join.
    for begin, end, marks in sorted(marked, key=lambda each: -len(_named(statement, tables, each[0], each[1]))):
        if not _joins(statement, tables, (begin, end), marks):
            kept.append(statement.render(begin, end))
    return kept


def _reaches_all(tables: dict[str, Table]) -> bool:
    """Whether each table leads to one that is not outer-joined."""
    reached = {name for name, table in tables.items() if table.to is None}
    for name in tables:
        path, at = list[str](), name
        while at not in reached:
            if len(path) > len(tables):
                return False
            path.append(at)
            at = str(tables[at].to)
        reached.update(path)
    return True


def _is_operator(statement: Statement, at: int) -> bool:
    return statement[at].is_symbol("(") and statement[at + 1].is_symbol("+") and statement[at + 2].is_symbol(")")


def _tables(statement: Statement, found: Query) -> dict[str, Table]:
    first, last = found.clauses["from"]
    if any(statement[at].is_word("join") for at in range(first, last + 1)):
        raise unsupported("the operator (+) beside a join in FROM")
    tables = {}
    for begin, end in statement.commas(first + 1, last):
        if not statement[end].is_name:
            raise unsupported("the operator (+) with a subquery without an alias")
        tables[name_of(statement[end])] = Table(statement.source(begin, end), statement.source(end, end))
    return tables


def _conditions(statement: Statement, first: int, last: int) -> list[tuple[int, int]]:
    """Returns what AND joins; the AND of a BETWEEN joins nothing."""
    found, start, between = [], first, False
    for at in statement.level(first, last):
        if statement[at].is_word("between"):
            between = True
        elif statement[at].is_word("and"):
            if not between:
                found.append((start, at - 1))
                start = at + 1
            between = False
    found.append((start, last))
    if len(found) > 1 and any(statement[i].is_word("or") for i in statement.level(first, last)):
        return [(first, last)]
    return found


def _named(statement: Statement, tables: dict[str, Table], begin: int, end: int) -> set[str]:
    """Returns the tables whose names stand before columns."""
    return {
        name_of(statement[at]) for at in range(begin, end)
        if statement[at].is_name and statement[at + 1].is_symbol(".") and name_of(statement[at]) in tables
    }  # fmt: skip


def _joins(statement: Statement, tables: dict[str, Table], condition: tuple[int, int], marks: list[int]) -> bool:
    """Adds a condition with `(+)` to the join that it is of; returns whether there is such a join."""
    begin, end = condition
    named = _named(statement, tables, begin, end)
    marked = {name_of(statement[at - 3]) for at in marks if statement[at - 2].is_symbol(".")}
    if not marked and not named:  # `eventid(+) = 796`: of the only table that is outer-joined
        marked = {name for name, table in tables.items() if table.to}
    if len(marked) != 1 or not marked <= tables.keys():
        raise unsupported("the operator (+) at columns of several tables, or of none that is named, in one condition")
    (name,) = marked
    others, table = named - marked, tables[name]
    if len(others) > 1 or (others and table.to not in (None, *others)):
        raise RedshiftError("A table may be outer joined to at most one other table.", "0A000")
    if others:
        (table.to,) = others
    if table.to is None:
        if any(_is_bare(statement, at) for at in range(begin, end + 1)):
            raise unsupported("the operator (+) opposite a column without its table's name, in the sandbox,")
        return False
    table.on.append(statement.render(begin, end))
    return True


def _is_bare(statement: Statement, at: int) -> bool:
    """Whether a token may be a column without its table's name."""
    before, behind = statement[at - 1], statement[at + 1]
    qualified = before.is_symbol(".") or behind.is_symbol(".")
    return statement[at].is_name and not qualified and not statement[at].is_word(*KEYWORDS) and behind.kind != "string"


def _joined(tables: dict[str, Table]) -> Iterator[str]:
    """Yields each table that is not outer-joined with all that is outer-joined to it."""
    joined: dict[str, list[str]] = {}
    for name, table in tables.items():
        joined.setdefault(table.to or "", []).append(name)
    outermost = joined.get("", [])
    order = list(outermost)
    for name in order:
        order += joined.get(name, ())
    texts = {}
    for name in reversed(order):
        texts[name] = tables[name].source
        for other in joined.get(name, ()):
            inner, conditions = texts.pop(other), " AND ".join(tables[other].on)
            inner = inner if inner == tables[other].source else f"({inner})"
            texts[name] += f" LEFT JOIN {inner} ON {conditions}"
    for name in outermost:
        yield texts[name]
