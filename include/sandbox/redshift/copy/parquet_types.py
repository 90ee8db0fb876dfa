"""Which Parquet types load into which column types, and their text (AWS: copy-usage_notes-copy-from-columnar).

The page gives no table of types. The rules are those of the scan errors that clients report (code 15007, "has an
incompatible Parquet schema for column"): the physical type of the file must be the column's own, so that INT64 does not
load into INTEGER nor DOUBLE into DECIMAL. Everything else is refused, by name.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from include.sandbox.redshift.copy.convert import Column
from include.sandbox.redshift.copy.fields import Number
from include.sandbox.redshift.errors import RedshiftError, detail_block, unsupported

INTEGERS = {"int2": "INT32", "int4": "INT32", "int8": "INT64"}
OTHERS = {
    "float4": {"FLOAT"}, "float8": {"DOUBLE"}, "bool": {"BOOLEAN"}, "date": {"INT32"}, "timestamp": {"INT64", "INT96"},
    "timestamptz": {"INT64", "INT96"}, "varchar": {"BYTE_ARRAY"}, "bpchar": {"BYTE_ARRAY"}, "text": {"BYTE_ARRAY"},
    "numeric": {"FIXED_LEN_BYTE_ARRAY", "BYTE_ARRAY", "INT32", "INT64"},
}  # fmt: skip
CHARACTERS = {"varchar", "bpchar", "text"}


def scan_error(context: str, code: int = 15001) -> RedshiftError:
    """Returns the error for a columnar file, which goes to the client and not to STL_LOAD_ERRORS."""
    return RedshiftError("Spectrum Scan Error", detail=detail_block("Spectrum Scan Error", code, context, 0))


def check(file: str, column: Column, stored: parquet.ColumnSchema, kind: pa.DataType) -> None:
    """Checks that a column of a file loads into a column of the table.

    Args:
        file: S3 URL of the file.
        column: the table's column.
        stored: the file's column.
        kind: the Arrow type that it is read as.

    Raises:
        RedshiftError: it does not.
    """
    if column.type in ("time", "timetz"):
        raise unsupported(f'COPY of Parquet into the {column.type.upper()} column "{column.name}"')
    if not _fits(column, stored, kind):
        shown = f"{column.type}({column.shown_length})" if column.length else column.type
        raise scan_error(
            f"File '{file}' has an incompatible Parquet schema for column '{file}.{column.name}'. "
            f"Column type: {shown.upper()}, Parquet schema: {stored.physical_type.lower()} {stored.name} "
            f"({kind})",
            15007,
        )


def _fits(column: Column, stored: parquet.ColumnSchema, kind: pa.DataType) -> bool:
    physical = stored.physical_type
    if column.type in INTEGERS:
        return bool(physical == INTEGERS[column.type] and pa.types.is_signed_integer(kind))
    if physical not in OTHERS.get(column.type, ()):
        return False
    if column.type == "numeric":
        return bool(pa.types.is_decimal(kind)) and _same_decimal(column, stored, kind)
    if column.type == "date":
        return bool(pa.types.is_date32(kind))
    if column.type in ("timestamp", "timestamptz"):
        return bool(pa.types.is_timestamp(kind))
    return not bool(pa.types.is_decimal(kind))


def _same_decimal(column: Column, stored: parquet.ColumnSchema, kind: Any) -> bool:
    """A decimal of another scale, or of another length in bytes ("invalid type length"), does not load."""
    if kind.scale != column.scale:
        return False
    return bool(stored.physical_type != "FIXED_LEN_BYTE_ARRAY" or stored.length == _bytes(column.length))


def _bytes(precision: int) -> int:
    """Returns the bytes that a decimal of a precision takes."""
    return (int(10**precision - 1).bit_length() + 8) // 8


def text_of(values: Any, column: Column) -> list[Any]:
    """Returns the values of an Arrow array as text, None for NULL; bytes that are not UTF-8 as lone surrogates."""
    if column.type in CHARACTERS:
        return [
            None if value is None else value.decode("utf-8", "surrogateescape")
            for value in values.cast(pa.binary()).to_pylist()
        ]
    if column.type == "super":
        return [_plain(value) for value in values.to_pylist()]
    if column.type == "bool":
        return [None if value is None else "t" if value else "f" for value in values.to_pylist()]
    if column.type in ("timestamp", "timestamptz"):
        # Nanoseconds are INT96's; what is finer than a microsecond goes. The zone is UTC in the file.
        plain = values.cast(pa.timestamp("us"), safe=False).cast(pa.string()).to_pylist()
        return plain if column.type == "timestamp" else [value and f"{value}+00" for value in plain]
    return list(values.cast(pa.string()).to_pylist())


def _plain(value: Any) -> Any:
    """Returns a value of a Parquet column as JSON has it: numbers as they are written, all else as text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise scan_error(f"{value} is no JSON number")
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Number(value)
    return value if value is None or isinstance(value, (bool, str)) else str(value)
