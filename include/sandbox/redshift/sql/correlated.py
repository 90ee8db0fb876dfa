"""Correlated subqueries that Redshift's planner does not run (AWS: r_correlated_subqueries), where names tell them.

A reference is followed by the table's name or alias before its column; one without cannot be told without the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.lexer import lower
from include.sandbox.redshift.sql.statement import Statement

# Behind one of these comes a table; within FROM behind a comma too.
BEFORE_TABLE = ("from", "join", "using", "update", "into")
CLAUSES = ("select", "where", "group", "having", "order", "limit", "union", "except", "minus", "intersect", "set",
           "qualify", "on", "when", "values")  # fmt: skip
JOINS = ("left", "right", "full", "inner", "outer", "cross", "natural")
# Before a parenthesis of a query's own; any other word there is a function's name.
NO_CALL = (*BEFORE_TABLE, *CLAUSES, *JOINS, "as", "in", "exists", "all", "any", "some", "and", "or", "not", "then",
           "else", "case", "over")  # fmt: skip
HINT = "join the tables instead; AWS: r_correlated_subqueries"


@dataclass(eq=False)
class Block:
    """One query block.

    Args:
        parent: the block around it.
        conditional: whether it stands in the ON clause of an outer join.
    """

    parent: Block | None = None
    conditional: bool = False
    clause: str = ""
    outer: bool = False
    windows: bool = False
    awaits_table: bool = False
    awaits_alias: bool = False
    table: str = ""
    tables: set[str] = field(default_factory=set)
    references: list[str] = field(default_factory=list)


def unsupported_pattern(statement: Statement) -> RedshiftError | None:
    """Returns the error for the first subquery that Redshift cannot decorrelate; None if there is none."""
    if sum(token.is_word("select") for token in statement.tokens) < 2:
        return None
    for block, distances in _distances(_blocks(statement)):
        correlated = any(distances)
        if max(distances, default=0) > 1 or (correlated and (block.conditional or block.windows)):
            return unsupported("This type of correlated subquery pattern", hint=HINT)
    return None


def _distances(blocks: list[Block]) -> Iterator[tuple[Block, list[int]]]:
    """Yields of each block how many blocks out its names lead; 0 for one of its own, and for none at all."""
    around = list[Block]()
    depths = dict[str, list[int]]()  # of the blocks around that have a table of this name
    for block in blocks:
        while around and around[-1] is not block.parent:
            for name in around.pop().tables:
                depths[name].pop()
        for name in block.tables:
            depths.setdefault(name, []).append(len(around))
        yield block, [len(around) - depths[name][-1] for name in block.references if depths.get(name)]
        around.append(block)


def _blocks(statement: Statement) -> list[Block]:
    """Returns the query blocks with the tables they read and the names that qualify their columns."""
    block = Block()
    found = [block]
    opened = list[Block | bool]()  # of each parenthesis: the block around a query, else whether it is a call
    for at, token in enumerate(statement.tokens):
        if token.is_symbol("("):
            if statement[at + 1].is_word("select", "with"):
                opened.append(block)
                block = Block(block, block.conditional or (block.clause == "on" and block.outer))
                found.append(block)
            else:
                before = statement[at - 1]
                opened.append(before.is_name and not before.is_word(*NO_CALL) and not block.awaits_alias)
        elif token.is_symbol(")"):
            around = opened.pop() if opened else False
            if isinstance(around, Block):
                block = around
                block.awaits_table, block.awaits_alias = False, block.awaits_table
        elif not (opened and opened[-1] is True) or statement[at + 1].is_symbol("."):
            _read(statement, at, block)
    return found


def _read(statement: Statement, at: int, block: Block) -> None:
    token, before, follows = statement[at], statement[at - 1], statement[at + 1]
    if token.is_symbol(",") and block.clause == "from":
        block.awaits_table, block.awaits_alias = True, False
    elif token.is_word("over") and follows.is_symbol("("):
        block.windows = True
    elif token.is_word(*BEFORE_TABLE):
        block.outer = before.is_word("left", "right", "full", "outer")
        block.clause, block.awaits_table, block.awaits_alias = "from", True, False
    elif token.is_word(*CLAUSES):
        block.clause, block.awaits_table, block.awaits_alias = token.value, False, False
    elif token.is_name and not before.is_symbol("."):
        _name(statement, at, block)


def _name(statement: Statement, at: int, block: Block) -> None:
    """A table of FROM, its alias, or what qualifies a column."""
    last = at
    while statement[last + 1].is_symbol(".") and statement[last + 2].is_name:
        last += 2
    if block.awaits_table:
        block.table = lower(statement[last].value)
        block.tables.add(block.table)
        block.awaits_table, block.awaits_alias = False, True
    elif block.awaits_alias and not statement[at].is_word("as", *JOINS):
        block.tables -= {block.table}
        block.tables.add(lower(statement[at].value))
        block.awaits_alias, block.table = False, ""
    elif statement[at + 1].is_symbol("."):
        block.references.append(lower(statement[max(at, last - 2)].value))
