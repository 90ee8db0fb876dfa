"""Spoils a bucket-shaped folder by one named kind of bad input at a time: what a healthy bucket does not hold.

A kind is one entry of `KINDS`. Each spoils one value of a record, one line, one object, or the layout of the bucket,
and says what must become of it.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from include.sandbox.sample.bucket import JSONPATHS_KEY, as_lines

LOGS, SONGS = "log_data/**/*-events.json", "song_data/**/*.json"


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


Fate = Literal["quarantined", "published", "warned", "stopped"]


@dataclass(frozen=True)
class Value:
    """A record in which one value is replaced.

    Args:
        column: the JSON key.
        token: the new value as the bytes that stand in the object, quotes included.
        glob: which objects have such records.
        fate: what must become of it: `quarantined`, with the rest of its object loaded; `published`; `warned`, which
            is published with a warning of a check; or `stopped`, with nothing of the run published.
        reason: what the quarantine, the check or the error says of it.
        means: the value as a healthy record would give it, where it is published as something else.
    """

    column: str
    token: bytes
    glob: str = LOGS
    fate: Fate = "quarantined"
    reason: str = ""
    means: bytes = b""

    def spoil(self, path: Path, line: int | None) -> tuple[int | None, str | None, bytes | None]:
        """Replace the value in the line, by default in the first play, whose loss a reader would notice."""
        number = line or _first_play(path.read_bytes().split(b"\n"))
        _replace(path, number, self.column, self.token)
        return number, self.column, self.token


@dataclass(frozen=True)
class Line:
    """A line that is no record, or not as the others.

    Args:
        change: makes the bad line out of the good one.
        glob: which objects have such lines.
        fate: see `Value`.
        reason: see `Value`.
    """

    change: Callable[[bytes], bytes]
    glob: str = LOGS
    fate: Fate = "quarantined"
    reason: str = "the record cannot be loaded: Invalid JSON format"

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
        fate: see `Value`.
        reason: see `Value`.
    """

    change: Callable[[bytes], bytes] | None
    glob: str = LOGS
    fate: Fate = "stopped"
    reason: str = ""

    def spoil(self, path: Path, line: int | None) -> tuple[int | None, str | None, bytes | None]:
        """Rewrite the object, or remove it; no line is at fault."""
        if self.change:
            path.write_bytes(self.change(path.read_bytes()))
        else:
            path.unlink()
        return None, None, None


def _pretty(content: bytes) -> bytes:
    return b"\n".join(json.dumps(json.loads(line), indent=2).encode() for line in content.split(b"\n"))


def _renamed(content: bytes, key: str, name: str) -> bytes:
    return content.replace(f'"{key}":'.encode(), f'"{name}":'.encode())


def _with_keys(line: bytes, change: Callable[[str], str]) -> bytes:
    return as_lines([{change(key): value for key, value in json.loads(line).items()}]).encode()


_MARK = "the value to replace"
_DIGIT, _LENGTH = "cannot be loaded: Invalid digit", "cannot be loaded: String length exceeds DDL length"
_TOO_MANY = "records cannot be loaded into"

KINDS: Mapping[str, Value | Line | Object] = {
    # Values that their column does not take. Longer than any VARCHAR, which ends at 65,535 bytes (AWS:
    # r_Character_types); the second if bytes are counted.
    "value_too_long": Value("artist", b'"%s"' % (b"x" * 70_000), reason=_LENGTH),
    "value_too_long_in_bytes": Value("song", b'"%s"' % ("\u00e9" * 40_000).encode(), reason=_LENGTH),
    "nul_byte": Value("firstName", b'"Nul\x00la"', reason="the record cannot be loaded: Invalid JSON format"),
    "leading_nul": Value("firstName", b'"\\u0000la"', reason="Invalid null byte"),
    "invalid_utf8": Value("artist", b'"Caf\xe9 Latin"', reason="unsupported UTF-8 codepoints"),
    "lone_surrogate": Value("artist", b'"Caf\\ud800"', reason="unsupported UTF-8 codepoints"),
    "text_for_number": Value("sessionId", b'"twelve"', reason=_DIGIT),
    "text_for_timestamp": Value("ts", b'"yesterday"', reason=_DIGIT),
    "iso_for_timestamp": Value("ts", b'"2018-12-01T10:00:00Z"', reason=_DIGIT),
    "text_for_user": Value("userId", b'"guest"', reason=_DIGIT),
    "text_for_fraction": Value("length", b'"three minutes"', reason=_DIGIT),
    "object_for_number": Value("status", b'{"code":200}', reason=_DIGIT),
    "array_for_number": Value("itemInSession", b"[1]", reason=_DIGIT),
    "fraction_for_integer": Value("itemInSession", b"1.5", reason=_DIGIT),
    "integer_overflow": Value("sessionId", b"9223372036854775808", reason="Overflow"),
    "small_integer_overflow": Value("itemInSession", b"2147483648", reason="Overflow"),
    "not_a_number": Value("length", b"NaN", reason="the record cannot be loaded: Invalid JSON format"),
    # Values that load and break a rule of the contract.
    "missing_timestamp": Value("ts", b"null", reason="an event has a time"),
    "timestamp_in_seconds": Value("ts", b"1543658410", reason="the time is in milliseconds"),
    "timestamp_in_microseconds": Value("ts", b"1543658410796000", reason="the time is in milliseconds"),
    "negative_timestamp": Value("ts", b"-1", reason="the time is in milliseconds"),
    "timestamp_of_another_day": Value("ts", b"1546300800000", reason="a record is of the day of its object"),
    "event_without_page": Value("page", b"null", reason="an event has a page"),
    "play_without_user": Value("userId", b'""', reason="a play has a user"),
    "play_of_blank": Value("userId", b'" "', reason="a play has a user"),
    "play_of_null": Value("userId", b"null", reason="a play has a user"),
    "play_without_session": Value("sessionId", b"null", reason="a play has a session"),
    "play_without_place": Value("itemInSession", b'""', reason="a play has a place in its session"),
    "play_without_level": Value("level", b'""', reason="a play has a level"),
    "unknown_level": Value("level", b'"premium"', reason="a play's level is free or paid"),
    "play_of_no_first_name": Value("firstName", b"null", reason="a play's user has a first name"),
    "play_of_no_last_name": Value("lastName", b"null", reason="a play's user has a last name"),
    "length_that_is_none": Value("length", b'"NaN"', reason="the length of a song is a number"),
    "play_without_song": Value("song", b"null", reason="a play has a song"),
    # Values that load as something else, or that no rule forbids.
    "nul_character": Value("firstName", b'"Nul\\u0000la"', fate="published", means=b'"Nul"'),
    "number_for_text": Value("artist", b"112", fate="published", means=b'"112"'),
    "object_for_text": Value("userAgent", b'{"a":1}', fate="published", means=b'"{\\"a\\":1}"'),
    # Lines.
    "broken_json": Line(lambda line: line[:40]),
    "missing_brace": Line(lambda line: line[:-1]),
    "single_quotes": Line(lambda line: line.replace(b'"', b"'")),
    "text_for_object": Line(lambda line: b"<html>503 Slow Down</html>"),
    "array_for_object": Line(lambda line: b"[%s]" % line, reason="Member is not an object"),
    "number_for_object": Line(lambda line: b"12345"),
    "empty_object": Line(lambda line: b"{}", reason="an event has a time"),
    "blank_line": Line(lambda line: b"\n" + line, fate="published"),
    "carriage_return": Line(lambda line: line + b"\r", fate="published"),
    "many_long_keys": Line(
        lambda line: line[:-1] + "".join(f',"{chr(0x1F3B5) * 100}{n}":1' for n in range(30)).encode() + b"}",
        fate="published",
    ),
    "unknown_key": Line(lambda line: line[:-1] + b',"device":"phone"}', fate="published"),
    # Objects.
    "empty_file": Object(lambda content: b"", fate="published"),
    "pretty_printed_file": Object(_pretty, fate="published"),
    "file_without_line_ends": Object(lambda content: content.replace(b"\n", b""), fate="published"),
    "byte_order_mark": Object(lambda content: b"\xef\xbb\xbf" + content, fate="quarantined"),
    "truncated_file": Object(lambda content: content[:-40], fate="quarantined"),
    "gzip_file": Object(lambda content: gzip.compress(content, mtime=0), reason=_TOO_MANY),
    "utf16_file": Object(lambda content: content.decode().encode("utf-16"), reason=_TOO_MANY),
    "html_file": Object(lambda content: b"<html>\n<body>503 Slow Down</body>\n</html>", reason=_TOO_MANY),
    "array_file": Object(lambda content: b"[%s]" % content.replace(b"\n", b",\n"), reason=_TOO_MANY),
    "renamed_key": Object(
        lambda content: _renamed(content, "userId", "uid"), reason="key 'userId' is missing from all"
    ),
    "key_in_another_case": Object(lambda content: _renamed(content, "ts", "TS"), reason="key 'ts' is missing from all"),
    # Songs.
    "song_value_too_long": Value("title", b'"%s"' % (b"y" * 70_000), SONGS, reason=_LENGTH),
    "song_text_for_number": Value("duration", b'"three minutes"', SONGS, reason=_DIGIT),
    "song_without_id": Value("song_id", b"null", SONGS, reason="a song has an id"),
    "song_without_title": Value("title", b"null", SONGS, reason="a song has a title"),
    "song_without_artist": Value("artist_id", b'""', SONGS, reason="a song has an artist"),
    "song_without_duration": Value("duration", b"null", SONGS, reason="a song has a duration"),
    "song_without_artist_name": Value("artist_name", b"null", SONGS, reason="an artist has a name"),
    "song_of_endless_duration": Value("duration", b'"Infinity"', SONGS, reason="a duration is a number"),
    "song_at_no_latitude": Value("artist_latitude", b'"NaN"', SONGS, reason="a latitude is a number"),
    "song_year_overflow": Value("year", b"99999999999", SONGS, reason="Overflow"),
    "song_empty_object": Line(lambda line: b"{}", SONGS, reason="a song has an id"),
    "song_of_nulls": Line(
        lambda line: json.dumps(dict.fromkeys(json.loads(line))).encode(), SONGS, reason="a song has an id"
    ),
    "song_keys_in_another_case": Line(lambda line: _with_keys(line, str.upper), SONGS, reason="a song has an id"),
    "song_id_of_no_text": Value("song_id", b"true", SONGS, fate="published", means=b'"true"'),
    "song_id_of_an_object": Value("song_id", b'{"a":[1]}', SONGS, fate="published", means=b'"{\\"a\\":[1]}"'),
    "song_id_with_nul": Value("song_id", b'"SO\\u0000X"', SONGS, fate="published", means=b'"SO"'),
    "song_id_with_blank": Value("song_id", b'"SOB "', SONGS, fate="published", means=b'"SOB "'),
    "song_that_names_an_object": Line(
        lambda line: line[:-1] + b',"object_key":"song_data/A/A/A/other.json"}', SONGS, fate="published"
    ),
    "song_broken_json": Line(lambda line: line[:40], SONGS),
    "song_array": Line(lambda line: b"[%s]" % line, SONGS, reason="Member is not an object"),
    "song_of_no_length": Value("duration", b"0", SONGS, fate="warned", reason="duration is positive"),
    "song_off_the_globe": Value("artist_latitude", b"91.5", SONGS, fate="warned", reason="latitude is on the globe"),
    "song_empty_file": Object(lambda content: b"", SONGS, fate="published"),
    "song_renamed_key": Object(
        lambda content: _renamed(content, "title", "name"), SONGS, "quarantined", "a song has a title"
    ),
    "song_binary_file": Object(
        lambda content: hashlib.shake_256(content).digest(50_000),  # some 200 lines
        SONGS,
        "quarantined",
        "the record cannot be loaded: Invalid JSON format",
    ),
    # The file that maps keys to columns.
    "jsonpaths_missing": Object(None, JSONPATHS_KEY, reason="does not exist"),
    "jsonpaths_broken": Object(lambda content: content[:-2], JSONPATHS_KEY),
    "jsonpaths_too_short": Object(
        lambda content: content.replace(b"\"$['artist']\",", b""), JSONPATHS_KEY, reason="Number of jsonpaths"
    ),
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


def healthy(folder: Path, bad: Corruption) -> None:
    """Make of a spoiled value what it is published as.

    Args:
        folder: in which `corrupt` has spoiled it.
        bad: what `corrupt` returned.
    """
    kind = KINDS[bad.kind]
    if isinstance(kind, Value) and kind.means and bad.line:
        _replace(folder / bad.key, bad.line, kind.column, kind.means)


def _replace(path: Path, number: int, column: str, token: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    marked = as_lines([{**json.loads(lines[number - 1]), column: _MARK}]).encode()
    lines[number - 1] = marked.replace(json.dumps(_MARK).encode(), token)
    path.write_bytes(b"\n".join(lines))


def _first_play(lines: list[bytes]) -> int:
    """Number the first line with a play in it, or 1 for an object that holds no events."""
    return next((number for number, line in enumerate(lines, 1) if b'"page":"NextSong"' in line), 1)
