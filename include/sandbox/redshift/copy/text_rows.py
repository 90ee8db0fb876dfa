"""From delimited text and CSV to rows for PostgreSQL, keeping what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.compression import DAMAGED, damaged, decompressed
from include.sandbox.redshift.copy.convert import Column, converter
from include.sandbox.redshift.copy.documents import parsed
from include.sandbox.redshift.copy.fields import Converter, FieldError
from include.sandbox.redshift.copy.log import FileRead, LoadError, shown
from include.sandbox.redshift.copy.manifest import Source
from include.sandbox.redshift.copy.rows import DETAILED, LimitReachedError, batched
from include.sandbox.redshift.copy.sources import Bucket, Opened
from include.sandbox.redshift.copy.text_reader import TextReader, TextRecord

CHARACTERS = ("varchar", "text")
Fields = list[str | None]


class TextRows:
    """Produces the rows of one COPY of delimited text, file after file.

    Args:
        command: the COPY.
        columns: its target columns, in the order of the fields.
    """

    def __init__(self, command: CopyCommand, columns: list[Column]) -> None:
        self._command = command
        self._columns = columns
        self._convert: list[Converter] = [
            parsed if column.type == "super" else converter(column, command.conversion) for column in columns
        ]
        # AWS: copy-parameters-data-conversion, FILLRECORD: VARCHAR gets an empty string, all else NULL.
        self._filling: Fields = ["" if column.type in CHARACTERS else None for column in columns]
        self.files: list[FileRead] = []
        self.errors: list[LoadError] = []
        self.rows = 0

    def batches(self, bucket: Bucket, sources: list[Source]) -> Iterator[bytes]:
        """Yields the rows as `postgres_rows` has them, some hundred kilobytes at a time.

        Raises:
            RedshiftError: a file cannot be read.
            LimitReachedError: the load fails; what was wrong is in `errors`.
        """
        yield from batched(line for opened in bucket.read(sources) for line in self._lines(opened))

    def _lines(self, opened: Opened) -> Iterator[bytes]:
        file = FileRead(opened.source.url, opened.etag, opened.modified.isoformat(), opened.size)
        self.files.append(file)
        stream = decompressed(opened.stream, self._command.compression)
        reader = TextReader(stream, self._command.dialect, self._command.ignore_header)
        try:
            for record in reader:
                line = self._line(record, file)
                if line:
                    self.rows += 1
                    yield line
        except DAMAGED as error:
            raise damaged(file.file, self._command.compression, error) from error
        finally:
            file.lines = reader.lines_scanned

    def _line(self, record: TextRecord, file: FileRead) -> bytes:
        """Converts a record; empty when it does not fit, which is then in `errors`."""
        found, at = Fields(), -1
        try:
            fields = self._complete(record)
            for at, (convert, value) in enumerate(zip(self._convert, fields, strict=True)):  # noqa: B007 - of the error
                found.append(convert(value))
        except FieldError as problem:
            self._reject(record, file, problem, at)
            return b""
        return postgres_rows.encoded([found])

    def _complete(self, record: TextRecord) -> Fields:
        """Returns one field for each column.

        Raises:
            FieldError: the line cannot be read, or has too many or too few fields (AWS: r_Load_Error_Reference).
        """
        fields, expected = record.fields, len(self._columns)
        if isinstance(fields, FieldError):
            raise fields
        if len(fields) == expected:
            return fields
        if len(fields) > expected:
            raise FieldError(1202, "Extra column(s) found")
        if self._command.dialect.fill:
            return fields + self._filling[len(fields) :]
        if not record.text:
            raise FieldError(1211, "Input line contained no data")
        raise FieldError(1201 if len(fields) == 1 else 1203, "Delimiter not found")

    def _reject(self, record: TextRecord, file: FileRead, problem: FieldError, at: int) -> None:
        fields = record.fields if isinstance(record.fields, list) else []
        column = self._columns[at] if at >= 0 else None
        value = fields[at] if 0 <= at < len(fields) else None
        name, kind, length = (column.name, column.type, column.shown_length) if column else ("", "", "")
        details = self._details(fields, at) if len(self.errors) < DETAILED else []
        file.errors += 1
        self.errors.append(LoadError(
            file.file, record.line, name, kind, length, problem.position, shown(record.text), shown(value or ""),
            problem.code, problem.reason, details,
        ))  # fmt: skip
        if len(self.errors) >= self._command.max_errors:
            raise LimitReachedError

    def _details(self, fields: Fields, last: int) -> list[dict[str, Any]]:
        return [
            {"field": index, "column": column.name, "type": column.type, "length": column.shown_length,
             "value": None if value is None else shown(value)}
            for index, (column, value) in enumerate(zip(self._columns, fields, strict=False)) if index <= last
        ]  # fmt: skip
