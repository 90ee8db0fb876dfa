"""JSONPaths files: which part of a record goes into which column (AWS: copy-parameters-data-format)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from include.sandbox.redshift.copy.fields import FieldError
from include.sandbox.redshift.copy.json_file import MalformedError, read, shown
from include.sandbox.redshift.errors import RedshiftError

BRACKET = re.compile(r"\[(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([0-9]{1,9}))\]")
DOT = re.compile(r"\.([^.'\[\]\s*]+)|\[([0-9]{1,9})\]")
NOT_AN_OBJECT = "Invalid JSONPath format: Member is not an object."
OUT_OF_RANGE = "Invalid JSONPath format: Not an array or index out of range."

Extract = Callable[[Any], Any]


def paths_of(text: str, name: str) -> list[list[str | int]] | None:
    """Reads a JSONPaths file.

    Args:
        text: its content.
        name: its S3 URL, for messages.

    Returns:
        One path per column; None when the file's key is not `jsonpaths`, which makes COPY use 'auto'.

    Raises:
        RedshiftError: the file is malformed; MAXERROR does not cover that.
    """
    try:
        content = read(text)
    except MalformedError as error:
        raise RedshiftError(f"Invalid JSONPaths file {name}: it must hold exactly one JSON object ({error})") from None
    if not isinstance(content, dict):
        raise RedshiftError(f"Invalid JSONPaths file {name}: it must hold exactly one JSON object")
    if "jsonpaths" not in content:
        return None
    paths = content["jsonpaths"]
    if not isinstance(paths, list) or not paths:
        raise RedshiftError(f"Invalid JSONPaths file {name}: 'jsonpaths' must be an array of expressions")
    styles = set[str]()
    steps = [_steps(path, name, styles) for path in paths]
    if len(styles) > 1:
        raise RedshiftError(f"Invalid JSONPaths file {name}: bracket and dot notation cannot be mixed")
    return steps


def _steps(path: Any, name: str, styles: set[str]) -> list[str | int]:
    if not isinstance(path, str) or not path.startswith("$") or path == "$":
        raise RedshiftError(f"Invalid JSONPath format in {name}: {shown(path)} is not a path such as $['name']")
    bracket = (path[1:2] == "[" and not path[2:3].isdigit()) or "['" in path or '["' in path
    if "." in path and not bracket:
        styles.add("dot")
    elif bracket:
        styles.add("bracket")
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = (BRACKET if bracket else DOT).match(path, at)
        if step is None:
            raise RedshiftError(f"Invalid JSONPath format in {name}: {shown(path)} at character {at + 1}")
        index = step[step.lastindex or 0] if step[0].startswith("[") and step[0][1:2].isdigit() else None
        found.append(int(index) if index else re.sub(r"\\(.)", r"\1", step[step.lastindex or 0]))
        at = step.end()
    return found


def extractor(path: list[str | int]) -> Extract:
    """Returns what takes a path's value out of a record: None for a missing member; it raises FieldError."""
    if len(path) == 1 and isinstance(path[0], str):
        key = path[0]

        def member(record: Any) -> Any:
            if not isinstance(record, dict):
                raise FieldError(1216, NOT_AN_OBJECT)
            return record.get(key)

        return member

    def walk(record: Any) -> Any:
        for step in path:
            if isinstance(step, int):
                if not isinstance(record, list) or step >= len(record):
                    raise FieldError(1216, OUT_OF_RANGE)
                record = record[step]
            else:
                if record is None:
                    return None
                if not isinstance(record, dict):
                    raise FieldError(1216, NOT_AN_OBJECT)
                record = record.get(step)
        return record

    return walk
