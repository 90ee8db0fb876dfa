"""From Parquet to rows for PostgreSQL (AWS: copy-usage_notes-copy-from-columnar)."""

from __future__ import annotations

import bz2
import gzip
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any, cast

import pyarrow as pa
from pyarrow import parquet

from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.compression import DAMAGED, damaged
from include.sandbox.redshift.copy.convert import Column, converter
from include.sandbox.redshift.copy.fields import Converter, FieldError
from include.sandbox.redshift.copy.log import FileRead, LoadError
from include.sandbox.redshift.copy.manifest import UNKNOWN, Source
from include.sandbox.redshift.copy.parquet_types import CHARACTERS, check, scan_error, text_of
from include.sandbox.redshift.copy.sources import Bucket, Opened
from include.sandbox.redshift.errors import RedshiftError, detail_block, unsupported

# Rows that are in memory at once; a page of each column comes with them.
ROWS, PAGE = 1024, 1 << 16
SPOOLED = 1 << 20


class ParquetRows:
    """Produces the rows of one COPY of Parquet, file after file; whatever is wrong ends it.

    Args:
        command: the COPY.
        columns: its target columns, in the order of the file's.
    """

    def __init__(self, command: CopyCommand, columns: list[Column]) -> None:
        self._command = command
        self._columns = columns
        self._convert: list[Converter | None] = [
            converter(column, command.conversion) if column.type in CHARACTERS | {"super"} else None
            for column in columns
        ]
        self.files: list[FileRead] = []
        self.errors: list[LoadError] = []
        self.rows = 0

    def batches(self, bucket: Bucket, sources: list[Source]) -> Iterator[bytes]:
        """Yields the rows as `postgres_rows` has them, some at a time.

        Raises:
            RedshiftError: a file cannot be read or does not fit; the first thing that is wrong is named.
        """
        for opened in bucket.read(sources):
            self._check_length(opened)
            file = FileRead(opened.source.url, opened.etag, opened.modified.isoformat(), opened.size)
            self.files.append(file)
            try:
                with closing(_spooled(opened)) as spooled:
                    yield from self._batches(file, spooled)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, *DAMAGED) as error:
                raise damaged(file.file, "Parquet", error) from error

    def _check_length(self, opened: Opened) -> None:
        """A manifest must tell the length (AWS: loading-data-files-using-manifest); another one is out of range."""
        if self._command.manifest and opened.source.size == UNKNOWN:
            raise RedshiftError("File entry does not have 'meta' key.", detail=detail_block(
                "File entry does not have 'meta' key.", 15003, opened.source.url, 0))  # fmt: skip
        if self._command.manifest and opened.size != opened.source.size:
            raise RedshiftError(
                "S3ServiceException:The requested range is not satisfiable,Status 416,Error InvalidRange",
                detail=f"S3 key being read : {opened.source.url}",
            )

    def _batches(self, file: FileRead, spooled: IO[bytes]) -> Iterator[bytes]:
        with parquet.ParquetFile(spooled, buffer_size=PAGE, pre_buffer=False) as opened:
            self._check_columns(file.file, opened)
            for batch in opened.iter_batches(ROWS, use_threads=False):
                lines = self._lines(file.file, batch)
                self.rows += batch.num_rows
                file.lines += batch.num_rows
                yield lines

    def _check_columns(self, url: str, file: parquet.ParquetFile) -> None:
        found, expected = len(file.schema_arrow), len(self._columns)
        if found > expected or (found < expected and not self._command.dialect.fill):
            raise scan_error(
                f"Unmatched number of columns between table and file. Table columns: {expected}, "
                f"Data columns: {found}, File name: {url}"
            )
        leaf = 0
        for column, field in zip(self._columns, file.schema_arrow):  # noqa: B905 - FILLRECORD
            if column.type == "super":
                if pa.types.is_nested(field.type) and not self._command.serialize:
                    raise unsupported("COPY of a nested Parquet column without SERIALIZETOJSON")
            elif pa.types.is_nested(field.type):
                raise unsupported(f'COPY of a nested Parquet column into "{column.name}", which is no SUPER column,')
            else:
                check(url, column, file.schema.column(leaf), field.type)
            leaf += _leaves(field.type)

    def _lines(self, url: str, batch: Any) -> bytes:
        done = [
            self._column(url, at, text_of(batch.column(at), self._columns[at]))
            if at < batch.num_columns else self._column(url, at, [None] * batch.num_rows)
            for at in range(len(self._columns))
        ]  # fmt: skip
        return postgres_rows.encoded(zip(*done, strict=True))

    def _column(self, url: str, at: int, values: list[Any]) -> list[str | None]:
        column, convert = self._columns[at], self._convert[at]
        if column.not_null and None in values:
            raise scan_error(f"Missing data for not-null field. Column name: {column.name}, File name: {url}")
        if convert is None:
            return values
        try:
            return [convert(value) for value in values]
        except FieldError as problem:
            raise scan_error(f"{problem.reason}. Column name: {column.name}, File name: {url}", problem.code) from None


def _leaves(kind: Any) -> int:
    """Returns how many columns of the file a type takes."""
    return sum(_leaves(kind.field(at).type) for at in range(kind.num_fields)) if pa.types.is_nested(kind) else 1


def _spooled(opened: Opened) -> IO[bytes]:
    """Returns a file that can be read from its end, where Parquet begins; larger ones are on disk.

    Compressed files are told by their names (AWS: copy-usage_notes-copy-from-columnar).
    """
    stream = opened.stream
    if opened.source.url.endswith(".gz"):
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    elif opened.source.url.endswith(".bz2"):
        stream = bz2.BZ2File(stream)
    spooled = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - the caller closes it
    shutil.copyfileobj(stream, spooled, 1 << 20)
    spooled.seek(0)
    return cast("IO[bytes]", spooled)
