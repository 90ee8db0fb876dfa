"""Queries that differ only in the values they compare with: what is known of one is known of all of them."""

from __future__ import annotations

import re

MASK = "\x01"
REMEMBERED = 1000
# A number behind a comparison. Whatever it stands in, other digits there are read in the same way.
NUMBER = re.compile(r"(?:(?<=[=<>])|(?<=[=<>] ))[0-9]+(?![\w.$'\"])")
# With one of these, quotes may be something else than the ends of literals.
DECEPTIVE = re.compile(r'["$\\]|--|/\*')

_verbatim: set[tuple[str, bool]] = set()


def shape(text: str) -> str:
    """Returns a text without the numbers and strings that follow a comparison; nothing if they cannot be told apart."""
    if MASK in text:
        return ""
    if "'" in text:
        if DECEPTIVE.search(text):
            return ""
        parts = text.split("'")
        for at in range(1, len(parts), 2):
            if parts[at - 1].rstrip(" ").endswith(("=", "<", ">")):
                parts[at] = MASK
        text = "'".join(parts)
    return NUMBER.sub(MASK, text)


def is_verbatim(found: str, keep_case: bool) -> bool:
    """Whether PostgreSQL gets queries of this shape as they are."""
    return (found, keep_case) in _verbatim


def remember_verbatim(found: str, keep_case: bool) -> None:
    """Remembers that one query of this shape went to PostgreSQL as it was."""
    if len(_verbatim) >= REMEMBERED:
        _verbatim.clear()
    _verbatim.add((found, keep_case))
