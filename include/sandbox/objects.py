"""The S3 stand-in's objects on disk: `FOLDER/BUCKET/HASH`, one file for each, with its key inside."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from hashlib import md5, sha256
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

FOLDER, FORMER_FOLDER = "objects", "s3"  # below the state folder
DRAFT = ".draft"


@dataclass(frozen=True)
class Kept:
    """What a file says of its object, in its first line.

    Args:
        key: the object's.
        etag: without quotation marks; that of several parts cannot be computed from the bytes.
        modified: when it was last modified, ISO 8601.
    """

    key: str
    etag: str
    modified: str

    @classmethod
    def now(cls, key: str, body: bytes) -> Kept:
        """Returns what is said of an object that is put in one part at this moment."""
        return cls(key, md5(body, usedforsecurity=False).hexdigest(), datetime.now(timezone.utc).isoformat())


@dataclass(frozen=True)
class BucketFolder:
    """The objects of one bucket.

    A key may hold any character and 1,024 bytes (AWS: object-keys), a part of it more than the 255 that a file's name
    may have, and `a` may stand beside `a/b` and `A`: the file is named by the key's hash.

    Args:
        path: absolute folder of the bucket.
    """

    path: Path

    def __iter__(self) -> Iterator[tuple[Kept, Path]]:
        """Yields all objects, in the order of their keys, and where each can be read (`body`)."""
        files = [path for path in self.path.iterdir() if path.suffix != DRAFT] if self.path.is_dir() else []
        yield from sorted(((head(path), path) for path in files), key=lambda found: found[0].key)

    def get(self, key: str) -> tuple[Kept, bytes] | None:
        """Returns an object; None if there is none of that key."""
        path = self._place(key)
        return (head(path), body(path)) if path.exists() else None

    def draft(self, kept: Kept, content: bytes) -> Path:
        """Writes an object beside its place, for `commit`.

        Raises:
            OSError: the disk does not take it; nothing has changed.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._place(kept.key)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}{DRAFT}")
        try:
            with draft.open("xb") as file:
                file.write(json.dumps(asdict(kept)).encode() + b"\n")
                file.write(content)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return draft

    def commit(self, kept: Kept, draft: Path) -> None:
        """Puts a draft in its object's place, in one step."""
        draft.replace(self._place(kept.key))

    def put(self, kept: Kept, content: bytes) -> None:
        """Writes an object in one step; see `draft`."""
        self.commit(kept, self.draft(kept, content))

    def remove(self, key: str) -> None:
        """Removes the object of that key, if there is one."""
        self._place(key).unlink(missing_ok=True)

    def forget_drafts(self) -> None:
        """Removes what killed processes were writing."""
        for draft in self.path.glob(f"*{DRAFT}"):
            draft.unlink()

    def copy(self, key: str, source: Path) -> bool:
        """Makes a file's bytes the object of that key, unless they are already; returns whether it did."""
        content = source.read_bytes()
        there = self.get(key)
        if there and there[1] == content:
            return False
        self.put(Kept.now(key, content), content)
        return True

    def _place(self, key: str) -> Path:
        return self.path / sha256(key.encode()).hexdigest()


def head(path: Path) -> Kept:
    """Returns what an object's file says of it."""
    with path.open("rb") as file:
        return Kept(**json.loads(file.readline()))


def body(path: Path) -> bytes:
    """Returns the bytes of the object in a file."""
    with path.open("rb") as file:
        file.readline()
        return file.read()


def take_over(root: Path) -> None:
    """Moves the objects of the layout of earlier versions (`s3/BUCKET/KEY`, percent-encoded) into this one.

    Args:
        root: the state folder. What a killed process had moved already stays moved.
    """
    former = root / FORMER_FOLDER
    for bucket in former.iterdir() if former.is_dir() else ():
        folder = BucketFolder(root / FOLDER / bucket.name)
        for path in _former_files(bucket):
            content, modified = path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
            key = _former_key(path.relative_to(bucket).parts)
            folder.put(Kept(key, Kept.now(key, content).etag, modified.isoformat()), content)
            path.unlink()
    shutil.rmtree(former, ignore_errors=True)


def _former_files(bucket: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(bucket):
        yield from (Path(parent, name) for name in names if not name.endswith("%draft"))


def _former_key(parts: Iterable[str]) -> str:
    """`%` alone was the object whose name was a folder's too, `%2F` alone an empty part."""
    *folders, name = PurePosixPath(*parts).parts
    kept = folders if name == "%" else [*folders, name]
    return "/".join("" if part == "%2F" else unquote(part) for part in kept)
