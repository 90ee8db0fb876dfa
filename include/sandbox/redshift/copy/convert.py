"""Values: from JSON to the text of PostgreSQL's types, by Redshift's rules (AWS: copy-parameters-data-conversion)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from include.sandbox.redshift.copy.characters import character_converter
from include.sandbox.redshift.copy.documents import document
from include.sandbox.redshift.copy.fields import Converter, FieldError, Number, raw
from include.sandbox.redshift.copy.moments import (
    BadMomentError,
    date_reader,
    time_reader,
    timestamp_reader,
    timetz_reader,
)


@dataclass(frozen=True)
class Conversion:
    """COPY's conversion options; the defaults are COPY's.

    Args:
        time_format: TIMEFORMAT, or None for YYYY-MM-DD HH:MI:SS.
        date_format: DATEFORMAT, or None for YYYY-MM-DD.
        truncate: TRUNCATECOLUMNS.
        replacement: ACCEPTINVCHARS' character, or None to refuse invalid ones.
        blanks_as_null: BLANKSASNULL.
        empty_as_null: EMPTYASNULL.
        trim_blanks: TRIMBLANKS.
        round_decimals: ROUNDEC.
        any_date: ACCEPTANYDATE.
    """

    time_format: str | None = None
    date_format: str | None = None
    truncate: bool = False
    replacement: str | None = None
    blanks_as_null: bool = False
    empty_as_null: bool = False
    trim_blanks: bool = False
    round_decimals: bool = False
    any_date: bool = False

    @property
    def changes_text(self) -> bool:
        """Whether CHAR and VARCHAR may get something else than they are given."""
        return self.truncate or self.blanks_as_null or self.empty_as_null or self.trim_blanks


@dataclass(frozen=True)
class Column:
    """A column of the target.

    Args:
        name: its name.
        type: PostgreSQL's short type name, e.g. int4, varchar, numeric.
        length: character types: bytes; numeric: precision; else 0.
        scale: numeric: digits behind the point; else 0.
        not_null: whether NULL is refused.
    """

    name: str
    type: str
    length: int = 0
    scale: int = 0
    not_null: bool = False

    @property
    def shown_length(self) -> str:
        """Its length as the load-error tables show it."""
        if self.type == "numeric":
            return f"{self.length}, {self.scale}"
        return str(self.length)


# Type, the word in messages, and the range.
INTEGERS = {"int2": ("Short", 15), "int4": ("Integer", 31), "int8": ("Long", 63)}
LONGEST_INTEGER = 19  # digits; Python refuses to read thousands
# The least and the greatest size of what is not zero.
FLOATS = {"float4": (2.0**-149, (2 - 2.0**-23) * 2.0**127), "float8": (5e-324, 1.7976931348623157e308)}
TRUE, FALSE = {"t", "true", "y", "yes", "1"}, {"f", "false", "n", "no", "0"}


def converter(column: Column, conversion: Conversion) -> Converter:
    """Returns what turns a JSON value into the column's text, None for NULL; it raises FieldError.

    Args:
        column: the column.
        conversion: COPY's options.
    """
    convert = _converter(column, conversion)
    if not column.not_null:
        return convert

    def not_null(value: Any) -> str | None:
        found = convert(value)
        if found is None:
            raise FieldError(1213, "Missing data for not-null field")
        return found

    return not_null


def _converter(column: Column, conversion: Conversion) -> Converter:
    if column.type in ("varchar", "bpchar", "text"):
        return character_converter(column.type == "bpchar", column.length or 65535, conversion)
    if column.type == "super":
        return document
    if column.type in INTEGERS:
        return _scalar(_integer(column.type))
    if column.type == "numeric":
        return _scalar(_decimal(column, ROUND_HALF_UP if conversion.round_decimals else ROUND_DOWN))
    if column.type in ("float4", "float8"):
        return _scalar(_float(column.type))
    if column.type == "bool":
        return _scalar(_boolean)
    if column.type in ("timestamp", "timestamptz"):
        read = timestamp_reader(conversion.time_format, zoned=column.type == "timestamptz")
        return _scalar(_moment(read, 1206, "timestamp", conversion))
    if column.type == "date":
        return _scalar(_moment(date_reader(conversion.date_format), 1205, "date", conversion))
    read = timetz_reader if column.type == "timetz" else time_reader
    return _scalar(_moment(read, 1206, "time", conversion))


def _scalar(convert: Callable[[str, bool], str | None]) -> Converter:
    """Empty and blank text is NULL for every type but character ones; objects and arrays fit none of them."""

    def scalar(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            text = value.strip(" ")
            return convert(text, isinstance(value, Number)) if text else None
        return convert(raw(value), False)

    return scalar


def _integer(kind: str) -> Callable[[str, bool], str]:
    name, bits = INTEGERS[kind]
    low, high = -(1 << bits), (1 << bits) - 1

    def integer(text: str, is_number: bool) -> str:
        if is_number and not text.lstrip("-").isdigit():
            text = _whole(text)
        digits = text[1:] if text[0] in "+-" else text
        if not (digits.isascii() and digits.isdigit()):
            at = next(
                (i for i, c in enumerate(text) if not (c in "0123456789" or (i == 0 and c in "+-"))), len(text) - 1
            )
            raise FieldError(1207, f"Invalid digit, Value '{text[at]}', Pos {at}, Type: {name}", at)
        if len(digits.lstrip("0")) > LONGEST_INTEGER or not low <= int(text) <= high:
            raise FieldError(1222, f"Overflow ({name} valid range {low} to {high})")
        return text

    return integer


def _whole(text: str) -> str:
    """A JSON number such as 1541022995796.0 is a whole one; one with a fraction stays as it is, and is refused."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(int(number)) if number.adjusted() < 40 and number == number.to_integral_value() else text


def plain_decimal(column: Column) -> str | None:
    """Returns the pattern of numbers that a DECIMAL takes as they are written; None if there are none."""
    whole = column.length - column.scale
    if whole < 1:
        return None
    return rf"-?[0-9]{{1,{whole}}}" + (rf"(?:\.[0-9]{{1,{column.scale}}})?" if column.scale else "")


def _decimal(column: Column, rounding: str) -> Callable[[str, bool], str]:
    step = Decimal(1).scaleb(-column.scale)
    plain = re.compile(plain_decimal(column) or "$.")  # else what nothing matches

    def decimal(text: str, _: bool) -> str:
        if plain.fullmatch(text):
            return text
        try:
            number = Decimal(text)
            if not number.is_finite() or "_" in text:
                raise InvalidOperation
            with localcontext() as context:
                context.prec = 100
                number = number.quantize(step, rounding)
        except InvalidOperation:
            at = next((i for i, c in enumerate(text) if c not in "+-.0123456789eE"), 0)
            raise FieldError(1209, f"Invalid digit, Value '{text[at]}', Pos {at}, Type: Decimal", at) from None
        if number and number.adjusted() >= column.length - column.scale:
            raise FieldError(1209, f"Overflow (numeric value is out of range for DECIMAL({column.shown_length}))")
        return str(number)

    return decimal


def _float(kind: str) -> Callable[[str, bool], str]:
    least, most = FLOATS[kind]

    def number(text: str, _: bool) -> str:
        try:
            if "_" in text or not text.isascii():
                raise ValueError
            size = abs(float(text))
        except ValueError:
            at = next((i for i, c in enumerate(text) if c not in "+-.0123456789eE"), 0)
            raise FieldError(1208, f"Invalid digit, Value '{text[at]}', Pos {at}, Type: Double", at) from None
        digits = re.split("[eE]", text)[0].strip("+-0.")
        if (digits.isdigit() or "." in digits) and not least <= size <= most:
            # How Redshift words this is not documented.
            raise FieldError(1208, f"Overflow (value is out of range for {'REAL' if kind == 'float4' else 'DOUBLE'})")
        return text

    return number


def _boolean(text: str, _: bool) -> str:
    word = text.lower()
    if word in TRUE:
        return "t"
    if word in FALSE:
        return "f"
    raise FieldError(1210, f"Invalid value for BOOLEAN: {text[:40]}")


def _moment(
    read: Callable[[str], str], code: int, name: str, conversion: Conversion
) -> Callable[[str, bool], str | None]:
    def moment(text: str, _: bool) -> str | None:
        try:
            return read(text)
        except BadMomentError as problem:
            if conversion.any_date:
                return None
            raise FieldError(code, f"Invalid {name} format or value [{problem}]") from None

    return moment
