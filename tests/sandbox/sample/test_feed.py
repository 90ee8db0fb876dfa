import json
import shutil
import threading
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from include.sandbox.feed import run_feed, write_once
from include.sandbox.sample import SEED, App, as_lines, log_key
from tests.oracle import expected_tables

NOON = datetime(2026, 5, 17, 12, 7, tzinfo=timezone.utc)
KEY = "log_data/2026/05/2026-05-17-events.json"


@pytest.fixture(scope="module")
def app():
    return App.of(SEED)


@pytest.fixture
def s3(sandbox):
    """The sandbox's S3, with a bucket that keeps every version that it is given."""
    client = sandbox.aws("s3")
    client.create_bucket(Bucket="source", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    client.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
    yield client
    for found in client.list_object_versions(Bucket="source").get("Versions", []):
        client.delete_object(Bucket="source", Key=found["Key"], VersionId=found["VersionId"])
    client.delete_bucket(Bucket="source")


def versions(s3, key=KEY):
    """All contents that the object has had, the oldest first."""
    found = s3.list_object_versions(Bucket="source", Prefix=key).get("Versions", [])
    ids = [version["VersionId"] for version in reversed(found)]
    return [s3.get_object(Bucket="source", Key=key, VersionId=one)["Body"].read() for one in ids]


def events(body):
    return [json.loads(line) for line in body.split(b"\n")]


def ms(moment):
    return int(moment.timestamp() * 1000)


def test_holds_all_events_up_to_now_and_none_later(s3, app):
    write_once(s3, "source", app, NOON)
    (body,) = versions(s3)
    whole_day = app.events_of(NOON.date(), never_quiet=True)
    assert events(body) == [event for event in whole_day if event["ts"] <= ms(NOON)]
    assert 0 < len(events(body)) < len(whole_day)
    assert not body.endswith(b"\n")


def test_only_grows_and_keeps_earlier_events_byte_for_byte(s3, app):
    for minutes in range(0, 60, 5):
        write_once(s3, "source", app, NOON + timedelta(minutes=minutes))
    grown = versions(s3)
    assert len(grown) > 6
    for shorter, longer in pairwise(grown):
        assert longer.startswith(shorter + b"\n")


def test_leaves_the_object_alone_when_nothing_happened(s3, app):
    for clock in (NOON, NOON, NOON - timedelta(minutes=30)):
        write_once(s3, "source", app, clock)
    assert len(versions(s3)) == 1


def test_every_hour_has_plays_from_its_first_minutes_on(app):
    begins = {hour: 24 * 60 for hour in range(24)}
    for event in app.events_of(NOON.date(), never_quiet=True):
        if event["page"] == "NextSong":
            minute = event["ts"] // 60_000 % (24 * 60)
            begins[minute // 60] = min(begins[minute // 60], minute % 60)
    assert max(begins.values()) < 3


def test_plays_match_the_samples_songs(s3, app, default_bucket, tmp_path):
    write_once(s3, "source", app, NOON)
    shutil.copytree(default_bucket.folder / "song_data", tmp_path / "song_data")
    log = tmp_path / KEY
    log.parent.mkdir(parents=True)
    log.write_bytes(versions(s3)[0])
    counts = expected_tables(tmp_path, NOON - timedelta(days=1), NOON).counts
    assert 0.2 < counts.matched / counts.plays < 0.5
    assert counts.hours_with_plays == 13


def test_completes_the_day_before_after_midnight(s3, app):
    write_once(s3, "source", app, datetime(2026, 5, 17, 23, 15, tzinfo=timezone.utc))
    write_once(s3, "source", app, datetime(2026, 5, 18, 0, 1, tzinfo=timezone.utc))
    assert len(versions(s3)) == 2
    assert versions(s3)[-1] == as_lines(app.events_of(NOON.date(), never_quiet=True)).encode()
    assert len(versions(s3, log_key(NOON.date() + timedelta(days=1)))) <= 1


def test_days_are_utc_wherever_the_clock_is(s3, app):
    write_once(s3, "source", app, NOON.astimezone(timezone(timedelta(hours=13))))
    assert len(versions(s3)) == 1


def test_runs_until_told_to_stop(s3):
    stop = threading.Event()
    clock = iter(NOON + timedelta(minutes=10 * number) for number in range(4))

    def tick():
        moment = next(clock)
        if moment == NOON + timedelta(minutes=30):
            stop.set()
        return moment

    run_feed(s3, "source", seed=SEED, interval_seconds=0, stop=stop, now=tick)
    assert next(clock, None) is None
    assert versions(s3)[-1].count(b"\n") > versions(s3)[0].count(b"\n")


def test_goes_on_after_a_failed_request(s3, caplog):
    stop = threading.Event()
    rounds = iter([lambda: None, lambda: s3.create_bucket(Bucket="late", CreateBucketConfiguration=here), stop.set])
    here = {"LocationConstraint": "us-west-2"}

    def tick():
        next(rounds)()
        return NOON

    run_feed(s3, "late", interval_seconds=0, stop=stop, now=tick)
    assert "could not write to s3://late" in caplog.text
    assert s3.get_object(Bucket="late", Key=KEY)["ContentLength"] > 0
