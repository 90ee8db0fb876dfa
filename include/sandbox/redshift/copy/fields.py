"""What readers and converters share: raw numbers, the error of one field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# What no text in PostgreSQL can hold; STL_LOAD_ERRORS has a dot in its place.
UNTOLD = re.compile("[\0\ud800-\udfff]")

Converter = Callable[[Any], "str | None"]


class Number(str):
    """A JSON number as it was written: VARCHAR columns get it unchanged."""

    __slots__ = ()


class FieldError(Exception):
    """A value does not fit its column.

    Args:
        code: Redshift's load error code (AWS: r_Load_Error_Reference).
        reason: the text for `err_reason`, with a dot for what PostgreSQL cannot hold.
        position: offset in the value.
    """

    def __init__(self, code: int, reason: str, position: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = UNTOLD.sub(".", reason)
        self.position = position


def raw(value: Any) -> str:
    """Returns the text of a JSON value: booleans as true and false, objects and arrays as compact JSON.

    How Redshift spaces the JSON text of nested values is not documented in full; white space between members goes.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{member(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(member, value)) + "]"
    return str(value)


def member(value: Any) -> str:
    """Returns a JSON value as JSON text, strings with their quotation marks."""
    if value is None:
        return "null"
    return _quoted(value) if isinstance(value, str) and not isinstance(value, Number) else raw(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
