"""A query's clauses and the items of its select list, found among the tokens of its statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.lexer import Token
from include.sandbox.redshift.sql.statement import Statement

SET_OPERATIONS = ("union", "intersect", "except", "minus")
CLAUSES = ("from", "where", "group", "having", "qualify", "order", "limit", "offset")
# Neither an alias without AS, nor what one can follow.
UNALIASED = {"end", "null", "true", "false", "precision", "unknown", "zone", "nulls", "first", "last", "varying"}
OPERATORS = {"and", "or", "not", "is", "in", "like", "ilike", "similar", "to", "between", "then", "else", "when",
             "case", "distinct", "all", "double", "from", "escape"}  # fmt: skip

# What a column is called that has no other name than from one of these functions.
NAMED = {
    "nvl": "coalesce", "isnull": "coalesce", "nvl2": "case", "decode": "case", "extract": "date_part",
    "date_part": "pgdate_part", "dateadd": "date_add", "datediff": "date_diff",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An item of a select list.

    Args:
        first: first token of the expression.
        last: last token of the expression, without its alias.
        alias: the name that AS, or nothing, gives it; empty if there is none.
        name: what the column is called: the alias, or what it has from the expression.
        star: whether it is `*` or `t.*`.
    """

    first: int
    last: int
    alias: str
    name: str
    star: bool


@dataclass(frozen=True)
class Query:
    """One SELECT.

    Args:
        select: its SELECT.
        first: first token of the select list, behind DISTINCT and ALL.
        clauses: first and last token of each clause but the select list, by the word that begins it.
        list_end: last token of the select list.
        end: its last token.
        distinct: whether SELECT DISTINCT.
        in_set: whether it is part of a UNION or the like, whose ORDER BY and LIMIT are then not its own.
    """

    select: int
    first: int
    clauses: dict[str, tuple[int, int]]
    list_end: int
    end: int
    distinct: bool
    in_set: bool


def queries(statement: Statement) -> Iterator[Query]:
    """Yields the queries of a statement, inner ones before those that they are in."""
    for index in reversed(range(len(statement))):
        if statement[index].is_word("select") and not statement[index - 1].is_symbol("."):
            yield query(statement, index)


def around(statement: Statement) -> dict[int, Query]:
    """Returns of each token that is in a query the innermost one, but of its SELECT the one around it."""
    starts = {found.select: found for found in queries(statement)}
    inside, opened = dict[int, Query](), list[Query]()
    for at in range(len(statement)):
        while opened and opened[-1].end < at:
            opened.pop()
        if opened:
            inside[at] = opened[-1]
        if at in starts:
            opened.append(starts[at])
    return inside


def query(statement: Statement, select: int) -> Query:
    """Returns the query that begins at a SELECT."""
    distinct = statement[select + 1].is_word("distinct")
    first = select + 1 + statement[select + 1].is_word("distinct", "all")
    starts: list[tuple[str, int]] = []
    at = first
    while at < len(statement) and not ends(statement[at]):
        if statement[at].is_word(*CLAUSES) and _is_clause(statement, at, starts):
            starts.append((statement[at].value, at))
        at = statement.closing(at) + 1 if statement[at].is_symbol("(") else at + 1
    stops = [*[start for _, start in starts[1:]], at][: len(starts)]
    clauses = {word: (start, stop - 1) for (word, start), stop in zip(starts, stops, strict=True)}
    in_set = statement[at].is_word(*SET_OPERATIONS) or _continues(statement, select)
    return Query(select, first, clauses, (starts[0][1] if starts else at) - 1, at - 1, distinct, in_set)


def items(statement: Statement, found: Query) -> list[Item]:
    """Returns the items of a query's select list."""
    return [_item(statement, first, last) for first, last in statement.commas(found.first, found.list_end)]


def alias_at(statement: Statement, first: int, last: int) -> tuple[int, str]:
    """Returns the last token of an expression without its alias, and the alias, or nothing."""
    token, before = statement[last], statement[last - 1]
    if last > first and token.is_name and before.is_word("as"):
        return last - 2, name_of(token)
    plain = token.is_name and not (token.kind == "word" and token.value in UNALIASED)
    operand = before.is_symbol(")") or (before.kind not in ("symbol", "end") and not before.is_word(*OPERATORS))
    if last > first and plain and operand:
        return last - 1, name_of(token)
    return last, ""


def _item(statement: Statement, first: int, last: int) -> Item:
    if statement[last].is_symbol("*") and (first == last or statement[last - 1].is_symbol(".")):
        return Item(first, last, "", "", True)
    last, alias = alias_at(statement, first, last)
    return Item(first, last, alias, alias or _name(statement, first, last), False)


def _name(statement: Statement, first: int, last: int) -> str:
    """Returns what an expression without an alias is called."""
    casts = [at for at in range(first, last + 1) if statement[at].is_symbol("::")]
    last = casts[0] - 1 if casts else last
    path = all(statement[at].is_name or statement[at].is_symbol(".") for at in range(first, last + 1))
    if path:
        return name_of(statement[last])
    called = statement[first].is_name and statement[first + 1].is_symbol("(")
    if called:
        close = statement.closing(first + 1)
        if close == last or statement[close + 1].is_word("over", "within", "ignore", "respect"):
            name = name_of(statement[first])
            return NAMED.get(name, name)
    return "case" if statement[first].is_word("case") and statement[last].is_word("end") else "?column?"


def ends(token: Token) -> bool:
    """Whether a token within no parenthesis of a query is behind its end; another SELECT can only be a mistake."""
    return token.is_symbol(")") or token.is_word("select", *SET_OPERATIONS)


def _is_clause(statement: Statement, at: int, starts: list[tuple[str, int]]) -> bool:
    before = statement[at - 1]
    if before.is_symbol(".") or before.is_word("as") or (statement[at].is_word("from") and starts):
        return False
    return not statement[at].is_word("group", "order") or statement[at + 1].is_word("by")


def _continues(statement: Statement, select: int) -> bool:
    before = statement[select - 1]
    return before.is_word(*SET_OPERATIONS) or (before.is_word("all") and statement[select - 2].is_word(*SET_OPERATIONS))
