"""JSON input: records one after the other, however they are laid out (AWS: copy-usage_notes-copy-from-json)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from include.sandbox.redshift.copy.fields import FieldError, Number

CHUNK = 1 << 20
LONGEST_RECORD = 4 << 20
BLANK = " \t\r\n"
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
        # Invalid bytes become lone surrogates, so that each column can refuse or replace its own.
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text = ""
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

    def lines_ahead(self, most: int) -> str:
        """Returns whole lines from the next record on, without the end of the last; they are not taken yet.

        Args:
            most: characters to return at most.
        """
        while (end := self._text.rfind("\n", self._at, self._at + most)) < 0:
            if len(self._text) - self._at >= most or not self._more():
                return ""
        return self._text[self._at : end]

    def take(self, length: int, lines: int) -> None:
        """Passes over the first lines of what `lines_ahead` has returned: so many characters, with their ends."""
        self._at += length
        self.lines += lines

    def _more(self) -> bool:
        """Reads on, forgetting the records already taken; tells whether there was more."""
        chunk = b"" if self._ended else self._stream.read(CHUNK)
        self._ended = not chunk
        self.bytes += len(chunk)
        self._last = chunk[-1:] or self._last
        self._text = self._text[self._at :] + self._decode(chunk, final=self._ended)
        self._at = 0
        return not self._ended

    def _skip_header(self) -> None:
        skip, self._skip = self._skip, 0
        for _ in range(skip):
            while (end := self._text.find("\n", self._at)) < 0:
                if not self._more():
                    self._at = len(self._text)
                    return
            self._at = end + 1
            self.lines += 1

    def to_record(self) -> bool:
        """Moves to the first character of the next record; tells whether there is one."""
        self._skip_header()
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in BLANK:
                self.lines += text[at] == "\n"
                at += 1
            self._at = at
            if at < len(text):
                return True
            if not self._more():
                return False

    def record(self) -> Record:
        """Reads the record that was moved to."""
        while True:
            try:
                if self._text[self._at] not in "{[":
                    return self._stray()
                value, end = SCAN(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._is_definite(error) and len(self._text) - self._at <= LONGEST_RECORD and self._more():
                    continue
                if len(self._text) - self._at > LONGEST_RECORD and not self._is_definite(error):
                    return self._bad("Max length of a JSON object is 4194304 bytes.")
                return self._bad(f"Invalid JSON format: {error.msg}.")
            except RecursionError:
                return self._bad("Invalid JSON format: nested too deeply.")
            return self._take(value, end)

    def _is_definite(self, error: json.JSONDecodeError) -> bool:
        """Whether more text cannot mend an error: it is not at the end of what was read."""
        return not error.msg.startswith("Unterminated string") and error.pos < len(self._text) - 16

    def _take(self, value: Any, end: int) -> Record:
        text = self._text[self._at : end]
        self.lines += text.count("\n")
        self._at = end
        if len(text) * 4 > LONGEST_RECORD and len(text.encode("utf-8", "surrogateescape")) > LONGEST_RECORD:
            value = FieldError(MALFORMED, "Max length of a JSON object is 4194304 bytes.")
        return Record(value, self.lines, text)

    def _stray(self) -> Record:
        """Passes over what stands between records: one error per instance."""
        end = self._at
        while end < len(self._text) and self._text[end] not in "{[\n":
            end += 1
        record = Record(FieldError(MALFORMED, "Invalid JSON format: a record must be an object or an array."),
                        self.lines, self._text[self._at : end])  # fmt: skip
        self._at = end
        return record

    def _bad(self, reason: str) -> Record:
        """Gives up on a record; reading goes on with the next line (where Redshift goes on is not documented)."""
        while (end := self._text.find("\n", self._at)) < 0:
            length = len(self._text)
            if length - self._at > LONGEST_RECORD:
                self._at = length - 1024  # one endless line: keep memory flat
            if not self._more():
                end = len(self._text)
                break
        record = Record(FieldError(MALFORMED, reason), self.lines, self._text[self._at : end])
        self._at = end
        return record


def value_of(text: str) -> Any:
    """Returns a JSON value as a record has it."""
    return Number(text) if text[0] in "-0123456789" else SCAN(text, 0)[0]
