"""Lateral column aliases: an alias of the select list stands for its expression later in the same query.

A column of that name wins (AWS: r_SELECT_list), and only PostgreSQL knows the columns: it is asked first, and what it
says is missing is put in the place of its name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.query import ends
from include.sandbox.redshift.sql.statement import Statement


@dataclass(frozen=True)
class Alias:
    """An alias in a select list.

    Args:
        name: the name.
        first: first token of the expression.
        last: last token of it.
    """

    name: str
    first: int
    last: int


def has_lateral_alias(statement: Statement) -> bool:
    """Whether some alias is named again in its query, so that it may have to be put in."""
    return any(True for _ in _uses(statement))


def expand(statement: Statement, name: str) -> str | None:
    """Returns the statement's text with the expression in the place of an alias; None when there is none such."""
    found = False
    for alias, index in _uses(statement):
        if alias.name == name:
            statement.replace(index, index, f"({statement.source(alias.first, alias.last)})")
            found = True
    return statement.render() if found else None


def _uses(statement: Statement) -> Iterator[tuple[Alias, int]]:
    """Yields where an alias stands for its expression, query by query."""
    for index, token in enumerate(statement.tokens):
        if token.is_word("select"):
            end, found = _of_query(statement, index)
            yield from _in_query(statement, found, end)


def _of_query(statement: Statement, select: int) -> tuple[int, list[Alias]]:
    """Returns the last token of a query, and the aliases of its select list."""
    in_list, first, found = True, select + 1, []
    at = select + 1
    while at < len(statement) and not ends(statement[at]):
        token = statement[at]
        if token.is_word("from"):
            in_list = False
        elif in_list and token.is_symbol(","):
            first = at + 1
        elif in_list and token.is_word("as") and statement[at + 1].is_name:
            name = name_of(statement[at + 1])
            if not (first == at - 1 and name_of(statement[first]) == name):
                found.append(Alias(name, first, at - 1))
        at = statement.closing(at) + 1 if token.is_symbol("(") else at + 1
    return at - 1, found


def _in_query(statement: Statement, aliases: list[Alias], end: int) -> Iterator[tuple[Alias, int]]:
    """Yields where a name without qualification, and no alias, call or table itself, is an alias's: the last before."""
    waiting, known = deque(aliases), dict[str, Alias]()
    at, sorts = aliases[0].last + 3 if aliases else end + 1, False
    while at <= end:
        while waiting and waiting[0].last + 3 <= at:
            last = waiting.popleft()
            known[last.name] = last
        token = statement[at]
        if token.is_symbol("(") and statement[at + 1].is_word("select"):
            at, sorts = statement.closing(at), False
        elif token.is_name and (alias := known.get(name_of(token))) is not None:
            before, behind = statement[at - 1], statement[at + 1]
            is_other = before.is_symbol(".", "::") or before.is_word("as", "from", "join") or behind.is_symbol(".", "(")
            # Alone in GROUP BY or ORDER BY PostgreSQL knows aliases.
            if not is_other and not sorts:
                yield alias, at
        sorts = token.is_word("by") or (sorts and (token.is_name or token.is_symbol(",", ".")))
        at += 1
