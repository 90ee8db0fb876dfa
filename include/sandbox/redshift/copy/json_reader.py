"""JSON input: records one after the other, however they are laid out (AWS: copy-usage_notes-copy-from-json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from include.sandbox.redshift.copy.fields import FieldError, Number

CHUNK = 1 << 20
LONGEST_RECORD = 4 << 20
# What is decoded for one record at first; most are shorter.
WINDOW = 1 << 11
# Invalid bytes become lone surrogates, so that each column can refuse or replace its own.
INVALID_BYTES = "surrogateescape"
BLANK, OPENING, NEWLINE = b" \t\r\n", b"{[", ord("\n")
# 1216, "invalid input line", is our choice for JSON that cannot be read: the code Redshift gives is not documented.
MALFORMED = 1216


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


# Numbers stay as they are written.
SCAN = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant).raw_decode


@dataclass
class Record:
    """One record of a file.

    Args:
        value: the JSON value, numbers as Number; the error when it cannot be read.
        line: number of its last line, from 1.
        text: the record as it stands in the file.
    """

    value: Any
    line: int
    text: str


class JsonReader:
    """Reads the records of one file.

    Args:
        stream: the decompressed bytes.
        skip_lines: physical lines to skip at the start.
    """

    def __init__(self, stream: IO[bytes], skip_lines: int = 0) -> None:
        self._stream = stream
        self._skip = skip_lines
        self._data = b""
        self._at = 0
        self._ended = False
        self._last = b""
        self.lines = 1
        self.bytes = 0

    @property
    def lines_scanned(self) -> int:
        """Lines seen so far, a last one without a newline counted."""
        return self.lines - (self._last in (b"", b"\n"))

    def __iter__(self) -> Iterator[Record]:
        while self.to_record():
            yield self.record()

    def lines_ahead(self, most: int) -> bytes:
        """Returns whole lines from the next record on, without the end of the last; they are not taken yet.

        Args:
            most: bytes to return at most.
        """
        while (end := self._data.rfind(b"\n", self._at, self._at + most)) < 0:
            if len(self._data) - self._at >= most or not self._more():
                return b""
        return self._data[self._at : end]

    def take(self, length: int, lines: int) -> None:
        """Passes over the first lines of what `lines_ahead` has returned: so many bytes, with their ends."""
        self._at += length
        self.lines += lines

    def _more(self) -> bool:
        """Reads on, forgetting the records already taken; tells whether there was more."""
        chunk = b"" if self._ended else self._stream.read(CHUNK)
        self._ended = not chunk
        self.bytes += len(chunk)
        self._last = chunk[-1:] or self._last
        self._data = self._data[self._at :] + chunk
        self._at = 0
        return not self._ended

    def _skip_header(self) -> None:
        skip, self._skip = self._skip, 0
        for _ in range(skip):
            while (end := self._data.find(b"\n", self._at)) < 0:
                if not self._more():
                    self._at = len(self._data)
                    return
            self._at = end + 1
            self.lines += 1

    def to_record(self) -> bool:
        """Moves to the first character of the next record; tells whether there is one."""
        self._skip_header()
        while True:
            data, at = self._data, self._at
            while at < len(data) and data[at] in BLANK:
                self.lines += data[at] == NEWLINE
                at += 1
            self._at = at
            if at < len(data):
                return True
            if not self._more():
                return False

    def record(self) -> Record:
        """Reads the record that was moved to."""
        if self._data[self._at] not in OPENING:
            return self._stray()
        size = WINDOW
        while True:
            text = self._text(self._at, self._at + size)
            try:
                value, end = SCAN(text)
            except json.JSONDecodeError as error:
                if _is_definite(error, text):
                    return self._bad(f"Invalid JSON format: {error.msg}.")
                if size < len(self._data) - self._at:
                    size *= 4
                elif len(self._data) - self._at > LONGEST_RECORD:
                    return self._bad("Max length of a JSON object is 4194304 bytes.")
                elif not self._more():
                    return self._bad(f"Invalid JSON format: {error.msg}.")
            except RecursionError:
                return self._bad("Invalid JSON format: nested too deeply.")
            else:
                return self._take(value, text[:end])

    def _text(self, start: int, end: int) -> str:
        return self._data[start:end].decode("utf-8", INVALID_BYTES)

    def _take(self, value: Any, text: str) -> Record:
        self.lines += text.count("\n")
        length = len(text.encode("utf-8", INVALID_BYTES))
        self._at += length
        if length > LONGEST_RECORD:
            value = FieldError(MALFORMED, "Max length of a JSON object is 4194304 bytes.")
        return Record(value, self.lines, text)

    def _stray(self) -> Record:
        """Passes over what stands between records: one error per instance."""
        end = self._at
        while end < len(self._data) and self._data[end] not in OPENING + b"\n":
            end += 1
        record = Record(FieldError(MALFORMED, "Invalid JSON format: a record must be an object or an array."),
                        self.lines, self._text(self._at, end))  # fmt: skip
        self._at = end
        return record

    def _bad(self, reason: str) -> Record:
        """Gives up on a record; reading goes on with the next line (where Redshift goes on is not documented)."""
        while (end := self._data.find(b"\n", self._at)) < 0:
            length = len(self._data)
            if length - self._at > LONGEST_RECORD:
                self._at = length - 1024  # one endless line: keep memory flat
            if not self._more():
                end = len(self._data)
                break
        record = Record(FieldError(MALFORMED, reason), self.lines, self._text(self._at, end))
        self._at = end
        return record


def _is_definite(error: json.JSONDecodeError, text: str) -> bool:
    """Whether more text cannot mend an error: it is not at the end of what was read."""
    return not error.msg.startswith("Unterminated string") and error.pos < len(text) - 16


def value_of(text: str) -> Any:
    """Returns a JSON value as a record has it."""
    return Number(text) if text[0] in "-0123456789" else SCAN(text, 0)[0]
