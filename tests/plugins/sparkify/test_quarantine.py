"""Records that cannot be loaded, or break a rule: kept once with where they are and why, while the others load."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from sparkify import copying, inspection, staging
from sparkify.feed import Rule

LOG, NEXT_LOG = (f"log_data/2018/12/2018-12-{day}-events.json" for day in ("01", "02"))
BOTH = ("2018-12-01", "2018-12-03")


@pytest.fixture
def bucket(pipeline, folder):
    """A pipeline of the test's own with a few songs and two days of events."""
    pipeline.upload(folder)
    return pipeline


def lines(folder, key=LOG):
    return (folder / key).read_bytes().split(b"\n")


def spoiled(folder, *numbers, key=LOG, **values):
    """The object with some values of some lines replaced."""
    found = lines(folder, key)
    for number in numbers:
        found[number] = json.dumps(json.loads(found[number]) | values).encode()
    return b"\n".join(found)


def plays(folder, key=LOG):
    return [n for n, line in enumerate(lines(folder, key)) if b'"page":"NextSong"' in line]


def kept(pipeline, where="resolved_at is null"):
    return pipeline.sql(
        "select object_key, line_number, column_name, value, coalesce(rule, reason), run_id from {star}.quarantine "
        f"where {where} order by object_key, line_number"
    )


def test_many_runs_over_one_object_keep_a_record_once(bucket, folder, expected):
    bucket.put(LOG, spoiled(folder, plays(folder)[0], sessionId="twelve"))
    bucket.run("2018-12-01T00", "2018-12-01T01", run_id="first").all()
    hours = [f"2018-12-01T{hour:02}" for hour in range(8, 13)]
    runs = [bucket.run(*hour) for hour in itertools.pairwise(hours)]
    with ThreadPoolExecutor(len(runs)) as threads:
        results = [task.result() for task in [threads.submit(run.all) for run in runs]]
    assert {(result["stage_events"]["rejected"], result["stage_events"]["quarantined"]) for result in results} == {
        (1, 0)
    }
    line = plays(folder)[0] + 1
    reason = "column 'sessionid' (int8) cannot be loaded: Invalid digit, Value 't', Pos 0, Type: Long (code 1207)"
    assert kept(bucket) == [(f"{bucket.name}/{LOG}", line, "sessionid", '"twelve"', reason, "first")]


def test_the_whole_record_is_kept(bucket, folder):
    number = plays(folder)[0]
    bucket.put(LOG, spoiled(folder, number, sessionId="twelve"))
    bucket.run().all()
    ((record,),) = bucket.sql("select record from {star}.quarantine")
    assert json.loads(record) == json.loads(lines(folder)[number]) | {"sessionId": "twelve"}


def test_records_that_are_alike_are_kept_each(bucket, folder):
    number = plays(folder)[0]
    bad = spoiled(folder, number, sessionId="twelve").split(b"\n")
    bucket.put(LOG, b"\n".join([*bad, bad[number]]))
    bucket.run().all()
    bucket.run().all()
    assert [line for _, line, *_ in kept(bucket)] == [number + 1, len(bad) + 1]


def test_a_record_stays_in_longer_versions_of_its_object_and_goes_with_its_correction(bucket, folder, expected):
    whole = lines(folder)
    bad = spoiled(folder, plays(folder)[0], userId="").split(b"\n")
    bucket.put(LOG, b"\n".join(bad[:-5]))
    assert bucket.run().all()["stage_events"]["quarantined"] == 1
    first = kept(bucket)
    bucket.put(LOG, b"\n".join(bad))
    assert bucket.run().all()["stage_events"]["quarantined"] == 0
    assert kept(bucket) == first
    bucket.put(LOG, b"\n".join(whole))
    bucket.run(run_id="corrected").all()
    assert kept(bucket) == []
    assert bucket.sql("select resolved_by from {star}.quarantine") == [("corrected",)]
    assert bucket.published() == expected()
    bucket.put(LOG, b"\n".join(bad))
    assert bucket.run().all()["stage_events"]["quarantined"] == 1, "what comes back is told again"


def test_more_than_is_tolerated_fails_with_all_of_it_kept(bucket, folder, expected):
    bucket.run().all()
    numbers = plays(folder)[:3]
    bucket.put(LOG, spoiled(folder, *numbers, ts="yesterday"))
    run = bucket.run()
    run.variables = run.variables | {"sparkify_rejected_records": "2"}
    with pytest.raises(AirflowFailException) as failed:
        run.all()
    text = str(failed.value)
    assert text.startswith(f"3 of {len(lines(folder))} records cannot be loaded into ")
    assert "and 2 or a share of 0.1 are tolerated" in text
    for number in numbers:
        assert f"{LOG}, line {number + 1}: column 'ts' (int8) cannot be loaded: Invalid digit, Value 'y'" in text
    assert f"All of them are in {bucket.name}.quarantine" in text
    assert len(kept(bucket)) == 3
    assert bucket.published() == expected()
    assert bucket.run().all()["stage_events"]["rejected"] == 3
    assert len(kept(bucket)) == 3


def test_a_share_that_is_not_tolerated_fails_if_they_are_more_than_a_few_or_not_even_json(bucket, folder):
    def verdict(body):
        bucket.put(LOG, body)
        run = bucket.run()
        run.variables = run.variables | {"sparkify_rejected_share": "0.001"}
        return run.all()["stage_events"]["rejected"]

    assert verdict(spoiled(folder, *plays(folder)[:10], ts="yesterday")) == 10
    with pytest.raises(AirflowFailException, match=r"11 of \d+ records .* 100 or a share of 0\.001 are tolerated"):
        verdict(spoiled(folder, *plays(folder)[:11], ts="yesterday"))
    with pytest.raises(AirflowFailException, match=r"^1 of \d+ records"):
        verdict(b"\n".join([*lines(folder), b"<html>"]))


def test_an_event_of_another_day_is_not_published_by_any_run(bucket, folder, expected):
    """Nor is the event taken away that its own day's object holds."""
    stray = lines(folder, NEXT_LOG)[plays(folder, NEXT_LOG)[0]]
    bucket.put(LOG, b"\n".join([*lines(folder), stray]))
    everything = bucket.run(*BOTH).all()
    assert everything["stage_events"]["rejected"] == 1
    assert bucket.published() == expected(*BOTH)
    ((key, line, column, _, rule, _),) = kept(bucket)
    assert (key, line, column) == (f"{bucket.name}/{LOG}", len(lines(folder)) + 1, "ts")
    assert rule == "a record is of the day of its object"
    bucket.run("2018-12-02T00", "2018-12-03T00").all()
    bucket.run("2018-12-01T00", "2018-12-02T00").all()
    assert bucket.published() == expected(*BOTH)
    assert len(kept(bucket)) == 1


def test_what_is_in_quarantine_is_replayed_once_the_rule_is_corrected(bucket, expected, monkeypatch):
    task = bucket.dag.get_task("stage_songs")
    strict = Rule("duration", "a song is short", "duration > 200")
    with monkeypatch.context() as wrong:
        wrong.setattr(task, "feed", replace(task.feed, rules=(*task.feed.rules, strict)))
        rejected = bucket.run().all()["stage_songs"]["rejected"]
    assert rejected == len(kept(bucket)) > 1
    urls = [f"s3://sparkify-source/{key}" for key, *_ in kept(bucket)]
    assert bucket.run().all()["stage_songs"]["objects"] == 0, "they are known"
    assert len(kept(bucket)) == rejected
    assert bucket.run(replay=urls[:1]).all()["stage_songs"]["objects"] == 1
    assert len(kept(bucket)) == rejected - 1
    bucket.run(replay=urls, only="dimensions").all()
    assert kept(bucket) == []
    assert bucket.published() == expected()


@pytest.mark.parametrize(
    "address", ["s3://sparkify-source/nothing.json", "s3://elsewhere/song_data/x.json", "song_data/x.json", "{log}"]
)
def test_what_cannot_be_replayed_is_refused_and_named(bucket, folder, address):
    url = address.format(log=f"s3://sparkify-source/{bucket.name}/{LOG}")
    there = next(folder.glob("song_data/**/*.json")).relative_to(folder).as_posix()
    run = bucket.run(replay=[f"s3://sparkify-source/{bucket.name}/{there}", url])
    run.task("prepare")
    with pytest.raises(AirflowFailException) as refused:
        run.task("stage_songs")
    assert str(refused.value).startswith("1 of 2 objects to replay are not among those that are loaded from s3://")
    assert repr(url) in str(refused.value)
    assert there not in str(refused.value)


@pytest.mark.parametrize("only", ["facts", "checks"])
def test_a_replay_by_a_run_that_leaves_songs_out_is_refused(bucket, only):
    with pytest.raises(AirflowFailException, match=f"limited to {only}, which has nothing to do with the 1 objects"):
        bucket.run(only=only, replay=["s3://sparkify-source/x.json"]).task("stage_songs")


def test_counts_that_do_not_reconcile_fail_the_run(bucket, monkeypatch):
    loaded = copying.loaded
    monkeypatch.setattr(staging, "PATIENCE", 0.0)
    monkeypatch.setattr(copying, "loaded", lambda session: replace(loaded(session), rows=loaded(session).rows - 1))
    run = bucket.run()
    run.task("prepare")
    with pytest.raises(AirflowException, match=r"do not reconcile: 1 objects hold \d+ records, of which the warehouse"):
        run.task("stage_events")
    assert bucket.sql(f"select count(*) from {run.xcoms['prepare']['run_schema']}.staging_events") == [(0,)]


def test_a_line_that_the_warehouse_has_not_scanned_fails_the_run(bucket, folder, monkeypatch):
    bucket.put(LOG, b"\n".join(lines(folder)) + b"\n")
    loaded = copying.loaded

    def one_line_short(session):
        found = loaded(session)
        return replace(found, lines={url: count - 1 for url, count in found.lines.items()})

    monkeypatch.setattr(staging, "PATIENCE", 0.0)
    monkeypatch.setattr(copying, "loaded", one_line_short)
    run = bucket.run()
    run.task("prepare")
    with pytest.raises(AirflowException, match=r"has \d+ lines, of which the warehouse has scanned \d+"):
        run.task("stage_events")


def test_the_counts_of_a_run_are_kept(bucket, folder):
    first = plays(folder)[0]
    bad = spoiled(folder, first, userId="").split(b"\n")
    bucket.put(LOG, b"\n".join([*bad, bad[plays(folder)[1]]]))  # a play that is delivered twice
    results = bucket.run().all()
    counts = bucket.sql(
        "select lines_scanned, rows_loaded, records_rejected, plays_staged, plays_quarantined, duplicate_plays, plays "
        "from {star}.published_runs"
    )
    found = [json.loads(bad[number]) for number in plays(folder)] + [json.loads(bad[plays(folder)[1]])]
    kinds = {tuple(play[key] for key in ("userId", "sessionId", "itemInSession", "ts")) for play in found}
    songs, published = results["stage_songs"]["rows"], len(kinds) - 1
    duplicates = len(found) - 1 - published
    assert duplicates > 0
    assert counts == [(len(bad) + 1 + songs, len(bad) + songs, 1, len(found), 1, duplicates, published)]
    assert bucket.sql("select records_rejected, rows_loaded from {star}.loaded_objects where day is not null") == [
        (1, len(bad))
    ]


def test_an_object_is_looked_into_once_in_each_version(bucket, folder, monkeypatch):
    looked = []
    look = inspection.look
    monkeypatch.setattr(inspection, "look", lambda *given: looked.append(given[2]) or look(*given))
    bucket.put(LOG, spoiled(folder, plays(folder)[0], device="phone"))
    told = bucket.run().all()["stage_events"]["drift"]
    days = len([day for day in looked if day])
    assert bucket.run().all()["stage_events"]["drift"] == told
    assert told == [
        f"s3://sparkify-source/{bucket.name}/{LOG}: new key 'device', a text in 1 of {len(lines(folder))} records, "
        f"first in line {plays(folder)[0] + 1}"
    ]
    assert (days, len([day for day in looked if day])) == (1, 1)


@pytest.mark.parametrize("policy", ["freeze", "warn"])
def test_drift_is_judged_by_the_policy_of_the_stage(bucket, folder, policy):
    bucket.put(LOG, spoiled(folder, plays(folder)[0], device="phone"))
    run = bucket.run()
    run.variables = run.variables | {"sparkify_events_drift": policy}
    if policy == "warn":
        assert len(run.all()["stage_events"]["drift"]) == 1
        return
    with pytest.raises(AirflowFailException, match=r"on_drift is freeze:\n.*new key 'device'"):
        run.all()
    assert bucket.sql("select count(*) from {star}.loaded_hours") == [(0,)]


def test_plays_whose_user_has_another_name_now_are_not_events_of_nobody(bucket, folder):
    records = [json.loads(line) for line in lines(folder)]
    bucket.put(LOG, b"\n".join(json.dumps(record | {"uid": record.pop("userId")}).encode() for record in records))
    with pytest.raises(AirflowFailException) as failed:
        bucket.run().all()
    assert str(failed.value).startswith(f"{len(plays(folder))} of {len(records)} records cannot be loaded into ")
    assert f"{LOG}: key 'userId' is missing from all {len(records)} records\n" in str(failed.value)
    assert {line for _, line, *_ in kept(bucket)} == {number + 1 for number in plays(folder)}


def test_the_only_event_of_a_day_may_be_empty(bucket, folder, expected):
    bucket.put(NEXT_LOG, b"{}")
    assert bucket.run(*BOTH).all()["stage_events"]["rejected"] == 1
    assert bucket.published() == expected()
    assert [(key, line, rule) for key, line, _, _, rule, _ in kept(bucket)] == [
        (f"{bucket.name}/{NEXT_LOG}", 1, "an event has a time")
    ]


def test_song_objects_without_a_song_stop_nothing_until_they_are_too_many(bucket, folder, expected):
    """An object is then a record of the limit, whatever it holds, and one that is corrected is loaded again."""
    path = next(folder.glob("song_data/**/*.json"))
    lost = path.relative_to(folder).as_posix()
    bucket.put(lost, b"{}")
    bucket.put("song_data/empty.json", b"{}")
    bucket.put("song_data/page.json", b"<html>\n" * 120)
    limited = {"sparkify_rejected_records": "3"}

    def staged(hour):
        run = bucket.run(f"2018-12-01T{hour:02}", f"2018-12-01T{hour + 1:02}")
        run.variables = run.variables | limited
        return run.all()["stage_songs"]

    assert staged(0)["rejected"] == 122
    assert {key for key, *_ in kept(bucket)} == {
        f"{bucket.name}/{key}" for key in (lost, "song_data/empty.json", "song_data/page.json")
    }
    bucket.put(lost, path.read_bytes())
    assert (bucket.run().all()["stage_songs"]["objects"], len(kept(bucket))) == (1, 121)
    assert bucket.published() == expected()
    for n in range(4):
        bucket.put(f"song_data/{n}.json", b"{}")
    with pytest.raises(
        AirflowFailException, match=r"^4 of 4 records .* 3 objects with some or a share of 1 are tolerated"
    ):
        staged(1)


def test_a_song_whose_key_loads_as_another_text_is_kept_and_stops_nothing(bucket, folder, expected, monkeypatch):
    """However the warehouse writes a key, a record that cannot be told to be of an object is not published."""
    monkeypatch.setattr(inspection, "as_loaded", lambda value: f"not {value}" if value == "SOX" else value)
    song = json.loads(next(folder.glob("song_data/**/*.json")).read_bytes())
    bucket.put("song_data/odd.json", json.dumps({**song, "song_id": "SOX"}).encode())
    bucket.run().all()
    assert kept(bucket, "rule = 'a record''s object can be found by its key'")[0][:2] == (
        f"{bucket.name}/song_data/odd.json", 1,
    )  # fmt: skip
    assert bucket.published() == expected()


def test_bad_records_do_not_stop_the_search_for_stale_hours(bucket, folder):
    bucket.run(*BOTH).all()
    bucket.put(LOG, spoiled(folder, plays(folder)[0], sessionId="twelve"))
    run = bucket.run("2018-12-02T00:00:00", "2018-12-02T01:00:00", run_type="scheduled")
    run.all()
    assert run.triggered is not None
