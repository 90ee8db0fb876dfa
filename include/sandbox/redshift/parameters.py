"""The types that a Parse message declares for its parameters: those that Redshift or the sandbox lacks are refused."""

from __future__ import annotations

import struct

from include.sandbox.redshift.errors import unsupported

# Redshift's own (AWS: r_interval_data_types; the numbers: redshift_connector, oids.py).
MISSING = {1188: "interval year to month", 1190: "interval day to second"}
# PostgreSQL's own, which drivers adapt values to (AWS: c_unsupported-postgresql-datatypes; the numbers: pg_type.dat).
FOREIGN = {
    17: "bytea", 114: "json", 142: "xml", 650: "cidr", 790: "money", 829: "macaddr", 869: "inet", 2950: "uuid",
    3802: "jsonb", 3904: "int4range", 3906: "numrange", 3908: "tsrange", 3910: "tstzrange", 3912: "daterange",
    3926: "int8range",
}  # fmt: skip


def parameter_types(types: bytes) -> list[int]:
    """Returns the numbers of the types, 0 where one is left to the server.

    Args:
        types: the end of a Parse message's body: how many types, and the number of each.

    Raises:
        RedshiftError: a parameter is of a type that Redshift or the sandbox has not.
    """
    if len(types) < 6:
        return []
    numbers = [number for (number,) in struct.iter_unpack("!I", types[2 : len(types) - (len(types) - 2) % 4])]
    for number in numbers:
        if number in MISSING:
            raise unsupported(f"type {MISSING[number]} in the sandbox")
        if number in FOREIGN:
            raise unsupported(f"type {FOREIGN[number]}", hint="pass the value as text, or cast it")
    return numbers
