"""A day's object with more bad records than a run goes on with."""

from __future__ import annotations

import json
from typing import Any

MANY = 11  # more than are put up with however small their object is


def unloadable(ts: int, **odd: Any) -> bytes:
    """One healthy event, and after it records whose time is no number.

    Args:
        ts: the event's time, in milliseconds from 1970-01-01T00:00:00Z.
        odd: what else the bad records hold.
    """
    event = {"ts": ts, "page": "Home", "userId": "", "level": "free", "sessionId": 1, "itemInSession": 0}
    return "\n".join(map(json.dumps, [event, *[{**event, "ts": "soon", **odd}] * MANY])).encode()
