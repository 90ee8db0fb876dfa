"""What PostgreSQL would do and Redshift does not: refused by name, so that it does not first fail in production."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.sql import foreign
from include.sandbox.redshift.sql.catalogue import reads_tables
from include.sandbox.redshift.sql.functions import FUNCTIONS, LEADER_NODE, MISSING, NOT_BESIDE_TABLES
from include.sandbox.redshift.sql.lexer import lower
from include.sandbox.redshift.sql.statement import Statement


def refuse(statement: Statement, *, on_leader_node: bool = False) -> None:
    """Refuses what Redshift refuses anywhere in a statement.

    Args:
        statement: the statement.
        on_leader_node: whether it reads PostgreSQL's catalogue.

    Raises:
        RedshiftError: the statement holds such a thing.
    """
    for index, token in enumerate(statement.tokens):
        if token.is_name and (name := lower(token.value)) in NAMES:
            if not (on_leader_node and name in ON_LEADER_NODE):
                _refuse_name(statement, index, name)
        elif token.is_name and name.startswith("redshift") and _is_ours(statement, index, name):
            raise _function(name)
        elif token.is_symbol("[") and not on_leader_node:
            raise _bracket(statement, index)
    foreign.refuse_unnesting(statement)
    if not on_leader_node:
        foreign.refuse_rows(statement)


def _bracket(statement: Statement, index: int) -> RedshiftError:
    """An array, which Redshift lacks, or a step into SUPER, which the sandbox does (AWS: query-super)."""
    before, follows = statement[index - 1], statement[index + 1]
    if before.is_name and not before.is_word("array") and not follows.is_symbol("]"):
        return unsupported("navigation into SUPER in the sandbox", hint="JSON_EXTRACT_PATH_TEXT(JSON_SERIALIZE(x), …)")
    return statement.error(index)


def _refuse_name(statement: Statement, index: int, name: str) -> None:
    called, part = statement[index + 1].is_symbol("("), statement[index - 1].is_symbol(".")
    if name in FUNCTIONS and called and not _is_table(statement, index):
        raise _function(name)
    if name in MISSING and called and not part and not _is_table(statement, index):
        raise unsupported(f"function {name}() in the sandbox")
    if name == "substr" and called and not part:
        raise unsupported("SUBSTR() function", hint="use SUBSTRING instead")
    if name in CHECKS and statement[index].kind == "word" and not part:
        CHECKS[name](statement, index)


def _is_ours(statement: Statement, index: int, name: str) -> bool:
    """Whether it calls a function that the stand-in has for itself: some run SQL that they are given."""
    if name == "redshift" and statement[index + 1].is_symbol("."):
        return statement[index + 3].is_symbol("(")
    return name.startswith("redshift_") and statement[index + 1].is_symbol("(") and not _is_table(statement, index)


def _is_table(statement: Statement, index: int) -> bool:
    """Whether a name before a parenthesis is a table's: `insert into format (…)`."""
    before, schema = statement[index - 1], statement[index - 2]
    in_schema = before.is_symbol(".") and not (schema.is_name and lower(schema.value) == "pg_catalog")
    return in_schema or before.is_word("into", "table", "as", "references", "exists")


def _function(name: str) -> RedshiftError:
    # Redshift reports it as an INFO line and this error (AWS: c_sql-functions-leader-node).
    return unsupported(
        f"function {name}()",
        hint="Specified types or functions (one per INFO message) not supported on Amazon Redshift tables.",
    )


def _returning(statement: Statement, index: int) -> None:
    if statement.verb in {"INSERT", "UPDATE", "DELETE", "MERGE", "WITH"}:
        raise statement.error(index)


def _conflict(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("on"):
        raise statement.error(index)


def _distinct(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("select") and statement[index + 1].is_word("on"):
        raise unsupported("SELECT DISTINCT ON")
    if statement[index + 1].is_word("from") and statement[index - 1].is_word("is", "not"):
        raise RedshiftError("Not implemented", "0A000", detail="IS DISTINCT FROM is not supported on Redshift.")


def _filter(statement: Statement, index: int) -> None:
    if statement[index - 1].is_symbol(")") and statement[index + 1].is_symbol("("):
        raise statement.error(index + 1)


def _lateral(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("join", "from") or statement[index - 1].is_symbol(","):
        raise unsupported("LATERAL")


def _rotation(statement: Statement, index: int) -> None:
    """What `pivot.py` has not taken: of a join, of another rotation, or outside a query's FROM."""
    if statement[index + 1].is_symbol("(") or statement[index + 1].is_word("include", "exclude"):
        raise unsupported(f"{statement[index].value.upper()} there")


def _connect(statement: Statement, index: int) -> None:
    if statement[index + 1].is_word("by"):
        raise unsupported("CONNECT BY in the sandbox", hint="WITH RECURSIVE does the same")


def _exclude(statement: Statement, index: int) -> None:
    if statement[index - 1].is_symbol("*") and (statement[index + 1].is_symbol("(") or statement[index + 1].is_name):
        raise unsupported("* EXCLUDE in the sandbox", hint="name the columns")


def _for(statement: Statement, index: int) -> None:
    follows, then = statement[index + 1], statement[index + 2]
    weaker = (follows.is_word("no") and then.is_word("key")) or (follows.is_word("key") and then.is_word("share"))
    if follows.is_word("update", "share") or weaker:
        raise RedshiftError("SELECT FOR UPDATE/SHARE is not supported", "0A000")


def _write(statement: Statement, index: int) -> None:
    """A WITH query only reads: PostgreSQL would run a DELETE in it."""
    in_with = statement[index - 1].is_symbol("(") and statement[index - 2].is_word("as", "materialized")
    if in_with and statement[index + 1].is_name:
        raise statement.error(index)


def _materialized(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("as", "not") and statement[index + 1].is_symbol("("):
        raise statement.error(index)


def _into(statement: Statement, index: int) -> None:
    if not statement[index - 1].is_word("insert", "merge"):
        raise statement.error(index)  # SELECT … INTO of a statement itself has become CREATE TABLE … AS


def _row(statement: Statement, index: int) -> None:
    if statement[index + 1].is_symbol("("):
        raise unsupported("a row constructor")


def _beside_tables(statement: Statement, index: int) -> None:
    if statement[index + 1].is_symbol("(") and not _is_table(statement, index) and statement.known(reads_tables):
        raise _function(statement[index].value)


def _followed_by(*words: str) -> Callable[[Statement, int], None]:
    def check(statement: Statement, index: int) -> None:
        if index and statement[index + 1].is_word(*words):
            raise statement.error(index)

    return check


def _before_a_name(statement: Statement, index: int) -> None:
    if statement[index - 1].is_name and statement[index + 1].is_name and statement.verb != "VACUUM":
        raise statement.error(index)


def _inserts(statement: Statement) -> bool:
    return any(token.is_word("insert") for token in statement.tokens)


def _values(statement: Statement, index: int) -> None:
    """A list of VALUES is what INSERT takes, and no table (AWS: c_unsupported-postgresql-features)."""
    before, listed = statement[index - 1], statement[index + 1].is_symbol("(")
    instead = listed and before.is_word("as", "for", "all", "union", "intersect", "except", "minus", "explain")
    behind = listed and before.is_symbol(")") and not statement.known(_inserts)
    if before.is_symbol("(") or instead or behind:
        raise unsupported("VALUES list used as constant table")
    if index == 0:
        raise RedshiftError('syntax error at or near "values"', SYNTAX_ERROR)


CHECKS = {
    "returning": _returning, "conflict": _conflict, "distinct": _distinct, "filter": _filter, "lateral": _lateral,
    "pivot": _rotation, "unpivot": _rotation, "connect": _connect,
    "exclude": _exclude, "for": _for, "values": _values, "insert": _write, "update": _write, "delete": _write,
    "merge": _write, "materialized": _materialized, "into": _into, "row": _row, "only": _before_a_name,
    "tablesample": _before_a_name, "overriding": _followed_by("system", "user"), "current": _followed_by("of"),
    "fetch": _followed_by("first", "next"),
    **foreign.CHECKS, **dict.fromkeys(NOT_BESIDE_TABLES, _beside_tables),
}  # fmt: skip
# It is a PostgreSQL, if an old one.
ON_LEADER_NODE = LEADER_NODE | foreign.CHECKS.keys()
NAMES = FUNCTIONS | MISSING | CHECKS.keys() | {"substr"}
