"""GZIP, BZIP2 and ZSTD: all files are so compressed, nothing is guessed (AWS: copy-parameters-file-compression)."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from typing import IO, cast

import zstandard

from include.sandbox.redshift.errors import RedshiftError

# What a damaged or differently compressed file raises while it is read.
DAMAGED = (OSError, EOFError, zlib.error, zstandard.ZstdError)


def decompressed(stream: IO[bytes], compression: str | None) -> IO[bytes]:
    """Returns a stream of what a file holds.

    Args:
        stream: the file's bytes.
        compression: gzip, bzip2, zstd, or None.
    """
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if compression == "bzip2":
        return bz2.BZ2File(stream)
    if compression == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return cast("IO[bytes]", io.BufferedReader(reader))
    return stream


def damaged(file: str, compression: str | None, error: Exception) -> RedshiftError:
    """Returns the error for a file that is not what COPY was told; Redshift's own text is not documented."""
    return RedshiftError(
        f"cannot read {file} as {compression or 'plain'} data: {error}", detail=f"S3 key being read : {file}"
    )
