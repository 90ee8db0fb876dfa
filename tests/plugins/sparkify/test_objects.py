import json
from datetime import datetime, timezone

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.objects import ObjectReplacedError, Store


@pytest.fixture
def store(environment):
    return Store.of("sparkify_aws")


@pytest.fixture
def bucket(sandbox, scratch):
    s3 = sandbox.aws("s3")
    for key in ("A/1.json", "A/2.json", "A/1.json.bak", "A/", "A/deep/", "A/deep/3.json", "A/empty.json", "AB/4.json"):
        body = b"" if key.endswith("/") or "empty" in key else key.encode()
        s3.put_object(Bucket=scratch.bucket, Key=scratch.prefix + key, Body=body)
    return scratch


def names(bucket, found):
    return [one.key.removeprefix(bucket.prefix) for one in found]


def test_a_client_gives_up_within_minutes_unless_its_connection_says_otherwise(store, environment, monkeypatch):
    config = store.client.meta.config
    assert (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"] < 180
    found = json.loads(environment["AIRFLOW_CONN_SPARKIFY_AWS"])
    found["extra"]["config_kwargs"] = {"read_timeout": 7, "retries": {"total_max_attempts": 2}}
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_AWS", json.dumps(found))
    theirs = Store.of("sparkify_aws").client.meta.config
    assert (theirs.read_timeout, theirs.retries["total_max_attempts"]) == (7, 2)
    assert theirs.connect_timeout == config.connect_timeout < 60


def test_a_prefix_takes_what_is_below_it_and_matches(store, bucket):
    """Bug 1: A never takes AB, a backup is not the object, markers and empty objects hold nothing."""
    assert names(bucket, store.under(f"{bucket.url}A/", "*.json")) == ["A/1.json", "A/2.json", "A/deep/3.json"]


def test_exact_names_take_nothing_that_begins_like_them(store, bucket):
    assert store.named(bucket.url, "A/2.json").has_records
    assert not store.named(bucket.url, "A/empty.json").has_records
    for key in ("A/9.json", "A/1", "A"):
        assert store.named(bucket.url, key).etag == ""


def test_folder_markers_alone_are_nothing(store, bucket):
    assert not store.is_empty(f"{bucket.url}A/")
    assert store.is_empty(f"{bucket.url}C/")
    store.client.put_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}C/", Body=b"")
    assert store.is_empty(f"{bucket.url}C/")


def test_an_object_has_the_version_that_s3_gives_it(store, bucket):
    found = store.named(bucket.url, "A/1.json")
    head = store.client.head_object(Bucket=bucket.bucket, Key=found.key)
    assert (found.etag, found.size) == (head["ETag"].strip('"'), head["ContentLength"])
    assert found.url == f"{bucket.url}A/1.json"


def test_lines_are_those_of_the_version_that_was_listed(store, bucket):
    body = b"one\r\n\r\n" + b"t" * 100_000 + b"\rwo\nthree"
    store.client.put_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}x", Body=body)
    found = store.named(bucket.url, "x")
    assert list(store.lines(found)) == [b"one\r\n", b"\r\n", b"t" * 100_000 + b"\rwo\n", b"three"]


def test_every_day_has_an_object_or_none_and_keys_are_padded(store, bucket):
    """Bug 16: an unpadded month."""
    store.client.put_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}2018/01/2018-01-09-events.json", Body=b"{}")
    days = [datetime(2018, 1, 9, tzinfo=timezone.utc), datetime(2018, 11, 10, tzinfo=timezone.utc)]
    found = store.daily(bucket.url, "%Y/%m/%Y-%m-%d-events.json", days)
    assert names(bucket, found) == ["2018/01/2018-01-09-events.json", "2018/11/2018-11-10-events.json"]
    assert [(one.day, bool(one.etag)) for one in found] == [(days[0], True), (days[1], False)]


def test_an_object_that_was_replaced_is_not_taken_for_the_one_that_was_listed(store, bucket):
    listed = store.named(bucket.url, "A/1.json")
    store.client.put_object(Bucket=bucket.bucket, Key=listed.key, Body=b"other")
    with pytest.raises(ObjectReplacedError, match="was replaced while it was being read"):
        list(store.lines(listed))
    store.client.delete_object(Bucket=bucket.bucket, Key=listed.key)
    with pytest.raises(ObjectReplacedError):
        list(store.lines(listed))


def test_a_small_object_is_read_and_one_that_is_missing_is_told_with_what_it_is_for(store, bucket):
    assert store.read(f"{bucket.url}A/1.json", "an example") == b"A/1.json"
    with pytest.raises(AirflowFailException, match=r"A/1\.js does not exist; it is an example\. Put it there\."):
        store.read(f"{bucket.url}A/1.js", "an example")
    with pytest.raises(AirflowFailException, match="Bucket 'sparkify-nowhere' cannot be used"):
        store.read("s3://sparkify-nowhere/A/1.json", "an example")
