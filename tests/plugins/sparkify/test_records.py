import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.records import Number, Unreadable, as_json, as_loaded, excerpt, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4) | st.lists(VALUES, max_size=3)


def taken(body: bytes):
    return list(read(io.BytesIO(body)))


@given(st.lists(RECORDS, max_size=6), st.sampled_from([None, 1]), st.sampled_from(["\n", "", "\n \n", " "]))
def test_records_come_back_however_they_are_laid_out(records, indent, between):
    texts = [json.dumps(record, indent=indent) for record in records]
    found = taken(between.join(texts).encode())
    assert [json.loads(record.text) for record in found] == records
    ends = [between.join(texts[: n + 1]).count("\n") + 1 for n in range(len(texts))]
    assert [record.line for record in found] == ends


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"\n \n\r\n", []),
        (b'{"a":1}\r\n{"a":2}', [(1, True), (2, True)]),
        (b'{"a":\n{"b":1}\n{"c":1}', [(1, False), (2, True), (3, True)]),
        (b'{"a":"unended\n{"b":1}', [(1, False), (2, True)]),
        (b'{"a":1', [(1, False)]),
        (b'oops {"a":1} oops\n', [(1, False), (1, True), (1, False)]),
        (b'{"a":"\xe9"}', [(1, True)]),
        (b'{"a":NaN}', [(1, False)]),
        (b"[" * 100_000, [(1, False)]),
    ],
)
def test_what_is_no_json_is_given_up_at_the_end_of_its_line(body, expected):
    assert [(record.line, record.value is not Unreadable) for record in taken(body)] == expected


def test_numbers_keep_their_digits():
    (record,) = taken(b'{"a": 1.50, "b": 12345678901234567890}')
    assert record.field("a") == Number("1.50")
    assert record.field("b") == Number("12345678901234567890")


def test_a_key_is_found_in_any_case():
    (record,) = taken(b'{"sessionId": 7}')
    assert record.field("sessionid") == "7"
    assert record.field("itemid") is None


def test_an_excerpt_does_nothing_to_a_terminal_and_says_how_much_there_is():
    assert excerpt("a\x1b[31m\n") == "a\\x1b[31m\\n"
    assert excerpt("\u00e9" * 400, 5) == "\u00e9" * 5 + "\u2026 (800 bytes)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("SO1", "SO1"), ("SO1 ", "SO1"), (" ", ""), ("SO\0x", "SO"), (Number("1.50"), "1.50"), (True, "true"),
        ({"a": [1, None]}, '{"a":[1,null]}'), (None, None),
    ],
)  # fmt: skip
def test_a_value_is_known_as_copy_loads_it_into_a_text_column(value, text):
    assert as_loaded(value) == text


def test_what_is_nested_too_deeply_is_said_to_be_so():
    value: list[object] = []
    for _ in range(20_000):
        value = [value]
    assert as_json(value) == as_loaded({"a": value}) == "nested too deeply to be shown"
