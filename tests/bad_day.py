"""Bad input for tests: a day's object that no run goes on with, and what is left of what one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from include.sandbox.sample.corrupt import KINDS, SONGS, Corruption, Object, healthy

MANY = 11  # more than are put up with however small their object is


def unloadable(ts: int, **odd: Any) -> bytes:
    """One healthy event, and after it records whose time is no number.

    Args:
        ts: the event's time, in milliseconds from 1970-01-01T00:00:00Z.
        odd: what else the bad records hold.
    """
    event = {"ts": ts, "page": "Home", "userId": "", "level": "free", "sessionId": 1, "itemInSession": 0}
    return "\n".join(map(json.dumps, [event, *[{**event, "ts": "soon", **odd}] * MANY])).encode()


def publishable(spoiled: Path, original: Path, bad: Corruption) -> None:
    """Make of a spoiled folder what must be published of it, so that plain Python can read it.

    Args:
        spoiled: in which `corrupt` has spoiled an object, not to the worst.
        original: the folder as it was.
        bad: what `corrupt` returned.
    """
    kind, path = KINDS[bad.kind], spoiled / bad.key
    lines = path.read_bytes().split(b"\n")
    if kind.glob == SONGS and (kind.fate == "quarantined" or not path.read_bytes()):
        path.unlink()
    elif isinstance(kind, Object) and path.read_bytes():
        whole = (original / bad.key).read_bytes().split(b"\n")
        path.write_bytes(b"\n".join(whole[:-1] if bad.kind == "truncated_file" else whole))
    elif kind.fate == "quarantined" and bad.line:
        path.write_bytes(b"\n".join([*lines[: bad.line - 1], *lines[bad.line :]]))
    else:
        path.write_bytes(b"\n".join(filter(None, lines)))
        healthy(spoiled, bad)
