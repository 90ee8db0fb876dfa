"""Rows as lines of delimited text, CSV or JSON (AWS: r_UNLOAD)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.unload.command import UnloadCommand
from include.sandbox.redshift.unload.result import CHARACTERS, NUMBERS, Field, Row

Cell = Callable[["str | None"], str]
NO_NUMBERS = {"NaN", "Infinity", "-Infinity"}


class Lines:
    """Writes the rows of one UNLOAD.

    Args:
        command: the UNLOAD.
        fields: the columns that stand in the files.

    Raises:
        RedshiftError: JSON's members would have the same name.
    """

    def __init__(self, command: UnloadCommand, fields: list[Field]) -> None:
        self._fields = fields
        if command.format == "json":
            self._cells = _members(fields)
            self._begin, self._between, self._end = "{", ",", "}\n"
        else:
            self._cells = [_cell(command, characters=field.type in CHARACTERS) for field in fields]
            self._begin, self._between, self._end = "", command.delimiter, "\n"
        self._names = [_cell(command, characters=True)(field.name) for field in fields]
        self._header = command.header

    def header(self) -> bytes:
        """Returns the line that each file begins with, or nothing."""
        return (self._between.join(self._names) + "\n").encode() if self._header else b""

    def line(self, row: Row) -> bytes:
        """Returns a row's line."""
        cells = self._between.join([cell(value) for cell, value in zip(self._cells, row, strict=True)])
        return f"{self._begin}{cells}{self._end}".encode()


def _cell(command: UnloadCommand, *, characters: bool) -> Cell:
    null, mark = command.null, '"' if command.add_quotes else ""
    if command.format == "csv":
        special = re.compile(f'[{re.escape(command.delimiter)}"\n\r]')

        def quoted(value: str | None) -> str:
            text = null if value is None else value
            return '"' + text.replace('"', '""') + '"' if special.search(text) else text

        return quoted
    # AWS: r_UNLOAD, ESCAPE: of character columns, quotation marks only together with ADDQUOTES.
    marks = "\"'" if command.add_quotes else ""
    special = re.compile(f"[\n\r\\\\{re.escape(command.delimiter)}{marks}]")
    escaped = special if command.escape and characters else None

    def plain(value: str | None) -> str:
        if value is None:
            return f"{mark}{null}{mark}"
        return f"{mark}{escaped.sub(_backslash, value) if escaped else value}{mark}"

    return plain


def _backslash(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _members(fields: list[Field]) -> list[Cell]:
    names = [field.name for field in fields]
    if len(set(names)) < len(names):
        # AWS: r_UNLOAD: to create valid JSON, the name of each column must be unique.
        raise RedshiftError("UNLOAD to JSON needs a name of its own for each column", "42701")
    return [_member(json.dumps(field.name, ensure_ascii=False), number=field.type in NUMBERS) for field in fields]


def _member(name: str, *, number: bool) -> Cell:
    def member(value: str | None) -> str:
        if value is None:
            return f"{name}:null"
        # Booleans are t and f (AWS: r_UNLOAD), as strings here: without quotation marks they would be no JSON.
        bare = number and value not in NO_NUMBERS
        return f"{name}:{value if bare else json.dumps(value, ensure_ascii=False)}"

    return member
