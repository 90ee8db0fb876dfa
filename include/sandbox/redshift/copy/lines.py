"""Many records at once: lines of one JSON object each, decoded and encoded by msgspec.

It takes the lines before the first that holds anything out of the ordinary. That one is for the reader and the
converters of single records, which alone know what is wrong with it and what to say: so the two never differ in what
loads. msgspec refuses what the reader refuses, and more: invalid UTF-8, lone surrogates, white space between the lines.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.columns import CHARACTERS, LONGEST_TEXT, Member, member
from include.sandbox.redshift.copy.convert import Column, Conversion
from include.sandbox.redshift.copy.json_reader import JsonReader

# Bytes looked at together: the fewer, the less is done in vain when a record is out of the ordinary.
SHORTEST, LONGEST = 1 << 12, 1 << 17
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
NUL = b"\\u0000"


class Lines:
    """Converts lines for one COPY.

    Args:
        columns: the target columns.
        keys: for each, the member of a record that goes into it; no two the same.
        conversion: COPY's options.
    """

    def __init__(self, columns: list[Column], keys: list[str], conversion: Conversion) -> None:
        self._keys = dict(zip(keys, columns, strict=True))
        self._conversion = conversion
        self._raw = set[str]()  # members that have had another type than their columns
        self._changed = set[str]()  # members that have had text with NUL
        self._most = SHORTEST
        self._prepare()

    def take(self, reader: JsonReader) -> tuple[bytes, int]:
        """Takes the lines that it can convert from a reader that has moved to a record.

        Returns:
            The rows for PostgreSQL, and their number; none when the record is for the reader itself.
        """
        text = reader.lines_ahead(self._most)
        rows, length, lines = self._convert(text) if text else (b"", 0, 0)
        reader.take(length, lines)
        self._most = max(SHORTEST, length) if length < len(text) else min(LONGEST, 2 * self._most)
        return rows, lines

    def _prepare(self) -> None:
        self._members: list[Member] = [
            member(f"f{n}", column, self._conversion, raw=key in self._raw, changes=key in self._changed)
            for n, (key, column) in enumerate(self._keys.items())
        ]
        record = msgspec.defstruct(
            "Record", [member.field for member in self._members], gc=False, kw_only=True,
            rename=dict(zip([member.name for member in self._members], self._keys, strict=True)),
        )  # fmt: skip
        self._decoder: Any = msgspec.json.Decoder(record)
        self._converted = [(each.name, each.convert) for each in self._members if each.convert]
        self._limited = [
            (attrgetter(each.name), column.length or LONGEST_TEXT, column.type == "bpchar")
            for each, column in zip(self._members, self._keys.values(), strict=True)
            if column.type in CHARACTERS and not each.convert
        ]

    def _convert(self, text: bytes) -> tuple[bytes, int, int]:
        """Converts the first lines of a text, the last of which has no end; tells how many bytes and lines it took."""
        count = text.count(b"\n") + 1
        records = self._decoded(text)
        if len(records) != count:
            return self._line_by_line(text)
        rows, fit = self._rows(records)
        if fit == count or not fit:
            return rows, len(text) + 1 if fit else 0, fit
        before = b"\n".join(text.split(b"\n", fit)[:fit])
        if len(self._decoded(before)) == fit:  # not if a record stands on two lines, and another beside it
            return rows, len(before) + 1, fit
        return b"", 0, 0

    def _decoded(self, text: bytes) -> list[Any]:
        """Decodes records that stand on lines or otherwise beside each other; none if one cannot be."""
        records = list[Any]()
        with suppress(*REFUSED):
            records = self._decoder.decode_lines(text)
        return records

    def _line_by_line(self, text: bytes) -> tuple[bytes, int, int]:
        lines = text.split(b"\n")
        records, mistyped = self._records(lines)
        rows, fit = self._rows(records)
        if mistyped:
            self._widen(lines[len(records)])
        return rows, sum(map(len, lines[:fit])) + fit, fit

    def _rows(self, records: list[Any]) -> tuple[bytes, int]:
        """Returns the rows before the first that does not fit its columns, and their number."""
        for name, convert in self._converted:
            if not records:
                break
            values = list(map(attrgetter(name), records))
            fitting = convert(values)
            records = records[: len(fitting)]
            if fitting is not values:
                deque(map(setattr, records, repeat(name), fitting), 0)  # for all of them
        arrays = postgres_rows.arrays(map(msgspec.structs.astuple, records))
        accented = [n for n, array in enumerate(arrays) if not array.isascii()]
        fit = next((n for n in accented if self._longer(records[n])), len(arrays))
        rows = postgres_rows.joined(arrays[:fit])
        if b"\0" in rows:
            # or the first that has an escaped backslash before the same letters, which ends the batch early, no more
            fit = next(n for n, array in enumerate(arrays) if NUL in array)
            rows = postgres_rows.joined(arrays[:fit])
            self._expect_nul(records[fit])
        return rows, fit

    def _longer(self, record: Any) -> bool:
        """Whether there is text that is longer than its column in bytes, though it is not in characters."""
        for get, limit, fixed in self._limited:
            text = get(record)
            if text and not text.isascii() and (fixed or (len(text) * 4 > limit and len(text.encode()) > limit)):
                return True
        return False

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
        """Takes a member as it is written from now on, once it has had another type of value than its column."""
        with suppress(*REFUSED):  # that is not all that is wrong with it
            members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            named = zip(self._keys, self._members, strict=True)
            if found := {key for key, each in named if key in members and not each.takes(members[key])}:
                self._raw |= found
                self._prepare()

    def _expect_nul(self, record: Any) -> None:
        values = zip(self._keys, msgspec.structs.astuple(record), strict=True)
        if found := {key for key, value in values if isinstance(value, str) and "\0" in value}:
            self._changed |= found
            self._prepare()
