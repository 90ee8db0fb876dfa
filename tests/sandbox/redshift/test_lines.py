"""Many records at once give what each gives by itself: the same rows, the same errors, wherever a batch ends."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.authorization import Authorization
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.convert import Column, Conversion
from include.sandbox.redshift.copy.manifest import Source
from include.sandbox.redshift.copy.rows import LimitReachedError, Rows
from include.sandbox.redshift.copy.sources import Opened

NAMES = ["a", "b", "c"]
KINDS = [
    ("varchar", 5, 0), ("varchar", 1, 0), ("varchar", 65535, 0), ("bpchar", 4, 0), ("int2", 0, 0), ("int4", 0, 0),
    ("int8", 0, 0), ("numeric", 18, 0), ("numeric", 6, 3), ("numeric", 3, 3), ("float4", 0, 0), ("float8", 0, 0),
    ("bool", 0, 0), ("timestamp", 0, 0), ("date", 0, 0), ("time", 0, 0),
]  # fmt: skip
COLUMNS = st.sampled_from(KINDS)
# As they are written: each is the ordinary or the odd value of some type.
WRITTEN = [
    "null", '""', '" "', '"a"', '"abcde"', '"abcdef"', '"ab "', '"é"', '"ééé"', '"a\\tb"', '"\\\\N"',
    '"\\\\"', '"\\""', '"\\/"', '"a\\nb"', '"\\u0000"', '"a\\u0000b"', '"\\u0000b"', '"\\u00e9"',
    '"\\ud83d\\ude00"', '"\\ud800"', '"null"', '"\\\\n"', '"\\\\."', "0", "-0", "-0.0", "0.0", "10.0",
    "-10.0", "1.5", "1.50", "007", "1e2", "1E400", "12345", "32768", "2147483648", "9223372036854775808",
    "-9223372036854775808", "1541022995796.0", "0.1234", "123.456", "1234.5", "1234567890123456789012",
    '"12"', '"-12"', '"+12"', '" 12 "', '"12.0"', '"007"', '"1e2"', '"x"', '"t"', '"1_0"', '"٣"', "true",
    "false", '"TRUE"', '"2018-11-01"', '"2018-11-01 10:00:00"', '"10:00"', "[]", "[1, 2.50]", '{"x": "y"}',
    "nul", "NaN", '"open', "1.", "\x01", '"\x02"', "1e-400",
    "1e300", "1e-60", "4e38", '"1e39"', "3.4e38", "0.0e400", '"nan"', '"inf"', '"\uff11"', "1" * 400, "1" * 5000,
]  # fmt: skip
VALUES = st.sampled_from(WRITTEN) | (
    st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
).flatmap(lambda value: st.booleans().map(lambda escaped: json.dumps(value, ensure_ascii=escaped)))
MEMBERS = st.lists(st.tuples(st.sampled_from([*NAMES, "A", "z", "\\u0061"]), VALUES), max_size=5)
OBJECTS = MEMBERS.map(lambda members: "{" + ",".join(f'"{key}": {value}' for key, value in members) + "}")
RECORDS = st.one_of(
    OBJECTS, OBJECTS, OBJECTS, OBJECTS,
    st.sampled_from(["", " ", "[1]", "[]", "x", "{}{}", '{"a":\n1}', '{"a":"open', ",", "}", '{"a":1} {"a":2}', "1"]),
)  # fmt: skip
CONVERSIONS = st.builds(
    Conversion, truncate=st.booleans(), replacement=st.sampled_from([None, "?"]), blanks_as_null=st.booleans(),
    empty_as_null=st.booleans(), trim_blanks=st.booleans(), round_decimals=st.booleans(), any_date=st.booleans(),
    time_format=st.sampled_from([None, "auto", "epochmillisecs"]),
)  # fmt: skip


class Files:
    """One object, wherever it comes from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, sources: list[Source]) -> Iterator[Opened]:
        for source in sources:
            moment = datetime(2018, 11, 1, tzinfo=timezone.utc)
            yield Opened(source, cast("Any", io.BytesIO(self._content)), "etag", moment, len(self._content))


FIELD = re.compile(rb'("(?:[^"\\]|\\["\\])*"|[^",\n]+)([,\n])', re.DOTALL)


def as_read(text: bytes, columns: list[Column]) -> list[Any]:
    """What PostgreSQL reads (`postgres_rows.statement`): fields, one row after the other, with what ends each."""
    fields, at = list[Any](), 0
    while at < len(text):
        found = FIELD.match(text, at)
        assert found, f"not what PostgreSQL reads: {text[at:]!r}"
        (field, end), at = found.groups(), found.end()
        column = columns[len(fields) % len(columns)]
        assert (end == b"\n") == (column is columns[-1])
        value = re.sub(rb'\\(["\\])', rb"\1", field[1:-1]) if field[:1] == b'"' else field
        if value == b"null" and (value is field or column.type in postgres_rows.NEVER_TEXT):
            value = None
        elif column.type.startswith("int"):
            value = int(value)
        elif column.type == "bool":
            value = value[:1]  # t for true
        fields.append(value)
    return fields


def loaded(rows: Rows, columns: list[Column], content: bytes) -> tuple[list[Any], Any]:
    """The rows of one object, and everything else that a COPY keeps of it."""
    found, ended = b"", ""
    try:
        for batch in rows.batches(cast("Any", Files(content)), [Source("s3://b/k")]):
            found += batch
    except LimitReachedError:
        ended = "limit"
    return as_read(found, columns), (ended, rows.rows, rows.errors, rows.files)


def rows_of(columns: list[Column], conversion: Conversion, most: int = 1 << 62, skip: int = 0) -> Rows:
    command = CopyCommand(
        "t", "t", None, "s3://b/k", Authorization(), "auto", False, None, None, most, skip, False, conversion
    )
    return Rows(command, columns, None)


def same(columns: list[Column], conversion: Conversion, content: bytes, most: int = 1 << 62, skip: int = 0) -> None:
    together, alone = (rows_of(columns, conversion, most, skip) for _ in range(2))
    alone.lines = None
    assert loaded(together, columns, content) == loaded(alone, columns, content)


@given(
    kinds=st.lists(st.tuples(COLUMNS, st.booleans()), min_size=1, max_size=3), conversion=CONVERSIONS,
    records=st.lists(RECORDS, max_size=12), end=st.sampled_from(["\n", "\r\n", "\n\n", "\n "]),
    most=st.sampled_from([1, 3, 1 << 62]), skip=st.sampled_from([0, 0, 0, 2]), invalid=st.booleans(),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_the_same_rows_and_errors(
    kinds: list[Any], conversion: Conversion, records: list[str], end: str, most: int, skip: int, invalid: bool
) -> None:
    columns = [Column(name, *kind, not_null) for name, (kind, not_null) in zip(NAMES, kinds, strict=False)]
    content = (end.join(records) + end).encode("utf-8", "surrogatepass")
    if invalid:
        content = content.replace(b"\xc3", b"\xff")
    same(columns, conversion, content, most, skip)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_each_value_in_a_column_of_each_type(kind: tuple[str, int, int]) -> None:
    """A column is told by the characters in it: one value at a time, so that no other one gives it away."""
    for value in WRITTEN:
        content = f'{{"a": {value}}}\n{{"a": {value}}}\n'.encode()
        same([Column("a", *kind)], Conversion(), content)
        same([Column("a", *kind)], Conversion(), content.replace(b"\xc3", b"\xff"))  # not UTF-8 any more
