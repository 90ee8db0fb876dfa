"""Lateral column aliases: an alias of the select list stands for its expression later in the same query.

A column of that name wins (AWS: r_SELECT_list), and only PostgreSQL knows the columns: it is asked first, and what it
says is missing is put in the place of its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.statement import Statement

SET_OPERATIONS = ("union", "intersect", "except", "minus")


@dataclass(frozen=True)
class Alias:
    """An alias in a select list.

    Args:
        name: the name.
        first: first token of the expression.
        last: last token of it.
        end: the last token of the query whose select list it is in.
    """

    name: str
    first: int
    last: int
    end: int


def has_lateral_alias(statement: Statement) -> bool:
    """Whether some alias is named again in its query, so that it may have to be put in."""
    return any(True for alias in _aliases(statement) for _ in _uses(statement, alias))


def expand(statement: Statement, name: str) -> str | None:
    """Returns the statement's text with the expression in the place of an alias; None when there is none such."""
    found = False
    for alias in _aliases(statement):
        if alias.name == name:
            for index in _uses(statement, alias):
                statement.replace(index, index, f"({statement.source(alias.first, alias.last)})")
                found = True
    return statement.render() if found else None


def _aliases(statement: Statement) -> Iterator[Alias]:
    for index, token in enumerate(statement.tokens):
        if token.is_word("select"):
            yield from _of_query(statement, index)


def _of_query(statement: Statement, select: int) -> Iterator[Alias]:
    end, in_list, first, found = select, True, select + 1, []
    at = select + 1
    while at < len(statement):
        token = statement[at]
        if token.is_symbol(")") or token.is_word(*SET_OPERATIONS):
            break
        if token.is_word("from"):
            in_list = False
        elif in_list and token.is_symbol(","):
            first = at + 1
        elif in_list and token.is_word("as") and statement[at + 1].is_name:
            found.append((name_of(statement[at + 1]), first, at - 1))
        at = statement.closing(at) + 1 if token.is_symbol("(") else at + 1
    end = at - 1
    for name, begin, last in found:
        if not (begin == last and name_of(statement[begin]) == name):
            yield Alias(name, begin, last, end)


def _uses(statement: Statement, alias: Alias) -> Iterator[int]:
    """Where a name without qualification, and no alias, call or table itself, is the alias's."""
    at = alias.last + 3
    while at <= alias.end:
        token = statement[at]
        if token.is_symbol("(") and statement[at + 1].is_word("select"):
            at = statement.closing(at)
        elif token.is_name and name_of(token) == alias.name:
            before, behind = statement[at - 1], statement[at + 1]
            is_other = before.is_symbol(".", "::") or before.is_word("as", "from", "join") or behind.is_symbol(".", "(")
            if not is_other and not before.is_word("by") and not _sorts(statement, at):
                yield at
        at += 1


def _sorts(statement: Statement, at: int) -> bool:
    """Whether a name stands alone in GROUP BY or ORDER BY, where PostgreSQL knows aliases."""
    while statement[at - 1].is_name or statement[at - 1].is_symbol(",", "."):
        at -= 1
        if statement[at].is_word("by"):
            return True
    return False
