"""Expressions: what PostgreSQL reads differently is rewritten in place, token by token."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.types import LONGEST_VARCHAR, bare_numeric

RENAMED = {"nvl": "coalesce"}
PART_FUNCTIONS = {"dateadd", "date_add", "datediff", "date_diff", "date_part"}
# Redshift's names of date parts (AWS: r_Dateparts_for_datetime_functions) and PostgreSQL's.
PARTS = {
    alias: name
    for name, aliases in {
        "millennium": "mil mils millennia millennium", "century": "c cent cents century centuries",
        "decade": "dec decs decade decades", "year": "y yr yrs year years", "quarter": "qtr qtrs quarter quarters",
        "month": "mon mons month months", "week": "w week weeks", "dow": "dayofweek dow dw weekday",
        "doy": "dayofyear doy dy yearday", "day": "d day days", "hour": "h hr hrs hour hours",
        "minute": "m min mins minute minutes", "second": "s sec secs second seconds",
        "millisecond": "ms msec msecs msecond mseconds millisec millisecs millisecon millisecond milliseconds",
        "microsecond": "us microsec microsecs microsecond microseconds", "epoch": "epoch",
        "timezone": "timezone", "timezone_hour": "timezone_hour", "timezone_minute": "timezone_minute",
    }.items()
    for alias in aliases.split()
}  # fmt: skip


def rewrite(statement: Statement) -> None:
    """Rewrites all expressions of a statement.

    Raises:
        RedshiftError: a date part does not exist.
    """
    for index in reversed(range(len(statement))):  # inner expressions first, outer ones take over their text
        token = statement[index]
        if token.kind == "word":
            _word(statement, index)
        elif token.is_symbol("||"):
            _concatenation(statement, index)
        elif token.is_symbol("::") and bare_numeric(statement, index + 1):
            statement.replace(index + 1, index + 1, "numeric(18,0)")


def _word(statement: Statement, index: int) -> None:
    word, called = statement[index].value, statement[index + 1].is_symbol("(")
    if statement[index - 1].is_symbol("."):
        if not (called and statement[index - 2].is_word("pg_catalog")):
            return
    if called and word in RENAMED:
        statement.replace(index, index, RENAMED[word])
    elif called and word in PART_FUNCTIONS:
        _quote_part(statement, index)
    elif called and word == "extract":
        _extract(statement, index)
    elif called and word == "cast":
        _cast(statement, statement.closing(index + 1) - 1)
    elif called and word == "listagg":
        _listagg(statement, index)
    elif called and word in ("varchar", "char") and statement[index + 2].is_word("max"):
        statement.replace(index + 2, index + 2, str(LONGEST_VARCHAR))
    elif word == "sysdate" and not called:
        statement.replace(index, index, "pg_catalog.sysdate()")
    elif word == "minus" and statement[index + 1].is_word("select", "all") | statement[index + 1].is_symbol("("):
        statement.replace(index, index, "except")


def part_name(text: str) -> str:
    """Returns PostgreSQL's name of a date part.

    Raises:
        RedshiftError: there is no such part.
    """
    if text.lower() not in PARTS:
        raise RedshiftError(f'timestamp units "{text}" not recognized', "22023")
    return PARTS[text.lower()]


def _quote_part(statement: Statement, index: int) -> None:
    part = statement[index + 2]
    if part.kind in ("word", "quoted", "string") and statement[index + 3].is_symbol(","):
        statement.replace(index + 2, index + 2, f"'{part_name(part.value)}'")


def _extract(statement: Statement, index: int) -> None:
    """`extract(part from x)` gives integers, except seconds' fractions and epoch (AWS: r_EXTRACT_function)."""
    part = statement[index + 2]
    if not statement[index + 3].is_word("from"):
        raise statement.error(index + 3)
    statement.replace(index, index + 3, f"pg_catalog.extract_part('{part_name(part.value)}',")


def _cast(statement: Statement, last: int) -> None:
    if bare_numeric(statement, last) and statement[last - 1].is_word("as"):
        statement.replace(last, last, "numeric(18,0)")


def _concatenation(statement: Statement, index: int) -> None:
    """A literal beside `||` is text: PostgreSQL would else take the type of the other side, as for `id || '-'`."""
    before, after = statement[index - 1], statement[index + 1]
    if before.kind == "string" and statement[index - 2].kind != "word":
        statement.append(index - 1, "::text")
    if after.kind == "string" and not statement[index + 2].is_symbol("::"):
        statement.append(index + 1, "::text")


def _listagg(statement: Statement, index: int) -> None:
    """`listagg(e [, d]) [within group (order by …)]` is string_agg with its ORDER BY inside the parentheses."""
    close, items = statement.closing(index + 1), statement.arguments(index + 1)
    order = ""
    statement.replace(index, index, "string_agg")
    if statement[close + 1].is_word("within") and statement[close + 2].is_word("group"):
        end = statement.closing(close + 3)
        order = " " + statement.render(close + 4, end - 1)
        statement.remove(close + 1, end)
    first, last = items[0]
    start = first + 1 if statement[first].is_word("distinct") else first
    statement.insert(start, "nullif((")
    separator = ", ''" if len(items) == 1 else ""
    statement.insert(last + 1, ")::text, '')" + (separator + order if len(items) == 1 else ""))
    if len(items) > 1:
        statement.insert(close, order)
