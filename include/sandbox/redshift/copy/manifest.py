"""Manifests: the objects that a COPY loads, listed in a file (AWS: loading-data-files-using-manifest)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.sandbox.redshift.copy.json_file import MalformedError, read, shown
from include.sandbox.redshift.errors import RedshiftError

UNKNOWN = 1 << 40


@dataclass(frozen=True)
class Source:
    """One object to load.

    Args:
        url: its S3 URL.
        mandatory: whether COPY stops when it is missing.
        size: bytes, as far as known.
    """

    url: str
    mandatory: bool = True
    size: int = UNKNOWN


def sources_of(text: str, where: str) -> list[Source]:
    """Reads a manifest.

    Args:
        text: its content.
        where: which file it is, the error's detail.

    Returns:
        Its entries.

    Raises:
        RedshiftError: it is malformed, has no entries, or one without the full path of an object.
    """
    try:
        manifest = read(text)
        entries = manifest.get("entries") if isinstance(manifest, dict) else None
        if not isinstance(entries, list):
            raise MalformedError("it must be an object with an array of entries")
        found = [_source(entry, place) for place, entry in enumerate(entries, 1)]
    except MalformedError as error:
        raise RedshiftError(f"Manifest file is not in correct json format: {error}", detail=where) from None
    for source in found:
        if not source.url.startswith("s3://") or not all(parts_of(source.url)):
            raise RedshiftError(
                "COPY with MANIFEST parameter requires full path of an Amazon S3 object", detail=f"url: {source.url}"
            )
    if not found:
        raise RedshiftError("No files to load: the manifest has no entries", detail=where)
    return found


def parts_of(url: str) -> tuple[str, str]:
    """Returns bucket and key of an S3 URL."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def _source(entry: Any, place: int) -> Source:
    if not isinstance(entry, dict):
        raise MalformedError(f"entry {place} is {shown(entry)}, not an object")
    url, mandatory, meta = entry.get("url"), entry.get("mandatory", False), entry.get("meta", {})
    if not isinstance(url, str):
        raise MalformedError(f"url of entry {place} is {shown(url)}, not a string")
    if not isinstance(mandatory, bool):
        raise MalformedError(f"mandatory of entry {place} is {shown(mandatory)}, neither true nor false")
    if not isinstance(meta, dict):
        raise MalformedError(f"meta of entry {place} is {shown(meta)}, not an object")
    size = meta.get("content_length", UNKNOWN)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise MalformedError(f"content_length of entry {place} is {shown(size)}, not a number of bytes")
    return Source(url, mandatory, size)
