import io
import json

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.drift import Drift, judged
from sparkify.feed import Feed, Key
from sparkify.inspection import Inspection, look

FEED = Feed({"id": Key(("number",)), "name": Key(("text", "number"))})


def drift(*records: str) -> Drift:
    return look(io.BytesIO("\n".join(records).encode()), FEED, None).drift


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (['{"id":1,"name":"x"}', '{"id":2,"name":7}', '{"id":3,"name":null}'], []),
        (['{"id":1,"name":"x"}', '{"id":2}'], []),
        (['{"id":1,"name":"x"}', '{"id":2,"name":"y","age":7}'], [
            "new key 'age', a number in 1 of 2 records, first in line 2",
        ]),
        (['{"id":1,"name":"x","age":null}'], ["new key 'age', without a value in 1 of 1 records"]),
        (['{"id":1}', '{"id":2}'], ["key 'name' is missing from all 2 records"]),
        (['{"id":"1","name":"x"}'], ["key 'id', promised as number, is text in 1 of 1 records, first in line 1"]),
        (['{"id":1,"name":{"x":1}}'], [
            "key 'name', promised as text or number, is object in 1 of 1 records, first in line 1",
        ]),
        (['{"id":true,"name":[1]}'], [
            "key 'id', promised as number, is boolean in 1 of 1 records, first in line 1",
            "key 'name', promised as text or number, is array in 1 of 1 records, first in line 1",
        ]),
        (["not json", "[1]"], []),
    ],
)  # fmt: skip
def test_what_differs_is_named(records, told):
    found = drift(*records)
    assert list(found.differences) == told


def test_only_freeze_fails_and_only_evolve_says_what_to_add(caplog):
    found = {"s3://b/x.json": drift('{"id":1,"name":"x","age":7}')}
    told = ["s3://b/x.json: new key 'age', a number in 1 of 1 records, first in line 1"]
    assert judged("warn", found, "s.t") == told
    assert "add them to the feed's contract, s.t and its mapping" not in caplog.text
    assert judged("evolve", found, "s.t") == told
    assert "add them to the feed's contract, s.t and its mapping" in caplog.text
    with pytest.raises(AirflowFailException, match="new key 'age'"):
        judged("freeze", found, "s.t")
    assert judged("freeze", {"s3://b/x.json": Drift()}, "s.t") == []


def test_a_policy_that_there_is_not_is_named():
    with pytest.raises(AirflowFailException, match="'ignore' is none of evolve, warn, freeze"):
        judged("ignore", {}, "s.t")


def test_of_very_many_differences_some_are_told():
    found = drift('{"id":1,"name":"x",' + ",".join(f'"k{n}":1' for n in range(50)) + "}")
    assert len(found.differences) == 21
    assert found.differences[-1] == "and 30 more differences"


def test_what_was_seen_is_kept_as_text():
    seen = look(io.BytesIO(b'{"id":1,"x":2}\n\n{"id":'), FEED, None)
    assert (seen.lines, seen.records, seen.ends_in_line) == (3, 2, True)
    assert Inspection.parse(seen.text()) == seen


def test_what_was_seen_fits_its_column_whatever_the_keys_are():
    keys = ",".join(f'"{chr(0x1F3B5) * 90}{n}":1' for n in range(50))
    seen = look(io.BytesIO(b'{"id":1,' + keys.encode() + b"}"), FEED, None)
    assert len(seen.text().encode()) <= 16_384  # loaded_objects.inspection
    assert Inspection.parse(seen.text()) == seen


def test_what_an_earlier_version_saw_is_read():
    drift = {"differences": ["key 'name' is missing from all 2 records"], "missing": ["name"]}
    kept = {"lines": 2, "ends_in_line": True, "records": 2, "is_misplaced": False, "drift": drift, "record_keys": []}
    assert Inspection.parse(json.dumps(kept)).drift == Drift(("key 'name' is missing from all 2 records",))
