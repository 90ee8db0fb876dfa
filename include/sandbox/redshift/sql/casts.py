"""CONVERT and TRY_CAST, which PostgreSQL lacks or means otherwise."""

from __future__ import annotations

from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.types import column_type


def convert(statement: Statement, index: int) -> None:
    """`convert(type, e)` is a cast (AWS: CONVERT_function)."""
    items = statement.arguments(index + 1)
    if len(items) != 2:
        raise statement.error(index)
    value = statement.render(*items[1])
    statement.replace(index, statement.closing(index + 1), f"CAST({value} AS {_type(statement, *items[0])})")


def try_cast(statement: Statement, index: int) -> None:
    """`try_cast(e as type)` gives NULL where the cast fails (AWS: r_TRY_CAST)."""
    end = statement.closing(index + 1)
    place = max((at for at in statement.level(index + 2, end - 1) if statement[at].is_word("as")), default=0)
    if not place:
        raise statement.error(end)
    value = statement.render(index + 2, place - 1)
    text = f"redshift.try_cast(({value})::text, NULL::{_type(statement, place + 1, end - 1)})"
    statement.replace(index, end, text)


def _type(statement: Statement, first: int, last: int) -> str:
    found = column_type(statement, first)
    if found.end != last + 1:
        raise statement.error(found.end)
    # Without a length a VARCHAR is as long as its value; in a column it is 256 bytes (AWS: r_Character_types).
    bare = found.byte_limit is not None and first == last and statement[first].value in ("varchar", "nvarchar")
    return "varchar" if bare else found.sql
