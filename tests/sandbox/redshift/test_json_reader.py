"""The JSON reader finds the same records wherever the stream's chunks end."""

from __future__ import annotations

import io
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sandbox.redshift.copy.fields import FieldError
from include.sandbox.redshift.copy.json_reader import LONGEST_RECORD, WINDOW, JsonReader

VALUES = st.none() | st.booleans() | st.integers() | st.text()
RECORDS = st.lists(st.dictionaries(st.text(), VALUES | st.lists(VALUES)) | st.lists(VALUES), max_size=6)


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, _: int | None = -1) -> bytes:
        return super().read(self._size)


def as_strings(value: Any) -> Any:
    """Numbers as the reader gives them: as they are written."""
    if isinstance(value, dict):
        return {key: as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(
    records=RECORDS,
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
    gap=st.sampled_from(["", " ", "\n", "\r\n"]),
)
def test_every_record_is_found(records: list[Any], size: int, indent: int | None, gap: str) -> None:
    text = gap.join(json.dumps(record, indent=indent, ensure_ascii=False) for record in records)
    reader = JsonReader(cast("Any", Trickle(text.encode(), size)))
    found = list(reader)
    assert [record.value for record in found] == as_strings(records)
    assert reader.lines_scanned == (text.count("\n") + 1 if text else 0)
    lines = [1 + gap.join([""] * (n + 1)).count("\n") for n in range(len(records))]
    if indent is None:
        assert [record.line for record in found] == lines


@pytest.mark.parametrize("mark", ["x", "é", "😀", "\\u00e9", "\\n"])
def test_a_record_is_read_whole_wherever_it_ends(mark: str) -> None:
    """One that is longer than what is decoded at first, at each place of a character of several bytes."""
    for length in range(WINDOW - 40, WINDOW + 40):
        text = '{"a":"' + "x" * (length - 20) + mark * 5 + '"}'
        (record,) = JsonReader(io.BytesIO(text.encode()))
        assert (record.text, record.value) == (text, json.loads(text)), length


@given(size=st.integers(1, 40))
def test_a_broken_record_costs_only_itself(size: int) -> None:
    reader = JsonReader(cast("Any", Trickle(b'{"a":1}\n{"a":\n{"a":2}\n{"a":"open\n{"a":3}', size)))
    kinds = ["bad" if isinstance(record.value, FieldError) else record.value["a"] for record in reader]
    assert kinds == ["1", "bad", "2", "bad", "3"]


def test_a_record_may_have_four_megabytes_and_no_more() -> None:
    fits = b'{"a":"' + b"x" * (LONGEST_RECORD - 8) + b'"}'
    longer = b'{"a":"' + b"x" * (LONGEST_RECORD - 7) + b'"}'
    first, second, third = JsonReader(io.BytesIO(fits + b"\n" + longer + b'\n{"a":1}'))
    assert len(first.text) == LONGEST_RECORD
    assert str(second.value) == "Max length of a JSON object is 4194304 bytes."
    assert third.value == {"a": "1"}
