"""The files of an UNLOAD while they are written: each in a temporary file, so that memory stays flat."""

from __future__ import annotations

import bz2
import gzip
import tempfile
from typing import IO, Any, Protocol, cast

import zstandard

from include.sandbox.redshift.unload.lines import Lines
from include.sandbox.redshift.unload.result import Row


class Part(Protocol):
    """One file being written.

    Args:
        file: what has been written.
        records: the rows in it, with a header line.
    """

    file: IO[bytes]
    records: int

    def add(self, row: Row) -> bool:
        """Writes a row unless the file is full, which it says."""

    def finish(self) -> None:
        """Ends the file; nothing is added any more."""


class TextPart:
    """A file of lines.

    Args:
        lines: what the rows are written as.
        compression: gzip, bzip2, zstd, or None.
        largest: bytes that the file may have.
    """

    def __init__(self, lines: Lines, compression: str | None, largest: int) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
        self.records = 0
        self._lines = lines
        self._largest = largest
        self._compressed = compression is not None
        self._out = _compressor(self.file, compression)
        self._written = 0
        self._empty = True
        if header := lines.header():
            self._write(header)

    def add(self, row: Row) -> bool:
        """Writes a row unless the file is full."""
        line = self._lines.line(row)
        size = self.file.tell() if self._compressed else self._written
        if size + len(line) > self._largest and not self._empty:
            return False
        self._write(line)
        self._empty = False
        return True

    def _write(self, line: bytes) -> None:
        self._out.write(line)
        self._written += len(line)
        self.records += 1

    def finish(self) -> None:
        """Ends the file."""
        if self._compressed:
            self._out.close()


def _compressor(file: IO[bytes], compression: str | None) -> Any:
    if compression == "gzip":
        return gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0)
    if compression == "bzip2":
        return bz2.BZ2File(file, "wb")
    if compression == "zstd":
        return zstandard.ZstdCompressor().stream_writer(cast("Any", file), closefd=False)
    return file
