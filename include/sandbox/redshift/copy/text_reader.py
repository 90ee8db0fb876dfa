"""Delimited text and CSV: lines, and the fields in them (AWS: copy-parameters-data-format)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from include.sandbox.redshift.copy.dialect import Dialect
from include.sandbox.redshift.copy.fields import FieldError

LONGEST_RECORD = 4 << 20
BLANKS = {" ", "\t"}
# The code that clients have seen with this text; which other lines Redshift refuses so is not documented.
BAD_QUOTES = (1214, "Invalid quote formatting for CSV")


@dataclass
class TextRecord:
    """One record of a file.

    Args:
        fields: its fields, None for NULL; or what is wrong with the line.
        line: number of its last line, from 1.
        text: the record as it stands in the file.
    """

    fields: list[str | None] | FieldError
    line: int
    text: str


class TextReader:
    """Reads the records of one file.

    Args:
        stream: the decompressed bytes.
        dialect: how the file is written.
        skip_lines: physical lines to skip at the start.
    """

    def __init__(self, stream: IO[bytes], dialect: Dialect, skip_lines: int = 0) -> None:
        buffered = stream if isinstance(stream, io.BufferedIOBase) else io.BufferedReader(cast("io.RawIOBase", stream))
        # Invalid bytes become lone surrogates, so that each column can refuse or replace its own. Only LF ends a line
        # here: a carriage return before it may be escaped, or stand in quotes.
        self._file = io.TextIOWrapper(cast("IO[bytes]", buffered), "utf-8", "surrogateescape", newline="\n")
        self._dialect = dialect
        self._skip = skip_lines
        self._special = re.compile(rf"\\(?P<kept>.)|(?P<end>{re.escape(dialect.delimiter)})", re.DOTALL)
        self._split = self._chosen()
        self._text: list[str] = []
        self._size = 0
        self.lines_scanned = 0

    def _chosen(self) -> Callable[[str], list[str | None]]:
        if self._dialect.quote is not None:
            return self._csv
        if self._dialect.escape or self._dialect.remove_quotes:
            return self._marked
        return self._plain

    def __iter__(self) -> Iterator[TextRecord]:
        for _ in range(self._skip):
            self.lines_scanned += bool(self._file.readline())
        while True:
            self._text.clear()
            self._size = 0
            try:
                line = self._line()
            except FieldError as problem:
                yield self._taken(problem)
                continue
            if not line:
                return
            if not (self._dialect.ignore_blank and line in ("\n", "\r\n")):
                yield self._record(line)

    def _line(self) -> str:
        """Returns the next line of the file with its end, and adds it to the record's text; empty at the file's end.

        Raises:
            FieldError: the record is too long.
        """
        line = self._file.readline(LONGEST_RECORD + 1)
        self.lines_scanned += bool(line)
        self._text.append(line)
        self._size += len(line) if line.isascii() else len(line.encode("utf-8", "surrogateescape"))
        if self._size > LONGEST_RECORD:
            while line and not line.endswith("\n"):
                line = self._file.readline(LONGEST_RECORD)
            # AWS: copy-usage_notes-multiple-files; the code, that of an invalid input line, is our choice.
            raise FieldError(1216, "Max length of an input line is 4194304 bytes.")
        return line

    def _taken(self, fields: list[str | None] | FieldError) -> TextRecord:
        return TextRecord(fields, self.lines_scanned, "".join(self._text).rstrip("\r\n"))

    def _record(self, line: str) -> TextRecord:
        try:
            return self._taken(self._split(line))
        except FieldError as problem:
            return self._taken(problem)

    def _plain(self, line: str) -> list[str | None]:
        fields: list[str | None] = [*_without_end(line).split(self._dialect.delimiter)]
        return self._with_nulls(fields)

    def _with_nulls(self, fields: list[str | None]) -> list[str | None]:
        null = self._dialect.null
        return [None if value == null else value for value in fields] if null in fields else fields

    def _marked(self, line: str) -> list[str | None]:
        r"""Cuts a line with escape characters or removable quotation marks."""
        if self._dialect.escape:
            while line.endswith("\n") and _escaped(line, len(line) - 1) and (line := self._line()):
                pass
            line = "".join(self._text)
        body, fields, at = _without_end(line, escape=self._dialect.escape), list[str | None](), 0
        while True:
            quoted = self._dialect.remove_quotes and body[at : at + 1] in ("'", '"')
            raw, end = self._quoted(body, at) if quoted else self._bare(body, at)
            text = self._unescaped(raw)
            # \N and \\N give the same result (AWS: copy-parameters-data-conversion, ESCAPE).
            fields.append(None if self._dialect.null in (raw, text) else text)
            if end == len(body):
                return fields
            at = end + len(self._dialect.delimiter)

    def _bare(self, body: str, at: int) -> tuple[str, int]:
        """Returns a field's raw text, and where it ends."""
        if self._dialect.escape:
            ends = (found.start() for found in self._special.finditer(body, at) if found["end"] is not None)
            end = next(ends, -1)
        else:
            end = body.find(self._dialect.delimiter, at)
        end = len(body) if end < 0 else end
        return body[at:end], end

    def _quoted(self, body: str, at: int) -> tuple[str, int]:
        """Returns what stands between a field's quotation marks: they end at a mark behind which the field ends."""
        mark, close = body[at], at + 1
        while (close := body.find(mark, close)) >= 0:
            ends = close + 1 == len(body) or body.startswith(self._dialect.delimiter, close + 1)
            if ends and not (self._dialect.escape and _escaped(body, close)):
                return body[at + 1 : close], close + 1
            close += 1
        # AWS: copy-parameters-data-conversion, REMOVEQUOTES: such a row is not loaded; the code is not documented.
        raise FieldError(1216, f"No ending quotation mark ({mark}) for REMOVEQUOTES", at)

    def _unescaped(self, raw: str) -> str:
        return re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL) if self._dialect.escape and "\\" in raw else raw

    def _csv(self, line: str) -> list[str | None]:
        """Cuts a CSV record, reading on where a newline stands in quotes."""
        quote, delimiter = str(self._dialect.quote), self._dialect.delimiter
        if quote not in line:
            return self._plain(line)
        fields, at = list[str | None](), 0
        while True:
            start = self._unpadded(line, at)
            if line[start : start + 1] == quote:
                value, line, at = self._between(line, start + 1)
                at = self._unpadded(line, at)
            else:
                end = line.find(delimiter, at)
                end = len(_without_end(line)) if end < 0 else end
                value = line[at:end]
                if quote in value:
                    raise FieldError(*BAD_QUOTES, at + value.index(quote))
                at = end
            fields.append(value)
            if line[at : at + 3] in ("", "\n", "\r\n"):
                return self._with_nulls(fields)
            if not line.startswith(delimiter, at):
                raise FieldError(*BAD_QUOTES, at)
            at += len(delimiter)

    def _between(self, line: str, at: int) -> tuple[str, str, int]:
        """Returns a quoted field's value, the line it ends on, and the offset behind its closing quotation mark."""
        quote, parts = str(self._dialect.quote), list[str]()
        while True:
            end = line.find(quote, at)
            if end < 0:
                parts.append(line[at:])
                line, at = self._line(), 0
                if not line:
                    raise FieldError(*BAD_QUOTES)
            elif line.startswith(quote, end + 1):
                parts.append(line[at : end + 1])
                at = end + 2
            else:
                return "".join([*parts, line[at:end]]), line, end + 1

    def _unpadded(self, line: str, at: int) -> int:
        """Passes over blanks next to a quotation mark, which do not count unless they are the delimiter."""
        while line[at : at + 1] in BLANKS - {self._dialect.delimiter}:
            at += 1
        return at


def _escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before an offset."""
    first = at
    while first and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _without_end(line: str, *, escape: bool = False) -> str:
    body = line.removesuffix("\n")
    return body if escape and body.endswith("\r") and _escaped(body, len(body) - 1) else body.removesuffix("\r")
