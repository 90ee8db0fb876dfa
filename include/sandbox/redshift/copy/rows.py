"""From JSON records to rows for PostgreSQL, keeping what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.compression import DAMAGED, damaged, decompressed
from include.sandbox.redshift.copy.convert import Column, converter
from include.sandbox.redshift.copy.fields import FieldError, raw
from include.sandbox.redshift.copy.json_reader import JsonReader, Record
from include.sandbox.redshift.copy.jsonpaths import NOT_AN_OBJECT, Extract, extractor
from include.sandbox.redshift.copy.lines import Lines
from include.sandbox.redshift.copy.log import FileRead, LoadError, shown
from include.sandbox.redshift.copy.manifest import Source
from include.sandbox.redshift.copy.sources import Bucket, Opened
from include.sandbox.redshift.errors import RedshiftError

# Between two batches a COPY notices that it is cancelled: characters, and rows when they are narrow.
BATCH, BATCH_ROWS = 1 << 19, 8192
# What JSON escapes in the name of a member; msgspec knows only names without.
ESCAPED = re.compile(r'[\x00-\x1f"\\]')
# AWS: r_STL_LOADERROR_DETAIL keeps at most 20 errors a slice; the sandbox has one slice.
DETAILED = 20


class LimitReachedError(Exception):
    """MAXERROR is reached."""


def batched(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yields rows some hundred kilobytes at a time."""
    batch, size = list[bytes](), 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size > BATCH or len(batch) == BATCH_ROWS:
            yield b"".join(batch)
            batch, size = [], 0
    if batch:
        yield b"".join(batch)


class Rows:
    """Produces the rows of one COPY, file after file.

    Args:
        command: the COPY.
        columns: its target columns, in order.
        paths: one path per column, or None for 'auto'.
    """

    def __init__(self, command: CopyCommand, columns: list[Column], paths: list[list[str | int]] | None) -> None:
        self._command = command
        self._columns = columns
        self._extract = [extractor(path) for path in paths] if paths else _by_name(command, columns)
        self._convert = [converter(column, command.conversion) for column in columns]
        keys = _members(command, columns, paths)
        self.lines = Lines(columns, keys, command.conversion) if keys else None
        self._auto = paths is None and command.jsonpaths != "noshred"
        self.files: list[FileRead] = []
        self.errors: list[LoadError] = []
        self.rows = 0

    def batches(self, bucket: Bucket, sources: list[Source]) -> Iterator[bytes]:
        """Yields the rows as `postgres_rows` has them, some hundred kilobytes at a time.

        Raises:
            RedshiftError: a file cannot be read.
            LimitReachedError: the load fails; what was wrong is in `errors`.
        """
        yield from batched(text for opened in bucket.read(sources) for text in self._texts(opened))

    def _texts(self, opened: Opened) -> Iterator[bytes]:
        """Yields rows: of many records where they allow it, else of one."""
        file = FileRead(opened.source.url, opened.etag, opened.modified.isoformat(), opened.size)
        self.files.append(file)
        reader = JsonReader(decompressed(opened.stream, self._command.compression), self._command.ignore_header)
        try:
            while reader.to_record():
                text, rows = self.lines.take(reader) if self.lines else (b"", 0)
                if not rows:
                    text = self._line(reader.record(), file)
                    rows = bool(text)
                self.rows += rows
                if text:
                    yield text
        except DAMAGED as error:
            raise damaged(file.file, self._command.compression, error) from error
        finally:
            file.lines = reader.lines_scanned

    def _line(self, record: Record, file: FileRead) -> bytes:
        """Converts a record; empty when it does not fit, which is then in `errors`."""
        value = record.value
        if isinstance(value, FieldError):
            self._reject(record, file, value, -1, record.text)
            return b""
        if self._auto and not isinstance(value, dict):
            self._reject(record, file, FieldError(1216, NOT_AN_OBJECT), -1, record.text)
            return b""
        fields, found = list[str | None](), None
        try:
            for extract, convert in zip(self._extract, self._convert, strict=True):
                found = None
                found = extract(value)
                fields.append(convert(found))
        except FieldError as problem:
            self._reject(record, file, problem, len(fields), "" if found is None else raw(found))
            return b""
        return postgres_rows.encoded([fields])

    def _reject(self, record: Record, file: FileRead, problem: FieldError, at: int, value: str) -> None:
        column = self._columns[at] if at >= 0 else Column("", "")
        details = self._details(record, at) if len(self.errors) < DETAILED else []
        file.errors += 1
        self.errors.append(LoadError(
            file.file, record.line, column.name, column.type, column.shown_length if at >= 0 else "", problem.position,
            shown(record.text), shown(value), problem.code, problem.reason, details,
        ))  # fmt: skip
        if len(self.errors) >= self._command.max_errors:
            raise LimitReachedError

    def _details(self, record: Record, last: int) -> list[dict[str, Any]]:
        found = []
        for index in range(last + 1):
            column = self._columns[index]
            try:
                value = self._extract[index](record.value)
            except FieldError:
                value = None
            found.append({"field": index, "column": column.name, "type": column.type, "length": column.shown_length,
                          "value": None if value is None else shown(raw(value))})  # fmt: skip
        return found


def _members(command: CopyCommand, columns: list[Column], paths: list[list[str | int]] | None) -> list[str] | None:
    """The member of the record that goes into each column; None if columns are found in other ways."""
    if paths is None:
        members = [column.name for column in columns] if command.jsonpaths == "auto" else []
    else:
        members = [path[0] for path in paths if len(path) == 1 and isinstance(path[0], str)]
    if len(set(members)) < len(columns) or any(map(ESCAPED.search, members)):
        return None
    return members


def _by_name(command: CopyCommand, columns: list[Column]) -> list[Extract]:
    """'auto' matches keys with column names, which are lower case, exactly; 'auto ignorecase' in any case.

    Raises:
        RedshiftError: 'noshred' takes the whole record, but there is not exactly one SUPER column (AWS: ingest-super).
    """
    if command.jsonpaths == "noshred":
        if [column.type for column in columns] != ["super"]:
            raise RedshiftError("COPY … JSON 'noshred' needs exactly one column, of type SUPER")
        return [lambda record: record]
    if command.jsonpaths != "auto ignorecase":
        return [extractor([column.name]) for column in columns]
    return [_ignoring_case(column.name.lower()) for column in columns]


def _ignoring_case(name: str) -> Extract:
    def member(record: Any) -> Any:
        if name in record:
            return record[name]
        return next((value for key, value in record.items() if key.lower() == name), None)

    return member
