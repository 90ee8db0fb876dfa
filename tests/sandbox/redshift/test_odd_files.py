"""Manifests and JSONPaths files that are none: an error in Redshift's words each, and the session goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.sandbox.redshift import wire
from include.sandbox.redshift.copy.jsonpaths import paths_of
from include.sandbox.redshift.copy.manifest import sources_of
from include.sandbox.redshift.errors import RedshiftError

DEEP = "[" * 100_000


def entry(fields: str) -> str:
    return '{"entries": [{"url": "s3://bucket/x", ' + fields + "}]}"


def length(value: str) -> str:
    return entry('"meta": {"content_length": ' + value + "}")


# Python's own words: none of them is for a user.
PYTHON = re.compile(r"Error\(|Exception|Traceback|codec|NoneType|object has no|\(char \d+\)|Expecting|digits\) for")

MANIFESTS = {
    DEEP: "nested too deeply",
    '{"entries": ' + DEEP: "nested too deeply",
    r'{"entries": [{"url": "s3://bucket/\ud800"}]}': r'half a surrogate pair in "s3://bucket/\\ud800"',
    r'{"entries": [{"url": "s3://bucket/x", "\udc00": 1}]}': "half a surrogate pair",
    length('"7"'): 'content_length of entry 1 is "7", not a number of bytes',
    length("-1"): "content_length of entry 1 is -1",
    length("true"): "content_length of entry 1 is true",
    length("1.5"): "content_length of entry 1 is 1.5",
    length("9" * 5_000): "content_length of entry 1 is Infinity",
    length("NaN"): "NaN is not JSON",
    entry('"meta": []'): r"meta of entry 1 is \[\], not an object",
    entry('"mandatory": "yes"'): 'mandatory of entry 1 is "yes", neither true nor false',
    entry('"url": "s3://bucket/y"'): 'the key "url" is there twice',
    '{"entries": [{"url": 5}]}': "url of entry 1 is 5, not a string",
    '{"entries": ["s3://bucket/x"]}': 'entry 1 is "s3://bucket/x", not an object',
    '{"entries": {"url": "s3://bucket/x"}}': "an array of entries",
    '["entries"]': "an array of entries",
    '{"entries": [\n}': "no JSON at line 2, column 1",
    "": "no JSON at line 1, column 1",
}  # fmt: skip
JSONPATHS = {
    DEEP: "nested too deeply",
    r'{"jsonpaths": ["$[\"\ud800\"]"]}': "half a surrogate pair",
    '{"jsonpaths": ["$[' + "9" * 5_000 + ']"]}': "Invalid JSONPath format",
    '{"jsonpaths": [{"$": NaN}]}': "NaN is not JSON",
    '{"jsonpaths": [{"$": null}]}': 'Invalid JSONPath format in .*: {"\\$": null} is not a path',
    '{"jsonpaths": ["$.a"], "jsonpaths": []}': "is there twice",
    '{"jsonpaths": [': "no JSON at line 1",
}  # fmt: skip


def refusal(cursor: Any, copy: str) -> str:
    """Runs a COPY in a transaction, which is rolled back; returns all that the client hears of why it failed."""
    cursor.execute("BEGIN")
    with pytest.raises(psycopg2.InternalError) as refused:
        cursor.execute(copy)
    cursor.execute("ROLLBACK; SELECT 1")
    assert cursor.fetchone() == (1,)
    assert refused.value.pgcode == "XX000"
    told = f"{refused.value.diag.message_primary} {refused.value.diag.message_detail}"
    assert not PYTHON.search(told), told
    assert "the sandbox itself failed" not in told
    return told


@pytest.fixture
def table(cursor: Any) -> str:
    cursor.execute("CREATE TABLE t (a int)")
    return "t"


@pytest.mark.parametrize(("content", "reason"), MANIFESTS.items(), ids=range(len(MANIFESTS)))
def test_what_is_no_manifest_is_an_error_that_names_it(
    cluster: Any, schema: str, cursor: Any, table: str, content: str, reason: str
) -> None:
    url = cluster.put(f"{schema}-manifest", content)
    told = refusal(cursor, f"COPY {table} FROM '{url}' IAM_ROLE default JSON 'auto' MANIFEST")
    assert re.match(f"Manifest file is not in correct json format: .*{reason}", told)
    assert f"S3 key being read : {url}" in told


@pytest.mark.parametrize(("content", "reason"), JSONPATHS.items(), ids=range(len(JSONPATHS)))
def test_what_are_no_jsonpaths_is_an_error_that_names_the_file(
    cluster: Any, schema: str, cursor: Any, table: str, content: str, reason: str
) -> None:
    url = cluster.put(f"{schema}-paths", content)
    told = refusal(cursor, f"COPY {table} FROM 's3://bucket/{schema}' IAM_ROLE default JSON '{url}'")
    assert re.search(reason, told)
    assert url in told


@pytest.mark.parametrize("options", ["JSON 'auto' MANIFEST", "JSON '{}'"])
def test_files_that_are_not_utf_8(cluster: Any, schema: str, cursor: Any, table: str, options: str) -> None:
    url = cluster.put(f"{schema}-file", b'{"entries": ["\xff"]}')
    assert "is not UTF-8" in refusal(cursor, f"COPY {table} FROM '{url}' IAM_ROLE default {options.format(url)}")


def test_a_byte_order_mark_is_passed_over(cluster: Any, schema: str, cursor: Any, table: str) -> None:
    source = cluster.put(f"{schema}-data", '{"a": 1}')
    url = cluster.put(f"{schema}-manifest", ("\ufeff" + json.dumps({"entries": [{"url": source}]})).encode())
    cursor.execute(f"COPY {table} FROM '{url}' IAM_ROLE default JSON 'auto' MANIFEST; SELECT a FROM {table}")
    assert cursor.fetchall() == [(1,)]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda within: st.lists(within, max_size=3) | st.dictionaries(st.text(max_size=5), within, max_size=3),
    max_leaves=6,
)
URL = st.text(st.characters(exclude_characters="\0"), max_size=8).map("s3://bucket/{}".format)
FIELDS = {"url": URL | ANYTHING, "mandatory": st.booleans() | ANYTHING,
          "meta": st.fixed_dictionaries({"content_length": st.integers() | ANYTHING}) | ANYTHING}  # fmt: skip
ENTRIES = st.lists(st.fixed_dictionaries({}, optional=FIELDS) | ANYTHING, max_size=3)
MANIFEST = st.fixed_dictionaries({"entries": ENTRIES | ANYTHING}) | ANYTHING
PATHS = st.text(st.sampled_from("$.[]'\"\\a0*²\ud800"), max_size=12) | ANYTHING
FILES = MANIFEST | st.fixed_dictionaries({"jsonpaths": st.lists(PATHS, max_size=3) | ANYTHING})


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A file's text: JSON, or JSON of which a part is missing or has been put in again."""
    text = json.dumps(draw(FILES))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return draw(st.sampled_from([text, text[:start], text[:start] + text[end:], text[:end] + text[start:]]))


@given(texts())
@example('{"jsonpaths": ["$[²]"]}')
@settings(deadline=None, max_examples=300)
def test_a_file_is_read_or_refused_in_words_that_can_be_sent(text: str) -> None:
    for read in (sources_of, paths_of):
        told = why_refused(read, text)
        assert not PYTHON.search(f"{told.get('M')} {told.get('D')}")
        assert wire.fields_of(wire.report(b"E", told)[5:]) == told


def why_refused(read: Callable[[str, str], Any], text: str) -> dict[str, str]:
    try:
        read(text, "file")
    except RedshiftError as error:
        return error.fields()
    return {}
