"""Spoils a bucket-shaped folder by one named kind of bad input at a time: what a healthy bucket does not hold.

A kind is one entry of `KINDS`. Each spoils one value of a record, one line, one object, or the layout of the bucket.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.sandbox.sample.bucket import JSONPATHS_KEY, as_lines


@dataclass(frozen=True)
class Corruption:
    """What was done to a folder, as an error message about it should say.

    Args:
        kind: the name of the kind.
        key: the object, relative to the bucket.
        line: its number from 1, None where the whole object is bad.
        column: the JSON key, None where it is not about one value.
        value: the bad value or line as it stands in the object, None where the object is empty, binary or gone.
    """

    kind: str
    key: str
    line: int | None = None
    column: str | None = None
    value: bytes | None = None


@dataclass(frozen=True)
class Value:
    """A record in which one value is replaced.

    Args:
        column: the JSON key.
        token: the new value as the bytes that stand in the object, quotes included.
        glob: which objects have such records.
    """

    column: str
    token: bytes
    glob: str = "log_data/**/*-events.json"

    def spoil(self, path: Path, line: int | None) -> tuple[int | None, str | None, bytes | None]:
        """Replace the value in the line, by default in the first play, whose loss a reader would notice."""
        lines = path.read_bytes().split(b"\n")
        number = line or _first_play(lines)
        marked = as_lines([{**json.loads(lines[number - 1]), self.column: _MARK}]).encode()
        lines[number - 1] = marked.replace(json.dumps(_MARK).encode(), self.token)
        path.write_bytes(b"\n".join(lines))
        return number, self.column, self.token


@dataclass(frozen=True)
class Line:
    """A line that is no record.

    Args:
        change: makes the bad line out of the good one.
        glob: which objects have such lines.
    """

    change: Callable[[bytes], bytes]
    glob: str = "log_data/**/*-events.json"

    def spoil(self, path: Path, line: int | None) -> tuple[int | None, str | None, bytes | None]:
        """Change the line, by default the first play."""
        lines = path.read_bytes().split(b"\n")
        number = line or _first_play(lines)
        lines[number - 1] = self.change(lines[number - 1])
        path.write_bytes(b"\n".join(lines))
        return number, None, lines[number - 1]


@dataclass(frozen=True)
class Object:
    """An object whose bytes are not what its name says, or that is not there.

    Args:
        change: makes the bad content out of the good one; None means that the object goes.
        glob: which objects are meant.
    """

    change: Callable[[bytes], bytes] | None
    glob: str = "log_data/**/*-events.json"

    def spoil(self, path: Path, line: int | None) -> tuple[int | None, str | None, bytes | None]:
        """Rewrite the object, or remove it; no line is at fault."""
        if self.change:
            path.write_bytes(self.change(path.read_bytes()))
        else:
            path.unlink()
        return None, None, None


_MARK = "the value to replace"
_SONGS = "song_data/**/*.json"

KINDS: Mapping[str, Value | Line | Object] = {
    # Longer than any VARCHAR, which ends at 65,535 bytes (AWS: r_Character_types); the second if bytes are counted.
    "value_too_long": Value("artist", b'"%s"' % (b"x" * 70_000)),
    "value_too_long_in_bytes": Value("song", b'"%s"' % ("\u00e9" * 40_000).encode()),
    "nul_character": Value("firstName", b'"Nul\\u0000la"'),
    "nul_byte": Value("firstName", b'"Nul\x00la"'),
    "invalid_utf8": Value("artist", b'"Caf\xe9 Latin"'),
    "text_for_number": Value("sessionId", b'"twelve"'),
    "text_for_timestamp": Value("ts", b'"yesterday"'),
    "text_for_user": Value("userId", b'"guest"'),
    "fraction_for_integer": Value("itemInSession", b"1.5"),
    "integer_overflow": Value("sessionId", b"9223372036854775808"),
    "missing_timestamp": Value("ts", b"null"),
    "timestamp_in_seconds": Value("ts", b"1543658410"),
    "play_without_user": Value("userId", b'""'),
    "unknown_level": Value("level", b'"platinum"'),
    "broken_json": Line(lambda line: line[:40]),
    "array_for_object": Line(lambda line: b"[%s]" % line),
    "text_for_object": Line(lambda line: b"<html>503 Slow Down</html>"),
    "empty_file": Object(lambda content: b""),
    "gzip_file": Object(lambda content: gzip.compress(content, mtime=0)),
    "utf16_file": Object(lambda content: content.decode().encode("utf-16")),
    "truncated_file": Object(lambda content: content[:-40]),
    "song_value_too_long": Value("title", b'"%s"' % (b"y" * 70_000), _SONGS),
    "song_text_for_number": Value("duration", b'"three minutes"', _SONGS),
    "song_without_id": Value("song_id", b"null", _SONGS),
    "song_broken_json": Line(lambda line: line[:40], _SONGS),
    "song_empty_file": Object(lambda content: b"", _SONGS),
    "jsonpaths_missing": Object(None, JSONPATHS_KEY),
    "jsonpaths_broken": Object(lambda content: content[:-2], JSONPATHS_KEY),
    "jsonpaths_too_short": Object(lambda content: content.replace(b"\"$['artist']\",", b""), JSONPATHS_KEY),
}


def corrupt(folder: Path, kind: str, key: str | None = None, line: int | None = None) -> Corruption:
    """Spoil one object of a bucket-shaped folder, in place.

    Args:
        folder: a folder that `generate` wrote.
        kind: a name in `KINDS`.
        key: the object, relative to the folder; by default the first one that the kind is about.
        line: the line, from 1; by default that of the object's first play, or of the song.

    Raises:
        ValueError: no such kind.
        FileNotFoundError: the folder has no object that the kind is about.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of bad input is named {kind!r}: choose one of {', '.join(KINDS)}")
    path = folder / key if key else next(iter(sorted(folder.glob(KINDS[kind].glob))), None)
    if path is None or not path.is_file():
        raise FileNotFoundError(f"{folder} has no object {key or KINDS[kind].glob} to spoil by {kind}")
    return Corruption(kind, path.relative_to(folder).as_posix(), *KINDS[kind].spoil(path, line))


def _first_play(lines: list[bytes]) -> int:
    """Number the first line with a play in it, or 1 for an object that holds no events."""
    return next((number for number, line in enumerate(lines, 1) if b'"page":"NextSong"' in line), 1)
