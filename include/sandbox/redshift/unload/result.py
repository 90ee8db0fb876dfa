"""What a query gives: the columns of its result, and its rows, from PostgreSQL's messages."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from include.sandbox.redshift import wire
from include.sandbox.redshift.errors import unsupported

# PostgreSQL's type oids (PostgreSQL: pg_type.dat), and the names that a verbose manifest gives the types.
BOOLEAN, BIGINT, SMALLINT, INTEGER, TEXT, REAL, DOUBLE = 16, 20, 21, 23, 25, 700, 701
CHARACTER, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, TIMETZ, NUMERIC = 1042, 1043, 1082, 1083, 1114, 1184, 1266, 1700
NAMES = {
    BOOLEAN: "boolean", BIGINT: "bigint", SMALLINT: "smallint", INTEGER: "integer", TEXT: "character varying",
    REAL: "real", DOUBLE: "double precision", CHARACTER: "character", VARCHAR: "character varying", DATE: "date",
    TIME: "time without time zone", TIMESTAMP: "timestamp without time zone", TIMESTAMPTZ: "timestamp with time zone",
    TIMETZ: "time with time zone", NUMERIC: "numeric",
}  # fmt: skip
CHARACTERS = {TEXT, CHARACTER, VARCHAR}
NUMBERS = {BIGINT, SMALLINT, INTEGER, REAL, DOUBLE, NUMERIC}
UNKNOWN, NAME = 705, 19
HEADER = 4  # what PostgreSQL adds to the length of a character type

Row = list["str | None"]


@dataclass(frozen=True)
class Field:
    """A column of the result.

    Args:
        name: its name.
        type: the oid of its type.
        modifier: PostgreSQL's type modifier; -1 for none.
    """

    name: str
    type: int
    modifier: int

    @property
    def length(self) -> int:
        """Bytes of a character type; 65535 when it has no length of its own."""
        return self.modifier - HEADER if self.modifier >= HEADER else 65535

    @property
    def precision(self) -> tuple[int, int] | None:
        """Precision and scale of a NUMERIC; None when it has none of its own."""
        if self.modifier < HEADER:
            return None
        return (self.modifier - HEADER) >> 16, (self.modifier - HEADER) & 2047


def fields_of(body: bytes) -> list[Field]:
    """Returns the columns that a RowDescription message tells.

    Raises:
        RedshiftError: a column has a type that Redshift does not have.
    """
    (count,) = struct.unpack_from("!H", body)
    rest, found = body[2:], list[Field]()
    for _ in range(count):
        (name,), rest = wire.strings(rest, 1)
        _, _, kind, _, modifier, _ = struct.unpack_from("!IHIhih", rest)
        rest = rest[18:]
        kind = TEXT if kind in (UNKNOWN, NAME) else kind
        if kind not in NAMES:
            raise unsupported(f'UNLOAD of the type of column "{name}"', hint="cast it to VARCHAR")
        found.append(Field(name, kind, modifier))
    return found


def rows_of(bodies: list[bytes]) -> list[Row]:
    """Returns the values of DataRow messages."""
    return [wire.row_of(body) for body in bodies]
