"""A whole column at once: what the converters of single values make of it, where a glance at it tells.

Each function takes the values of one column and returns COPY text for them. Where it cannot tell, it asks the column's
converter value by value and ends before the first one that does not fit: a shorter answer means that the next record
is one to look at by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Annotated, Any, cast

from msgspec import Meta, Raw

from include.sandbox.redshift.copy.convert import INTEGERS, Column, Conversion, converter, plain_decimal
from include.sandbox.redshift.copy.fields import Converter, FieldError, escaped
from include.sandbox.redshift.copy.json_reader import value_of

CHARACTERS = ("varchar", "bpchar", "text")
NULL, LONGEST = "\\N", 65535
# So many digits are in range whatever they are.
SAFE_DIGITS = {"int2": 4, "int4": 9, "int8": 18}
# What COPY text escapes, and where CHAR and VARCHAR end.
SPECIAL = "\\\n\r\t\0"
DIGITS = b"0123456789\n"
NUMBERS = DIGITS + b".-+eE"
NOTHING = r'null|""'  # NULL in every type but character ones


TextColumn = Callable[[Sequence["str | None"]], Sequence[str]]
RawColumn = Callable[[Sequence[Raw]], "list[str]"]


def text_type(column: Column, conversion: Conversion) -> Any:
    """Returns what msgspec is to decode for `text_column`: no more characters than fit, unless they are cut off."""
    text = str if conversion.truncate else Annotated[str, Meta(max_length=column.length or LONGEST)]
    return text | None


def text_column(column: Column, conversion: Conversion) -> TextColumn:
    """Returns what converts strings and nulls for a character column."""
    convert, limit, fixed = converter(column, conversion), column.length or LONGEST, column.type == "bpchar"
    empty_as_null = conversion.empty_as_null

    def characters(values: Sequence[str | None]) -> Sequence[str]:
        together = "".join(filter(None, values))
        if (
            any(character in together for character in SPECIAL)
            or conversion.trim_blanks
            or (column.not_null and (None in values or (empty_as_null and "" in values)))
            or (conversion.blanks_as_null and any(map(str.isspace, filter(None, values))))
            or (not together.isascii() and (fixed or _are_longer(values, limit)))
            or (conversion.truncate and max(map(len, filter(None, values)), default=0) > limit)
        ):
            return _one_by_one(convert, values)
        if empty_as_null:
            return [value or NULL for value in values]
        if None in values:
            return [NULL if value is None else value for value in values]
        return cast("Sequence[str]", values)

    return characters


def _are_longer(values: Sequence[str | None], limit: int) -> bool:
    """Whether a text has more bytes; a character has four at most."""
    texts = list(filter(None, values))
    return max(map(len, texts)) * 4 > limit and max(map(len, map(str.encode, texts))) > limit


def raw_column(column: Column, conversion: Conversion) -> RawColumn:
    """Returns what converts JSON values, as they are written, for a column of any type."""
    convert, quick, common = converter(column, conversion), _quick(column), _common(column)

    def values(raws: Sequence[Raw]) -> list[str]:
        joined = b"\n".join(raws)
        if (commonly := common(joined)) is not None and not (column.not_null and NULL in commonly):
            return commonly
        with suppress(UnicodeDecodeError):
            quickly = quick(joined.decode() + "\n")
            if quickly is not None and not (column.not_null and NULL in quickly):
                return quickly.split("\n")[:-1]
        return _one_by_one(convert, (value_of(value.decode()) for value in joined.split(b"\n")))

    return values


def _common(column: Column) -> Callable[[bytes], list[str] | None]:
    """Returns what converts JSON values, one a line, if the characters in them tell that none is out of the ordinary.

    Since each is a JSON value, what is made of digits is a number, and what has quotes besides is a string of digits.
    """
    if column.type in INTEGERS:
        digits = SAFE_DIGITS[column.type]

        def integers(joined: bytes) -> list[str] | None:
            rest = joined.translate(None, DIGITS)
            if rest and not rest.replace(b"null", b"").strip(b"."):  # 1540000000000.0 is a whole number
                joined += b"\n"
                if joined.count(b".0\n") != rest.count(b"."):
                    return None
                joined = joined.replace(b".0\n", b"\n")[:-1]
            elif rest and not rest.strip(b'"'):  # "null" would be text
                joined = joined.replace(b'""', b"null").replace(b'"', b"")
            elif rest:
                return None
            written = joined.replace(b"null", NULL.encode()).decode().split("\n")
            return written if max(map(len, written)) <= digits else None

        return integers
    if column.type in ("float4", "float8"):

        def floats(joined: bytes) -> list[str] | None:
            if joined.translate(None, NUMBERS).replace(b"null", b""):
                return None
            return joined.replace(b"null", NULL.encode()).decode().split("\n")

        return floats
    return lambda _: None


def _one_by_one(convert: Converter, values: Iterable[object]) -> list[str]:
    done = list[str]()
    try:
        for value in values:
            done.append(escaped(convert(value)))
    except (FieldError, UnicodeDecodeError):
        pass
    return done


def _quick(column: Column) -> Callable[[str], str | None]:
    """Returns what converts values that stand one a line; None when they are not all of the commonest forms."""
    if column.type in INTEGERS:
        return _integers(SAFE_DIGITS[column.type])
    if column.type == "numeric" and (plain := plain_decimal(column)) is not None:
        return _decimals(plain, whole=column.scale == 0)
    if column.type in ("float4", "float8"):
        return _matching(r"-?[0-9][^\n]*")
    if column.type == "bool":
        return _booleans
    return lambda _: None


def _integers(digits: int) -> Callable[[str], str | None]:
    n = rf"[0-9]{{1,{digits}}}"
    form = re.compile(rf'(?:(?:-?{n}(?:(?<!-0)\.0)?|"-?{n}"|{NOTHING})\n)*')

    def integers(text: str) -> str | None:
        if form.fullmatch(text) is None:
            return None
        if '"' in text:
            text = text.replace('""', NULL).replace('"', "")
        return text.replace(".0\n", "\n").replace("null", NULL)

    return integers


def _decimals(plain: str, *, whole: bool) -> Callable[[str], str | None]:
    if not whole:
        return _matching(plain)
    quick = _matching(plain + r"(?:\.0)?")

    def decimals(text: str) -> str | None:
        found = quick(text)
        return found and found.replace(".0\n", "\n")

    return decimals


def _matching(form: str) -> Callable[[str], str | None]:
    """Numbers that stay as they are written."""
    all_match = re.compile(rf"(?:(?:{form}|{NOTHING})\n)*").fullmatch

    def matching(text: str) -> str | None:
        return None if all_match(text) is None else text.replace("null", NULL).replace('""', NULL)

    return matching


def _booleans(text: str) -> str | None:
    if re.fullmatch(rf"(?:(?:true|false|{NOTHING})\n)*", text) is None:
        return None
    return text.replace("true", "t").replace("false", "f").replace("null", NULL).replace('""', NULL)
