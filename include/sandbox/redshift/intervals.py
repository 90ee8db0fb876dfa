"""Interval parameters in binary, as Amazon's driver sends them (redshift_connector: interval_send_integer).

They are the twelve bytes of PostgreSQL 8.0, microseconds and months; today's has the days in between. What goes the
other way is done by `catalog/03_intervals.sql`.
"""

from __future__ import annotations

import struct

INTERVAL, OLD_LENGTH = 1186, 12


def widened(values: bytes, intervals: frozenset[int]) -> bytes:
    """Returns the end of a Bind message's body with its old intervals as PostgreSQL reads them.

    Args:
        values: formats, values and the formats of the result.
        intervals: the places of the parameters that are intervals.
    """
    if not intervals:
        return values
    try:
        (given,) = struct.unpack_from("!H", values)
        formats = struct.unpack_from(f"!{given}H", values, 2)
        at = 2 + 2 * given
        (count,) = struct.unpack_from("!H", values, at)
        at += 2
        parts = [values[:at]]
        for place in range(count):
            (length,) = struct.unpack_from("!i", values, at)
            value = values[at : at + 4 + max(length, 0)]
            at += len(value)
            binary = formats and formats[place if given > 1 else 0]
            if binary and place in intervals and length == OLD_LENGTH:
                value = struct.pack("!i", OLD_LENGTH + 4) + value[4:12] + bytes(4) + value[12:]
            parts.append(value)
        return b"".join([*parts, values[at:]])
    except (struct.error, IndexError):
        return values  # PostgreSQL says what is wrong with it
