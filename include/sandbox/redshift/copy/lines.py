"""Many records at once: lines of one JSON object each, decoded by msgspec and converted column by column.

It takes the lines before the first that holds anything out of the ordinary. That one is for the reader and the
converters of single records, which alone know what is wrong with it and what to say: so the two never differ in what
loads. msgspec refuses what the reader refuses, and more: invalid UTF-8, lone surrogates, white space between the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from include.sandbox.redshift.copy.columns import CHARACTERS, raw_column, text_column, text_type
from include.sandbox.redshift.copy.convert import Column, Conversion
from include.sandbox.redshift.copy.json_reader import JsonReader

# Bytes looked at together: the fewer, the less is done in vain when a record is out of the ordinary.
SHORTEST, LONGEST = 1 << 12, 1 << 17
NULL = msgspec.Raw(b"null")
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Lines:
    """Converts lines for one COPY.

    Args:
        columns: the target columns.
        keys: for each, the member of a record that goes into it.
        conversion: COPY's options.
    """

    def __init__(self, columns: list[Column], keys: list[str], conversion: Conversion) -> None:
        self._columns = columns
        self._keys = keys
        self._conversion = conversion
        # What goes into a column of another type, or into two, or has not been text only, is taken as it is written.
        self._raw = {key for key, column in zip(keys, columns, strict=True) if column.type not in CHARACTERS}
        self._raw |= {key for key in keys if keys.count(key) > 1}
        self._most = SHORTEST
        self._prepare()

    def take(self, reader: JsonReader) -> tuple[str, int]:
        """Takes the lines that it can convert from a reader that has moved to a record.

        Returns:
            COPY text, and its number of rows; none when the record is for the reader itself.
        """
        text = reader.lines_ahead(self._most)
        rows, length, lines = self.convert(text) if text else ("", 0, 0)
        reader.take(length, lines)
        self._most = max(SHORTEST, length) if length < len(text) else min(LONGEST, 2 * self._most)
        return rows, lines

    def _prepare(self) -> None:
        keys = list(dict.fromkeys(self._keys))
        names = {key: f"f{n}" for n, key in enumerate(keys)}
        texts = {key: text_type(c, self._conversion) for key, c in zip(self._keys, self._columns, strict=True)}
        record = msgspec.defstruct(
            "Record",
            [(names[key], *((msgspec.Raw, NULL) if key in self._raw else (texts[key], None))) for key in keys],
            rename={name: key for key, name in names.items()},
            gc=False,
        )
        self._decoder: Any = msgspec.json.Decoder(record)
        self._places = [keys.index(key) for key in self._keys]
        self._convert: list[Callable[[Any], Sequence[str]]] = [
            (raw_column if key in self._raw else text_column)(column, self._conversion)
            for key, column in zip(self._keys, self._columns, strict=True)
        ]

    def convert(self, text: bytes) -> tuple[str, int, int]:
        """Converts the first lines of a text.

        Args:
            text: lines, the last one without its end.

        Returns:
            COPY text, and how many bytes and lines it stands for.
        """
        count = text.count(b"\n") + 1
        records = self._decoded(text)
        if len(records) != count:
            return self._line_by_line(text)
        rows, fit = self._converted(records)
        if fit == count or not fit:
            return rows, len(text) + 1 if fit else 0, fit
        before = b"\n".join(text.split(b"\n", fit)[:fit])
        if len(self._decoded(before)) == fit:  # not if a record stands on two lines, and another beside it
            return rows, len(before) + 1, fit
        return "", 0, 0

    def _decoded(self, text: bytes) -> list[Any]:
        """Decodes records that stand on lines or otherwise beside each other; none if one cannot be."""
        records = list[Any]()
        with suppress(*REFUSED):
            records = self._decoder.decode_lines(text)
        return records

    def _line_by_line(self, text: bytes) -> tuple[str, int, int]:
        lines = text.split(b"\n")
        records, mistyped = self._records(lines)
        rows, fit = self._converted(records)
        if mistyped:
            self._widen(lines[len(records)])
        return rows, sum(map(len, lines[:fit])) + fit, fit

    def _converted(self, records: list[Any]) -> tuple[str, int]:
        if not records:
            return "", 0
        members = list(zip(*map(msgspec.structs.astuple, records), strict=True))
        done, fit = list[Sequence[str]](), len(records)
        for place, convert in zip(self._places, self._convert, strict=True):
            if not fit:
                return "", 0
            done.append(convert(members[place][:fit]))
            fit = len(done[-1])
        return "\n".join(map("\t".join, zip(*done))) + "\n" if fit else "", fit  # noqa: B905 - as long as the shortest

    def _records(self, lines: list[bytes]) -> tuple[list[Any], bool]:
        """Decodes the lines before the first that cannot be; tells whether that one has another type of value."""
        records = list[Any]()
        try:
            for line in lines:
                records.append(self._decoder.decode(line))
        except msgspec.ValidationError:
            return records, True
        except REFUSED:
            pass
        return records, False

    def _widen(self, line: bytes) -> None:
        """Takes a column as it is written from now on, once something other than text has been met in it."""
        with suppress(*REFUSED):  # that is not all that is wrong with it
            members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            self._raw |= {key for key in self._keys if bytes(members.get(key, NULL))[:1] not in (b'"', b"n")}
            self._prepare()
