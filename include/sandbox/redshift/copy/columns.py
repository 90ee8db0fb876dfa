"""A whole column at once: what the converters of single values make of it, where a glance at it tells.

Each function takes the values of one column and returns what PostgreSQL takes for them. Where it cannot tell, it asks
the column's converter value by value and ends before the first one that does not fit: a shorter answer means that the
next record is one to look at by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, MsgspecError, Raw, json

from include.sandbox.redshift.copy.convert import INTEGERS, Column, Conversion, converter, plain_decimal
from include.sandbox.redshift.copy.fields import Converter, FieldError
from include.sandbox.redshift.copy.json_reader import value_of

CHARACTERS = ("varchar", "bpchar", "text")
LONGEST_TEXT = 65535
# NULL of a column whose values are no text.
NULL = "null"
# So many digits are in range whatever they are.
SAFE_DIGITS = {"int2": 4, "int4": 9, "int8": 18}
DIGITS = b"0123456789\n"
# Numbers of so many characters without an exponent are in the range of both FLOAT types.
PLAIN, SAFE_CHARACTERS = DIGITS + b".-", 38
NOTHING = r'null|""'  # NULL in every type but character ones

Convert = Callable[[Sequence[Any]], Sequence[Any]]
Common = Callable[[Sequence[Raw], bytes], "Sequence[Any] | None"]


@dataclass(frozen=True)
class Member:
    """A member of the records, and what becomes of it.

    Args:
        name: the attribute that msgspec decodes it to.
        type: what msgspec takes it for.
        limit: which values of the type it takes.
        convert: what makes values for PostgreSQL of those of many records; None if they are ones.
        required: whether records without it, or with null, are refused.
    """

    name: str
    type: Any
    limit: Meta | None = None
    convert: Convert | None = None
    required: bool = False

    @property
    def field(self) -> tuple[Any, ...]:
        """The field as msgspec defines it."""
        kind = Annotated[self.type, self.limit] if self.limit else self.type
        if self.required:
            return self.name, kind
        if self.type is Raw:
            return self.name, Raw, Raw(NULL.encode())
        return self.name, kind | None, None

    def takes(self, value: Raw) -> bool:
        """Whether a value is of its type, whatever its limit."""
        with suppress(MsgspecError):
            json.decode(value, type=self.type | None)
            return True
        return False


def member(name: str, column: Column, conversion: Conversion, *, raw: bool, changes: bool) -> Member:
    """Returns how the member for a column is read.

    Args:
        name: its attribute.
        column: the column.
        conversion: COPY's options.
        raw: whether values of any type are to be expected.
        changes: whether text is to be expected that does not arrive as it is.
    """
    if column.type in CHARACTERS and not raw:
        limit = None if conversion.truncate else Meta(max_length=column.length or LONGEST_TEXT)
        if changes or conversion.changes_text:
            return Member(name, str, limit, _texts(column, conversion))
        return Member(name, str, limit, required=column.not_null)
    if column.type in INTEGERS and not raw:
        bits = INTEGERS[column.type][1]
        return Member(name, int, Meta(ge=-(1 << bits), le=(1 << bits) - 1), required=column.not_null)
    if column.type == "bool" and not raw:
        return Member(name, bool, required=column.not_null)
    return Member(name, Raw, convert=_raw_values(column, conversion))


def _texts(column: Column, conversion: Conversion) -> Convert:
    """Returns what converts strings and nulls for a character column, where some may change."""
    convert, limit, fixed = converter(column, conversion), column.length or LONGEST_TEXT, column.type == "bpchar"
    empty_as_null = conversion.empty_as_null

    def texts(values: Sequence[str | None]) -> Sequence[str | None]:
        together = "".join(filter(None, values))
        if (
            "\0" in together
            or conversion.trim_blanks
            or (column.not_null and (None in values or (empty_as_null and "" in values)))
            or (conversion.blanks_as_null and any(map(str.isspace, filter(None, values))))
            or (not together.isascii() and (fixed or _are_longer(values, limit)))
            or (conversion.truncate and max(map(len, filter(None, values)), default=0) > limit)
        ):
            return _one_by_one(convert, values)
        return [value or None for value in values] if empty_as_null else values

    return texts


def _are_longer(values: Sequence[str | None], limit: int) -> bool:
    """Whether a text has more bytes; a character has four at most."""
    texts = list(filter(None, values))
    return max(map(len, texts)) * 4 > limit and max(map(len, map(str.encode, texts))) > limit


def _raw_values(column: Column, conversion: Conversion) -> Convert:
    """Returns what converts JSON values, as they are written, for a column of any type."""
    convert, quick, common = converter(column, conversion), _quick(column), _common(column)

    def values(raws: Sequence[Raw]) -> Sequence[Any]:
        joined = b"\n".join(raws)
        if not (column.not_null and (b"null" in joined or b'""' in joined)):
            if (commonly := common(raws, joined)) is not None:
                return commonly
            with suppress(UnicodeDecodeError):
                if (quickly := quick(joined.decode() + "\n")) is not None:
                    return quickly.split("\n")[:-1]
        return _one_by_one(convert, (value_of(value.decode()) for value in joined.split(b"\n")))

    return values


def _common(column: Column) -> Common:
    """Returns what converts JSON values if the characters in them tell that none is out of the ordinary.

    It takes them as they are, and one a line. Since each is a JSON value, what is made of digits is a number, and what
    has quotes besides is a string of digits.
    """
    if column.type in INTEGERS:
        return _common_integers(SAFE_DIGITS[column.type])
    if column.type in ("float4", "float8"):
        return _common_floats
    return lambda *_: None


def _common_integers(digits: int) -> Common:
    def integers(raws: Sequence[Raw], joined: bytes) -> Sequence[Any] | None:
        rest = joined.translate(None, DIGITS)
        found: Sequence[Any] = raws
        if rest and not rest.replace(b"null", b"").strip(b"."):  # 1540000000000.0 is a whole number
            joined += b"\n"
            if joined.count(b".0\n") != rest.count(b"."):
                return None
            found = joined.replace(b".0\n", b"\n").decode().split("\n")[:-1]
        elif rest and not rest.strip(b'"'):  # "null" would be text
            found = joined.replace(b'""', b"null").replace(b'"', b"").decode().split("\n")
        elif rest:
            return None
        return found if max(map(len, found)) <= digits else None

    return integers


def _common_floats(raws: Sequence[Raw], joined: bytes) -> Sequence[Any] | None:
    if joined.translate(None, PLAIN).replace(b"null", b""):
        return None
    return raws if max(map(len, raws)) <= SAFE_CHARACTERS else None


def _one_by_one(convert: Converter, values: Iterable[object]) -> list[str | None]:
    done = list[str | None]()
    try:
        for value in values:
            done.append(convert(value))
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
        return _matching(rf"[-0-9.]{{1,{SAFE_CHARACTERS}}}")
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
        return text.replace(".0\n", "\n")

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
        return None if all_match(text) is None else text.replace('""', NULL)

    return matching


def _booleans(text: str) -> str | None:
    if re.fullmatch(rf"(?:(?:true|false|{NOTHING})\n)*", text) is None:
        return None
    return text.replace('""', NULL)
