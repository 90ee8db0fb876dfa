"""Keeps the S3 stand-in's objects on disk: moto holds them in memory only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

# What no key contains after quoting stands where a folder and an object would have the same name.
MARKER = "%"


class ObjectMirror:
    """Mirrors moto's buckets, in this process, to `FOLDER/BUCKET/KEY`.

    Args:
        folder: absolute folder with one sub-folder for each bucket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[tuple[str, str], tuple[str, datetime]] = {}

    def restore(self, bucket: str) -> None:
        """Puts what the folder holds into an existing bucket: same keys, same bytes, same times."""
        for key, path in mirrored_keys(self.folder / bucket):
            stored = _backend().put_object(bucket, key, path.read_bytes(), disable_notification=True)
            stored.last_modified = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).replace(tzinfo=None)
            self._written[bucket, key] = _version(stored)

    def write_back(self) -> None:
        """Writes objects that are new or changed since the last call, and removes those that are gone."""
        current = {
            (name, key): stored
            for name, bucket in list(_backend().buckets.items())
            for key, stored in list(bucket.keys.items())
        }
        for (bucket, key), stored in current.items():
            if self._written.get((bucket, key)) != _version(stored):
                self._written[bucket, key] = _version(stored)
                path = _make_room(self.folder / bucket, key)
                draft = path.with_name(path.name + "%draft")
                draft.write_bytes(stored.value)
                modified = stored.last_modified.replace(tzinfo=timezone.utc).timestamp()
                os.utime(draft, (modified, modified))
                draft.replace(path)
        for bucket, key in self._written.keys() - current.keys():
            del self._written[bucket, key]
            mirrored_path(self.folder / bucket, key).unlink(missing_ok=True)


def mirrored_path(folder: Path, key: str) -> Path:
    """Returns where an object lies below its bucket's folder.

    Every part of the key is percent-encoded where a file system needs it; `%` alone is the object whose name is also a
    folder (`a` beside `a/b`), an empty part (as in the folder marker `a/`) is `%2F`.
    """
    path = folder.joinpath(*map(_quote_part, key.split("/")))
    return path / MARKER if path.is_dir() else path


def mirrored_keys(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yields key and path of every object below a bucket's folder, in key order."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith("%draft"):
            parts = PurePosixPath(path.relative_to(folder)).parts
            kept = parts[:-1] if parts[-1] == MARKER else parts
            found.append(("/".join(map(_unquote_part, kept)), path))
    yield from sorted(found)


def copy_into(folder: Path, key: str, source: Path) -> bool:
    """Copies a file to where an object of that key lies, unless the same bytes are there; returns whether it did."""
    path = _make_room(folder, key)
    if path.is_file() and path.stat().st_size == source.stat().st_size and path.read_bytes() == source.read_bytes():
        return False
    shutil.copyfile(source, path)
    return True


def _make_room(folder: Path, key: str) -> Path:
    """Returns the object's path after making its folders; an object in the way of a folder moves into it."""
    path = mirrored_path(folder, key)
    for parent in reversed(path.relative_to(folder).parents):
        step = folder / parent
        if step.is_file():
            aside = step.rename(step.with_name(step.name + "%draft"))
            step.mkdir()
            aside.rename(step / MARKER)
        step.mkdir(parents=True, exist_ok=True)
    return path


def _quote_part(part: str) -> str:
    if part in {"", ".", ".."}:
        return {"": "%2F", ".": "%2E", "..": "%2E%2E"}[part]
    return quote(part, safe=" !$&'()+,;=@[]{}^~-_.")


def _unquote_part(part: str) -> str:
    return "" if part == "%2F" else unquote(part)


def _backend() -> Any:  # moto ships no types
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _version(stored: Any) -> tuple[str, datetime]:
    return stored.etag, stored.last_modified
