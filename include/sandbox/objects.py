"""Where the S3 stand-in's objects lie on disk: `FOLDER/BUCKET/KEY`, for any key that S3 takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

# What no key contains after quoting stands where a folder and an object would have the same name.
MARKER = "%"


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
    path = make_room(folder, key)
    if path.is_file() and path.stat().st_size == source.stat().st_size and path.read_bytes() == source.read_bytes():
        return False
    shutil.copyfile(source, path)
    return True


def make_room(folder: Path, key: str) -> Path:
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
