"""Which reader a COPY takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.convert import Column
from include.sandbox.redshift.copy.log import FileRead, LoadError
from include.sandbox.redshift.copy.manifest import Source
from include.sandbox.redshift.copy.replacements import ReplacingRows, ReplacingTextRows
from include.sandbox.redshift.copy.rows import Rows
from include.sandbox.redshift.copy.sources import Bucket
from include.sandbox.redshift.copy.text_rows import TextRows


class Producer(Protocol):
    """Produces the rows of one COPY, and keeps what was read, loaded and refused."""

    files: list[FileRead]
    errors: list[LoadError]
    rows: int

    def batches(self, bucket: Bucket, sources: list[Source]) -> Iterator[bytes]:
        """Yields the rows as `postgres_rows` has them."""


def producer(command: CopyCommand, columns: list[Column], paths: list[list[str | int]] | None) -> Producer:
    """Returns what reads the files of a COPY.

    Args:
        command: the COPY.
        columns: its target columns, in order.
        paths: the JSONPaths, one a column, or None.
    """
    replaces = command.conversion.replacement is not None
    if command.format == "JSON":
        return (ReplacingRows if replaces else Rows)(command, columns, paths)
    if command.format == "Text":
        return (ReplacingTextRows if replaces else TextRows)(command, columns)
    # Only then: pyarrow takes a second and 50 MB.
    from include.sandbox.redshift.copy.parquet_rows import ParquetRows

    return ParquetRows(command, columns)
