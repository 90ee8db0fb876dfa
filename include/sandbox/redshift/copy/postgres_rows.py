"""Rows as they are handed to PostgreSQL's COPY: CSV in JSON's way of quoting, so that a JSON encoder writes them.

A row is encoded as a JSON array and loses its brackets. Where JSON escapes more than quotation marks, which alone CSV
leaves as they are, the characters themselves take the place of the escapes (PostgreSQL: sql-copy, CSV Format).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from include.sandbox.redshift.copy.convert import INTEGERS, Column
from include.sandbox.redshift.sql.identifiers import quote

# NULL is `null`; in columns of these types also in quotes, since no value of theirs is written so.
NEVER_TEXT = {*INTEGERS, "numeric", "float4", "float8", "bool"}
ENCODER = msgspec.json.Encoder(enc_hook=str)  # Number
# An escape sequence that CSV does not know, or the backslash that may be one's beginning.
UNKNOWN = re.compile(rb'\\[^"]')
ESCAPE = re.compile(rb"\\(?:u00(..)|(.))")
CHARACTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def statement(table: str, columns: Sequence[Column]) -> str:
    """Returns PostgreSQL's COPY statement for the rows.

    Args:
        table: the target's name, quoted where it has to be.
        columns: the columns that they fill, in order.
    """
    names = ", ".join(quote(column.name) for column in columns)
    in_quotes = ", ".join(quote(column.name) for column in columns if column.type in NEVER_TEXT)
    forced = f", FORCE_NULL ({in_quotes})" if in_quotes else ""
    return f"COPY {table} ({names}) FROM STDIN (FORMAT csv, ESCAPE E'\\\\', NULL 'null'{forced})"


def encoded(rows: Iterable[Sequence[Any]]) -> bytes:
    """Returns rows of strings, numbers and nulls as the statement takes them."""
    return joined(arrays(rows))


def arrays(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Returns each row as a JSON array."""
    return ENCODER.encode_lines(rows).split(b"\n")[:-1]


def joined(rows: list[bytes]) -> bytes:
    """Returns arrays as the statement takes them."""
    lines = b"".join([row[1:-1] + b"\n" for row in rows])
    return lines if UNKNOWN.search(lines) is None else ESCAPE.sub(_character, lines)


def _character(escape: re.Match[bytes]) -> bytes:
    code, letter = escape.groups()
    if code:
        return bytes.fromhex(code.decode())
    return CHARACTERS.get(letter, escape[0])
