"""Which rows ACCEPTINVCHARS has changed: the first hundred of a load (AWS: r_STL_REPLACEMENTS)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.convert import Column
from include.sandbox.redshift.copy.fields import raw
from include.sandbox.redshift.copy.json_reader import Record
from include.sandbox.redshift.copy.log import FileRead, Replacement, shown
from include.sandbox.redshift.copy.rows import Rows
from include.sandbox.redshift.copy.text_reader import TextRecord
from include.sandbox.redshift.copy.text_rows import TextRows

KEPT = 100  # rows a slice; the sandbox has one
INVALID = re.compile("[\ud800-\udfff]")  # what is not UTF-8 is read as lone surrogates


class Replacements:
    """Keeps where one COPY has replaced characters, with the file that it was in."""

    def __init__(self) -> None:
        self._kept = 0

    def note(self, file: FileRead, record: Record | TextRecord, values: Iterable[tuple[Column, Any]]) -> None:
        """Keeps the first column of a loaded row in which characters were replaced, if there is any."""
        if self._kept == KEPT:
            return
        for column, value in values:
            if column.type == "varchar" and value is not None and INVALID.search(_text(value)):
                file.replacements.append(Replacement(file.file, record.line, column.name, shown(record.text)))
                self._kept += 1
                return


class ReplacingRows(Rows):
    """The rows of a COPY of JSON with ACCEPTINVCHARS, which keeps where it replaced."""

    def __init__(self, command: CopyCommand, columns: list[Column], paths: list[list[str | int]] | None) -> None:
        super().__init__(command, columns, paths)
        self.replacements = Replacements()

    def _line(self, record: Record, file: FileRead) -> bytes:
        line = super()._line(record, file)
        if line:
            values = (extract(record.value) for extract in self._extract)
            self.replacements.note(file, record, zip(self._columns, values, strict=True))
        return line


class ReplacingTextRows(TextRows):
    """The rows of a COPY of delimited text with ACCEPTINVCHARS, which keeps where it replaced."""

    def __init__(self, command: CopyCommand, columns: list[Column]) -> None:
        super().__init__(command, columns)
        self.replacements = Replacements()

    def _line(self, record: TextRecord, file: FileRead) -> bytes:
        line = super()._line(record, file)
        if line and isinstance(record.fields, list):
            self.replacements.note(file, record, zip(self._columns, record.fields))  # noqa: B905 - FILLRECORD
        return line


def _text(value: Any) -> str:
    return value if isinstance(value, str) else raw(value)
