"""The records of a JSON object in S3, with the lines on which COPY counts them."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 4 << 20  # bytes (AWS: copy-parameters-data-format)
BLANK = " \t\r\n"
SHOWN = 300  # characters of a value or record that a message shows
TOO_DEEP = "nested too deeply to be shown"


class Number(str):
    """A JSON number as it is written: COPY loads it into a text column so, and no digit is lost."""

    __slots__ = ()


class Unreadable:
    """What stands for a record that is not JSON."""


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError("NaN and Infinity are not JSON", name, 0)


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)


@dataclass(frozen=True)
class Record:
    """One record, or what stands where one should be.

    Attributes:
        line: number of its last line, from 1, as the load-error views count (AWS: copy-usage_notes-copy-from-json).
        text: as it stands in the object; bytes that are no UTF-8 as lone surrogates.
        value: the JSON value, its numbers as :class:`Number`; ``Unreadable`` if it is none.
    """

    line: int
    text: str
    value: Any

    def shown(self, hidden: Collection[str] = ()) -> str:
        """Its beginning, for a person.

        Args:
            hidden: keys whose values are not shown.
        """
        if not isinstance(self.value, Mapping) or not hidden:
            return excerpt(self.text)
        return excerpt(as_json({key: "***" if key in hidden and value else value for key, value in self.value.items()}))

    def field(self, column: str) -> Any:
        """What it holds under the key that fills a column, in any case; None if there is no such key."""
        fields = self.value.items() if isinstance(self.value, Mapping) else ()
        return next((value for key, value in fields if key.lower() == column), None)


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """Read records that stand one after the other, however they are laid out.

    What is not JSON is given up at the end of its line, and reading goes on with the next one.

    Args:
        lines: of the object, uncompressed, each with its line end.
    """
    text, number = "", 0
    for line in lines:
        number += 1
        text = yield from _taken(text + line.decode("utf-8", "surrogateescape"), number, ended=False)
    yield from _taken(text, number, ended=True)


def _taken(text: str, number: int, *, ended: bool) -> Generator[Record, None, str]:
    """Take the records out of a text whose last line is known; what is left of it may go on in the next line."""
    at = 0
    while (at := _next(text, at)) < len(text):
        value: Any = Unreadable
        end = _end_of_stray(text, at)
        if text[at] in "{[":
            try:
                value, end = DECODER.raw_decode(text, at)
            except (json.JSONDecodeError, RecursionError) as error:
                at_its_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip(BLANK))
                if at_its_end and not ended and len(text) - at <= LONGEST:
                    return text[at:]
                end = _end_of_line(text, at)
        yield Record(number - text.count("\n", end, len(text) - 1), text[at:end], value)
        at = end
    return ""


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end_of_stray(text: str, at: int) -> int:
    """Where what is no record ends: at the next one, or with the line."""
    starts = (text.find(start, at + 1) for start in "{[\n")
    return min((start for start in starts if start >= 0), default=len(text))


def printable(text: str) -> str:
    """Escape what would not show, or would do something to a terminal: a compressed object is full of it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def excerpt(text: str, limit: int = SHOWN) -> str:
    """The beginning of a text, printable, and its length in bytes if that is not all."""
    if len(text) <= limit:
        return printable(text)
    return f"{printable(text[:limit])}… ({len(text.encode('utf-8', 'surrogatepass')):,} bytes)"


def as_loaded(value: Any) -> str | None:
    """What COPY loads into a text column; blanks at the end aside, which Redshift leaves out where it compares."""
    if value is None:
        return None
    text = value if isinstance(value, str) else as_json(value)
    return text.split("\0")[0].rstrip(" ")  # a NUL ends what is loaded


def as_json(value: Any) -> str:
    """A value as it would stand in the object, its numbers as they were written."""
    try:
        return _as_json(value)
    except RecursionError:
        return TOO_DEEP


def _as_json(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_as_json(key)}:{_as_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_as_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
