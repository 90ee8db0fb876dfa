"""Expressions: what PostgreSQL reads differently is rewritten in place, token by token."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql import windows
from include.sandbox.redshift.sql.casts import convert, try_cast
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.types import LONGEST_VARCHAR, bounded, check_expression_type

BARE = {"sysdate", "minus", "where", "current_user_id", "over"}  # what is rewritten whatever follows
# Redshift's of the same name differ from PostgreSQL's.
RENAMED = {
    "nvl": "coalesce",
    "isnull": "coalesce",
    "grouping_id": "grouping",
    **{word: f"redshift.{word}" for word in (
        "regexp_replace", "regexp_substr", "json_serialize", "crc32",
        "avg", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
    )},
}  # fmt: skip
# By the name that a column has from them (AWS: r_DATEADD_function, r_DATEDIFF_function, r_DATE_PART_function).
PART_FUNCTIONS = {
    "dateadd": "redshift.date_add", "date_add": "redshift.date_add", "datediff": "redshift.date_diff",
    "date_diff": "redshift.date_diff", "date_part": "redshift.pgdate_part", "pgdate_part": "redshift.pgdate_part",
}  # fmt: skip
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
        if token.kind == "word" and (token.value in BARE or statement[index + 1].kind in ("symbol", "string")):
            _word(statement, index)
        elif token.kind == "number" and statement[index + 1].start == token.end and statement[index + 1].kind == "word":
            statement.append(index, " ")  # `then 4when`, as PostgreSQL 8 reads it
        elif token.is_symbol("::") and statement[index + 1].is_word("super"):
            _super(statement, index)
        elif token.is_symbol("::"):
            check_expression_type(statement, index + 1)
            if type_ := bounded(statement, index + 1):
                statement.replace(index + 1, index + 1, type_)


def _word(statement: Statement, index: int) -> None:
    word, called = statement[index].value, statement[index + 1].is_symbol("(")
    if statement[index - 1].is_symbol(".") and not (called and statement[index - 2].is_word("pg_catalog")):
        return
    if word == "over":
        windows.over(statement, index)
    elif called:
        _call(statement, index, word)
    elif statement[index + 1].kind == "string":
        check_expression_type(statement, index)
        if type_ := bounded(statement, index):
            statement.replace(index, index, type_)
    elif word == "sysdate":
        statement.replace(index, index, "pg_catalog.sysdate()")
    elif word == "current_user_id":
        statement.replace(index, index, "redshift.current_user_id()")
    if word == "where" and statement[index + 1].kind == "number" and statement[index + 2].is_word("and", "or"):
        statement.append(index + 1, "::boolean")
    if word == "minus" and (statement[index + 1].is_word("select", "all") or called):
        statement.replace(index, index, "except")


def _call(statement: Statement, index: int, word: str) -> None:
    name = RENAMED.get(word) or PART_FUNCTIONS.get(word)
    if name:
        statement.replace(index - 2 if statement[index - 1].is_symbol(".") else index, index, name)
    if word in PART_FUNCTIONS:
        _quote_part(statement, index)
        _type_literals(statement, index)
    elif word in CALLS:
        CALLS[word](statement, index)
    elif word == "count" and statement[index - 1].is_word("approximate"):
        statement.remove(index - 1, index - 1)  # exact here (AWS: r_COUNT)
    elif word in ("varchar", "char") and statement[index + 2].is_word("max"):
        statement.replace(index + 2, index + 2, str(LONGEST_VARCHAR))


def part_name(text: str) -> str:
    """Returns PostgreSQL's name of a date part.

    Raises:
        RedshiftError: there is no such part.
    """
    if text.lower() not in PARTS:
        raise RedshiftError(f'timestamp units "{text}" not recognized', "22023")
    return PARTS[text.lower()]


def _type_literals(statement: Statement, index: int) -> None:
    """A bare literal is a TIMESTAMP: PostgreSQL would prefer TIMESTAMPTZ."""
    for first, last in statement.arguments(index + 1)[1:]:
        if first == last and statement[first].kind == "string":
            statement.append(first, "::timestamp")


def _quote_part(statement: Statement, index: int) -> None:
    part = statement[index + 2]
    if part.kind in ("word", "quoted", "string") and statement[index + 3].is_symbol(","):
        statement.replace(index + 2, index + 2, f"'{part_name(part.value)}'")


def _extract(statement: Statement, index: int) -> None:
    """`extract(part from x)` gives integers, except seconds' fractions and epoch (AWS: r_EXTRACT_function)."""
    part = statement[index + 2]
    if not statement[index + 3].is_word("from"):
        raise statement.error(index + 3)
    statement.replace(index, index + 3, f"redshift.date_part('{part_name(part.value)}',")


def _cast(statement: Statement, index: int) -> None:
    last = statement.closing(index + 1) - 1
    if statement[last - 1].is_word("as") and statement[last].is_word("super"):
        _super(statement, last - 1)
    elif statement[last - 1].is_word("as"):
        check_expression_type(statement, last)
    if statement[last - 1].is_word("as") and (type_ := bounded(statement, last)):
        statement.replace(last, last, type_)


def _super(statement: Statement, index: int) -> None:
    """`'a'::super` is that string (AWS: parse_json): PostgreSQL would read a literal as the type's own text, JSON."""
    if statement[index - 1].kind == "parameter":
        raise unsupported("a bound value as SUPER in the sandbox")
    if statement[index - 1].kind == "string" and statement[index - 2].kind in ("word", "symbol"):
        statement.append(index - 1, "::text")


def _case(statement: Statement, index: int) -> None:
    """`nvl2(e, a, b)` and `decode(e, s, r, … [, d])`, in which NULL equals NULL (AWS: r_NVL2, r_DECODE_expression)."""
    word, items = statement[index].value, [statement.render(*item) for item in statement.arguments(index + 1)]
    if len(items) < 3 or (word == "nvl2" and len(items) > 3):
        raise statement.error(index)
    if word == "nvl2":
        arms, rest = [f"WHEN ({items[0]}) IS NOT NULL THEN {items[1]}"], items[2:]
    else:
        pairs = list(zip(items[1::2], items[2::2]))  # noqa: B905 - the default has no partner
        arms = [f"WHEN ({items[0]}) IS NOT DISTINCT FROM ({search}) THEN {result}" for search, result in pairs]
        rest = items[1 + 2 * len(pairs) :]
    last = f" ELSE {rest[0]}" if rest else ""
    statement.replace(index, statement.closing(index + 1), f"(CASE {' '.join(arms)}{last} END)")


def _concat(statement: Statement, index: int) -> None:
    """`concat(a, b)`: two values, and NULL if either is (AWS: r_CONCAT)."""
    items = [f"({statement.render(*item)})::text" for item in statement.arguments(index + 1)]
    if len(items) != 2:
        raise unsupported(f"CONCAT of {len(items)} values", hint="use || or nested calls")
    statement.replace(index, statement.closing(index + 1), f"redshift.concat({', '.join(items)})")


def _null_if_invalid(statement: Statement, index: int) -> None:
    """The last argument of JSON_EXTRACT_PATH_TEXT goes first: a path of any length stands before it."""
    items = statement.arguments(index + 1)
    if len(items) > 2 and statement[items[-1][0]].is_word("true", "false"):
        (_, last), (flag, _) = items[-2:]
        path = statement.render(items[0][0], last)
        end = statement.closing(index + 1)
        statement.replace(index, end, f"redshift.json_extract_path_text({statement[flag].value}, {path})")


CALLS: dict[str, Callable[[Statement, int], None]] = {
    **windows.CALLS, "extract": _extract, "cast": _cast, "nvl2": _case, "decode": _case,
    "convert": convert, "try_cast": try_cast, "json_extract_path_text": _null_if_invalid, "date_trunc": _type_literals,
    "concat": _concat,
}  # fmt: skip
