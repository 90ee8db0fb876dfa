"""A Parquet file of an UNLOAD (AWS: r_UNLOAD, FORMAT AS PARQUET)."""

from __future__ import annotations

import tempfile
from typing import IO, Any

import pyarrow as pa
from pyarrow import parquet

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.unload import result
from include.sandbox.redshift.unload.result import Field, Row

# AWS: r_UNLOAD: row groups of 32 MB, to a multiple of which MAXFILESIZE is rounded down.
GROUP = 32 << 20
ROWS = 1000
TYPES = {
    result.BOOLEAN: pa.bool_(), result.SMALLINT: pa.int16(), result.INTEGER: pa.int32(), result.BIGINT: pa.int64(),
    result.REAL: pa.float32(), result.DOUBLE: pa.float64(), result.DATE: pa.date32(),
    result.TIMESTAMP: pa.timestamp("us"), result.TIMESTAMPTZ: pa.timestamp("us"),
} | dict.fromkeys(result.CHARACTERS, pa.string())  # fmt: skip


class ParquetPart:
    """A Parquet file being written.

    Args:
        fields: its columns.
        largest: bytes that the file may have, about.

    Raises:
        RedshiftError: a column has no Parquet type.
    """

    def __init__(self, fields: list[Field], largest: int) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
        self.records = 0
        self._fields = fields
        self._largest = max(GROUP, largest - largest % GROUP)
        self._schema = pa.schema([pa.field(field.name, _type(field)) for field in fields])
        self._writer = parquet.ParquetWriter(
            self.file, self._schema, compression="snappy", version="1.0", store_schema=False
        )
        self._rows: list[Row] = []
        self._batches: list[Any] = []
        self._size = 0

    def add(self, row: Row) -> bool:
        """Writes a row unless the file is full."""
        if self.file.tell() >= self._largest:
            return False
        self._rows.append(row)
        self.records += 1
        if len(self._rows) == ROWS:
            self._convert()
            if self._size >= GROUP:
                self._write()
        return True

    def _convert(self) -> None:
        """Makes the rows' text compact."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._fields)
        arrays = [_array(values, field) for values, field in zip(columns, self._fields, strict=True)]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._rows.clear()
        self._batches.append(batch)
        self._size += batch.nbytes

    def _write(self) -> None:
        table = pa.Table.from_batches(self._batches, self._schema)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._batches.clear()
        self._size = 0

    def finish(self) -> None:
        """Ends the file."""
        self._convert()
        self._write()
        self._writer.close()


def _type(field: Field) -> Any:
    if field.type == result.NUMERIC:
        if field.precision is None:
            raise unsupported(
                f'UNLOAD to Parquet of the NUMERIC column "{field.name}" without a precision',
                hint="cast it to DECIMAL(p, s)",
            )
        return pa.decimal128(*field.precision)
    if field.type not in TYPES:
        raise unsupported(f'UNLOAD to Parquet of column "{field.name}", {result.NAMES[field.type]},')
    return TYPES[field.type]


def _array(values: Any, field: Field) -> Any:
    kind = _type(field)
    if field.type == result.BOOLEAN:
        return pa.array([None if value is None else value == "t" for value in values], kind)
    text = pa.array(values, pa.string())
    try:
        if field.type == result.TIMESTAMPTZ:
            # AWS: r_UNLOAD: of TIMESTAMPTZ only the timestamp is unloaded.
            return text.cast(pa.timestamp("us", "UTC")).cast(kind)
        return text.cast(kind)
    except pa.ArrowInvalid as error:
        raise RedshiftError(f'column "{field.name}" has a value that Parquet cannot hold: {error}', "22000") from None
