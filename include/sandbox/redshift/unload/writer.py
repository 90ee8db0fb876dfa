"""Distributes the rows of an UNLOAD over its files (AWS: r_UNLOAD, PARTITION BY and MAXFILESIZE)."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.unload.command import UnloadCommand
from include.sandbox.redshift.unload.files import Files
from include.sandbox.redshift.unload.lines import Lines
from include.sandbox.redshift.unload.parts import Part, TextPart
from include.sandbox.redshift.unload.result import TIME, TIMESTAMPTZ, TIMETZ, Field, Row

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
# What Apache Hive escapes in the names of partition folders.
ESCAPED = {chr(code) for code in range(32)} | set("\"#%'*/:=?\\{[]^\x7f")


class Writer:
    """Writes the rows of one UNLOAD, which come partition by partition.

    Args:
        command: the UNLOAD.
        files: where they go.
        fields: the columns of the query's result.

    Raises:
        RedshiftError: a partition column is not in the result, or nothing else is.
    """

    def __init__(self, command: UnloadCommand, files: Files, fields: list[Field]) -> None:
        self._command = command
        self._files = files
        self._fields = fields
        self._keys = _keys(command, fields)
        self._kept = [at for at in range(len(fields)) if command.include or at not in self._keys]
        if not self._kept:
            raise RedshiftError("UNLOAD … PARTITION BY must leave at least one column for the files", "42601")
        self._lines = Lines(command, [fields[at] for at in self._kept])
        self._folder = ""
        self._part: Part | None = None
        self.rows = 0

    def add(self, rows: list[Row]) -> None:
        """Writes rows.

        Raises:
            RedshiftError: S3 refuses a file.
        """
        for row in rows:
            if self._keys:
                self._enter("".join(f"{self._fields[at].name}={_value(row[at])}/" for at in self._keys))
            kept = [row[at] for at in self._kept] if self._keys else row
            if not self._opened().add(kept):
                self._close()
                self._opened().add(kept)
        self.rows += len(rows)

    def _enter(self, folder: str) -> None:
        if folder != self._folder:
            self._close()
            self._folder = folder
            if self._command.clean:
                self._files.clear(folder)

    def _opened(self) -> Part:
        if self._part is None:
            self._part = self._new()
        return self._part

    def _new(self) -> Part:
        if self._command.format != "parquet":
            return TextPart(self._lines, self._command.compression, self._command.largest)
        # Only then: pyarrow takes a second and 50 MB.
        from include.sandbox.redshift.unload.parquet_part import ParquetPart

        return ParquetPart([self._fields[at] for at in self._kept], self._command.largest)

    def _close(self) -> None:
        if self._part is not None:
            self._part.finish()
            self._files.send(self._folder, self._part)
            self._part = None

    def finish(self) -> None:
        """Ends the last file, and writes the manifest.

        Raises:
            RedshiftError: S3 refuses one.
        """
        # AWS: r_UNLOAD: an empty result may be an empty file, but is none in JSON.
        if not self.rows and not self._keys and self._command.format != "json":
            self._opened()
        self._close()
        self._files.manifest([self._fields[at] for at in self._kept])

    def abandon(self) -> None:
        """Gives up the file that is open; those that were sent stay, as on Redshift."""
        if self._part is not None:
            self._part.file.close()


def _keys(command: UnloadCommand, fields: list[Field]) -> list[int]:
    names = [field.name for field in fields]
    for name in command.partition:
        if name not in names:
            raise RedshiftError(f'PARTITION BY names "{name}", which is no column of the query', "42703")
        if fields[names.index(name)].type in (TIME, TIMETZ, TIMESTAMPTZ):
            raise unsupported(f'PARTITION BY a column of the type of "{name}"')
    return [names.index(name) for name in command.partition]


def _value(value: str | None) -> str:
    if value is None:
        return NULL_PARTITION
    return "".join(f"%{ord(c):02X}" if c in ESCAPED else c for c in value)
