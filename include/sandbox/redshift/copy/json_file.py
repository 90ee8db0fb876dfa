"""A file of S3 that must hold exactly one JSON document: a manifest, a JSONPaths file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

# More digits are no number that anything here is counted in, and Python refuses to read thousands of them.
MOST_DIGITS = 30
SURROGATE = re.compile("[\ud800-\udfff]")
SHOWN = 100  # characters of a value in a message


class MalformedError(Exception):
    """What is wrong with a file, as the client is to read it."""


def read(text: str) -> Any:
    """Returns the value of a JSON document.

    Args:
        text: the file's content.

    Raises:
        MalformedError: it is no JSON (RFC 8259), has a key twice in one object, or a string that is no Unicode text.
    """
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedError(f"no JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise MalformedError("nested too deeply") from None
    if (half := _half_a_pair(value)) is not None:
        raise MalformedError(f"half a surrogate pair in {shown(half)}")
    return value


def shown(value: Any) -> str:
    """Returns a value as it stands in JSON, shortened."""
    try:
        text = json.dumps(value)
    except RecursionError:
        text = "nested too deeply to be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict[str, Any]()
    for key, value in pairs:
        if key in found:
            raise MalformedError(f"the key {shown(key)} is there twice")
        found[key] = value
    return found


def _half_a_pair(value: Any) -> str | None:
    """Returns a string with half a surrogate pair, which JSON can write as an escape and which is no character."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found
        elif isinstance(found, str) and SURROGATE.search(found):
            return found
    return None


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= MOST_DIGITS else float(text)


def _constant(name: str) -> Any:
    raise MalformedError(f"{name} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
