"""SUPER: JSON values kept as they are structured (AWS: ingest-super, limitations-super)."""

from __future__ import annotations

from typing import Any

from include.sandbox.redshift.copy.fields import FieldError, Number, member
from include.sandbox.redshift.copy.json_reader import SCAN

LONGEST_STRING = 65535


def document(value: Any) -> str | None:
    """Returns a value of a JSON record as a SUPER column takes it; null is NULL, as in every column.

    Raises:
        FieldError: a string in it is too long, or is not UTF-8.
    """
    if value is None:
        return None
    text = member(value)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise FieldError(1220, "String contains invalid or unsupported UTF-8 codepoints.", error.start) from None
    if size > LONGEST_STRING:
        _check(value)
    return text


def parsed(text: str | None) -> str | None:
    """Returns a field of a text file, which holds a SUPER value as JSON; an empty one is NULL.

    Raises:
        FieldError: it is no JSON (1224; AWS: r_Load_Error_Reference), or no SUPER.
    """
    if text is None or not (text := text.strip(" \t\r\n")):
        return None
    try:
        value, end = SCAN(text, 0)
    except (ValueError, RecursionError):
        value, end = None, -1
    if end != len(text):
        raise FieldError(1224, "Invalid JSON for a SUPER column")
    return document(value)


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, str) and not isinstance(value, Number) and len(value.encode()) > LONGEST_STRING:
        raise FieldError(1204, "String length exceeds the 65535 bytes of a string in SUPER")
