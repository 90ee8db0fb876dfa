"""Bad input: what can be loaded is, what cannot is kept and explained, and what is worse stops the run at once."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tenacity
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from include.sandbox.sample.bucket import JSONPATHS_KEY
from include.sandbox.sample.corrupt import KINDS, LOGS, SONGS, Corruption, Line, Object, Value, corrupt
from sparkify.contracts import EVENTS
from sparkify.contracts import SONGS as SONGS_FEED
from sparkify.provenance import IS_KNOWN
from tests.bad_day import publishable
from tests.credentials import leaked
from tests.pipeline import Run

LOG = "log_data/2018/12/2018-12-01-events.json"
TOLERANT = {"sparkify_rejected_share": "0.5"}


@pytest.fixture(autouse=True)
def no_credential_is_told(loaded, capfd, caplog) -> Iterator[None]:
    """Whatever goes wrong in these tests, nothing that is printed or logged holds a credential."""
    yield
    output = capfd.readouterr()
    assert leaked(loaded.sandbox.state, [output.out, output.err, caplog.text]) == []


def of_fate(*fates: str, shape: type | tuple[type, ...] = (Value, Line, Object), glob: str = LOGS) -> list[str]:
    of_glob = {name: kind for name, kind in KINDS.items() if kind.glob == glob}
    return [name for name, kind in of_glob.items() if kind.fate in fates and isinstance(kind, shape)]


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The source, to be spoiled."""
    return Path(shutil.copytree(folder, tmp_path / "bucket"))


@pytest.fixture
def deliver(loaded, folder: Path, copy: Path) -> Iterator[Callable[[set[str]], None]]:
    """Puts spoiled objects into the bucket; they are put right again."""
    delivered: set[str] = set()

    def put(keys: set[str]) -> None:
        delivered.update(keys)
        for key in keys:
            if (copy / key).exists():
                loaded.put(key, (copy / key).read_bytes())
            else:
                loaded.remove(key)

    yield put
    for key in delivered:
        loaded.put(key, (folder / key).read_bytes())


def tolerant(loaded) -> Run:
    run = loaded.run()
    run.variables = run.variables | TOLERANT
    return run


def kept(loaded) -> dict[tuple[str, int], tuple[str, str, str, str]]:
    """What is in quarantine, by object and line: column, value, reason and the record's beginning."""
    rows = loaded.sql(
        "select object_key, line_number, column_name, value, reason, left(record, 200) from {star}.quarantine "
        "where resolved_at is null"
    )
    return {(key.removeprefix(f"{loaded.name}/"), line): tuple(rest) for key, line, *rest in rows}


def plays_of(folder: Path) -> list[int]:
    """The lines that hold plays, from 1."""
    lines = (folder / LOG).read_bytes().split(b"\n")
    return [number for number, line in enumerate(lines, 1) if b'"page":"NextSong"' in line]


def require_explained(bad: Corruption, row: tuple[str, str, str, str]) -> None:
    """The quarantine says which column and value are at fault, and why, and shows the record."""
    kind = KINDS[bad.kind]
    column, value, reason, record = row
    assert kind.reason in reason
    unreadable = "the record cannot be loaded" in kind.reason
    if isinstance(kind, Value) and not unreadable:
        assert column == kind.column.lower()
        token = kind.token.decode("utf-8", "backslashreplace")
        assert value[:100].replace(" ", "") == token[:100].replace(" ", "") or value == json.dumps(json.loads(token))
    assert record


def account(tally, results: dict[str, Any]) -> None:
    """Every line that was read was loaded or is in quarantine."""
    for task in ("stage_events", "stage_songs"):
        with tally("records accounted for"):
            assert results[task]["lines"] == results[task]["rows"] + results[task]["rejected"]


def test_bad_records_of_an_object_are_kept_and_the_others_load(loaded, folder, copy, deliver, expected, tally):
    kinds = of_fate("quarantined", shape=(Value, Line))
    bad = [corrupt(copy, kind, LOG, line) for kind, line in zip(kinds, plays_of(copy)[::3], strict=False)]
    assert [one.kind for one in bad] == kinds
    deliver({LOG})
    results = tolerant(loaded).all()
    found = kept(loaded)
    for one in bad:
        with tally("bad inputs"):
            assert (LOG, one.line) in found, one
            require_explained(one, found.pop((LOG, one.line)))
    assert found == {}
    account(tally, results)
    assert results["stage_events"]["rejected"] == len(bad)
    for one in sorted(bad, key=lambda one: one.line, reverse=True):
        publishable(copy, folder, one)
    assert loaded.published() == expected(source=copy)


def test_bad_songs_are_kept_and_the_others_load(loaded, folder, copy, deliver, expected, tally):
    kinds = of_fate("quarantined", shape=(Value, Line), glob=SONGS)
    keys = sorted(path.relative_to(copy).as_posix() for path in copy.glob(SONGS))[: len(kinds)]
    bad = [corrupt(copy, kind, key) for kind, key in zip(kinds, keys, strict=True)]
    deliver(set(keys))
    results = tolerant(loaded).all()
    found = kept(loaded)
    for one in bad:
        with tally("bad inputs"):
            require_explained(one, found.pop((one.key, 1)))
    assert found == {}
    account(tally, results)
    for one in bad:
        publishable(copy, folder, one)
    assert loaded.published() == expected(source=copy)


def test_odd_records_that_are_no_worse_load(loaded, folder, copy, deliver, expected, tally):
    kinds = of_fate("published", shape=(Value, Line))
    numbers = plays_of(copy)[: len(kinds)]
    bad = [corrupt(copy, kind, LOG, line) for kind, line in zip(kinds, reversed(numbers), strict=True)]
    deliver({LOG})
    results = loaded.run().all()
    assert kept(loaded) == {}
    for one in sorted(bad, key=lambda one: one.kind != "blank_line"):  # which moves the lines after it
        publishable(copy, folder, one)
    assert results["stage_events"]["rows"] == len((copy / LOG).read_bytes().split(b"\n"))
    for _ in bad:
        with tally("bad inputs"):
            assert loaded.published() == expected(source=copy)


def test_odd_songs_that_are_no_worse_load(loaded, folder, copy, deliver, expected, tally):
    kinds = of_fate("published", shape=(Value, Line), glob=SONGS)
    keys = sorted(path.relative_to(copy).as_posix() for path in copy.glob(SONGS))[: len(kinds)]
    bad = [corrupt(copy, kind, key) for kind, key in zip(kinds, keys, strict=True)]
    deliver(set(keys))
    loaded.run().all()
    assert kept(loaded) == {}
    for one in bad:
        publishable(copy, folder, one)
    for _ in bad:
        with tally("bad inputs"):
            assert loaded.published() == expected(source=copy)


@pytest.mark.parametrize("kind", of_fate("quarantined", shape=Object, glob=SONGS))
def test_a_song_object_that_holds_no_song_stops_nothing_and_is_told_once(
    loaded, folder, copy, deliver, expected, tally, kind
):
    bad = corrupt(copy, kind)
    deliver({bad.key})
    with tally("bad inputs"):
        assert loaded.run().all()["stage_songs"]["quarantined"] > 0
        found = kept(loaded)
        assert {key for key, _ in found} == {bad.key}
        assert all(KINDS[kind].reason in reason for _, _, reason, _ in found.values())
        publishable(copy, folder, bad)
        assert loaded.published() == expected(source=copy)
        next_hour = loaded.run("2018-12-01T05", "2018-12-01T06").all()
        assert next_hour["stage_songs"]["objects"] == 0
        assert next_hour["stage_songs"]["warnings"] == []
        assert kept(loaded) == found


@pytest.mark.parametrize("kind", of_fate("published", "quarantined", shape=Object))
def test_an_odd_object_is_read_as_far_as_it_can_be(loaded, folder, copy, deliver, expected, tally, kind):
    bad = corrupt(copy, kind)
    deliver({bad.key})
    lines = (folder / bad.key).read_bytes().split(b"\n")
    with tally("bad inputs"):
        results = loaded.run().all()
        staged = results["stage_events"]
        rejected = {"byte_order_mark": 1, "truncated_file": len(lines)}.get(kind)  # in which line
        assert list(kept(loaded)) == ([(LOG, rejected)] if rejected else [])
        if "empty" not in kind:
            assert staged["rows"] == len(lines) - (kind == "truncated_file")
        publishable(copy, folder, bad)
        assert loaded.published() == expected(source=copy)


@pytest.mark.parametrize(
    "kind", [kind for glob in (LOGS, SONGS, JSONPATHS_KEY) for kind in of_fate("stopped", glob=glob)]
)
def test_what_is_worse_stops_the_run_with_all_of_it_kept(loaded, copy, deliver, tally, kind):
    loaded.execute("delete from {star}.quarantine")  # what other kinds have left of the same object
    bad = corrupt(copy, kind)
    deliver({bad.key})
    with tally("bad inputs"):
        message = failure(loaded)
        assert KINDS[kind].reason in message
        assert bad.key in message or "quality checks failed" in message
        assert message.replace("\n", "").isprintable(), "what is shown does nothing to a terminal"
        if "records cannot be loaded into" in message:
            assert "clear this task with everything downstream" in message
            of_object = f"object_key = '{loaded.name}/{bad.key}'"
            ((count,),) = loaded.sql(
                f"select count(*) from {{star}}.quarantine where resolved_at is null and {of_object}"
            )
            assert message.startswith(f"{count} of ")


@pytest.mark.parametrize("kind", of_fate("warned", glob=SONGS))
def test_what_a_check_warns_of_is_published(loaded, copy, deliver, expected, tally, kind):
    bad = corrupt(copy, kind)
    deliver({bad.key})
    with tally("bad inputs"):
        assert loaded.run().all()["check_quality"]["warned"] == 1
        assert loaded.published() == expected(source=copy)


def test_every_kind_of_bad_input_is_tried():
    assert len(KINDS) >= 40
    assert {kind.fate for kind in KINDS.values()} == {"quarantined", "published", "warned", "stopped"}
    assert {kind.glob for kind in KINDS.values()} == {LOGS, SONGS, JSONPATHS_KEY}


def test_the_page_of_bad_input_lists_the_rules():
    page = (Path(__file__).parents[3] / "include/docs/bad-input.md").read_text()
    for feed, names, others in (
        ("events", [rule.name for rule in EVENTS.rules], "a record is of the day of its object"),
        ("songs", [rule.name for rule in SONGS_FEED.rules], IS_KNOWN.name),
    ):
        assert f"| {feed} | {'; '.join([*names, others])} |" in page


def failure(pipeline, run: Run | None = None, kind: type[AirflowException] = AirflowFailException) -> str:
    """The message of a run that must fail, after it is sure that nothing was published and nothing lost."""
    published, source = pipeline.published(), pipeline.source()
    with pytest.raises(kind) as stopped:
        (run or pipeline.run()).all()
    assert issubclass(stopped.type, AirflowFailException) == (kind is AirflowFailException), "whether a retry may help"
    assert pipeline.published() == published
    assert pipeline.source() == source
    assert leaked(pipeline.sandbox.state, [str(stopped.value), repr(stopped.value.__cause__)]) == []
    return str(stopped.value)


def changed(loaded, **variables: str) -> Run:
    run = loaded.run()
    run.variables = run.variables | variables
    return run


def test_a_missing_role_is_named(loaded):
    arn = "arn:aws:iam::123456789012:role/nobody"
    message = failure(loaded, changed(loaded, sparkify_iam_role=arn))
    assert arn in message
    assert "staging_events" in message


def test_a_missing_source_bucket_is_named(loaded):
    message = failure(loaded, changed(loaded, sparkify_source="s3://no-such-bucket-here"))
    assert "'no-such-bucket-here'" in message
    assert "'sparkify_aws'" in message


def test_a_missing_work_bucket_is_named(loaded):
    message = failure(loaded, changed(loaded, sparkify_work="s3://no-such-bucket-here/manifests"))
    assert "'no-such-bucket-here'" in message


def test_a_source_that_is_no_address_is_named(loaded):
    message = failure(loaded, changed(loaded, sparkify_source="/data/sparkify"))
    assert "The Variable sparkify_source is '/data/sparkify', which is not an address in S3" in message


def test_a_prefix_without_any_object_is_named(loaded):
    message = failure(loaded, changed(loaded, sparkify_source="s3://sparkify-source/nothing-is-here"))
    assert "no object below s3://sparkify-source/nothing-is-here/log_data/" in message


def test_a_prefix_with_nothing_but_folder_markers_is_without_any_object(pipeline):
    pipeline.put("log_data/", b"")
    pipeline.put("log_data/2018/", b"")
    run = pipeline.run()
    run.task("prepare")
    with pytest.raises(AirflowFailException, match="no object below"):
        run.task("stage_events")


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        (None, None, "not clear which hours"),
        ("2018-12-02", "2018-12-01", "start must be before end"),
        ("2018-12-01", None, "give both params"),
    ],
)
def test_a_run_without_a_proper_interval_stops_at_its_first_task(loaded, start, end, problem):
    before = loaded.published(), loaded.schemas()
    with pytest.raises(AirflowFailException, match=problem):
        loaded.run(start, end).task("prepare")
    assert (loaded.published(), loaded.schemas()) == before


def connection(environment: dict[str, str], **changes: object) -> str:
    return json.dumps(json.loads(environment["AIRFLOW_CONN_SPARKIFY_REDSHIFT"]) | changes)


def test_a_wrong_password_is_not_tried_again(loaded, environment, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_REDSHIFT", connection(environment, password="not-the-password"))
    message = failure(loaded)
    assert "'sparkify_redshift'" in message
    assert re.search(r"password authentication failed for user .awsuser", message)
    assert "not-the-password" not in message


def test_a_database_that_is_not_there_is_not_tried_again(loaded, environment, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_REDSHIFT", connection(environment, schema="nowhere"))
    assert "nowhere" in failure(loaded)


def test_a_warehouse_that_does_not_answer_is_tried_again(loaded, environment, monkeypatch, free_port):
    # the provider's hook tries five times itself, and waits 15 seconds in all
    monkeypatch.setattr(RedshiftSQLHook.get_conn.retry, "wait", tenacity.wait_none())
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_REDSHIFT", connection(environment, port=free_port))
    message = failure(loaded, kind=AirflowException)
    assert f"Connecting to 127.0.0.1:{free_port}, database 'dev', as 'awsuser'" in message
    assert "'sparkify_redshift'" in message
    assert "tried again" in message


def test_an_unreachable_s3_is_tried_again(loaded, environment, monkeypatch, free_port):
    aws = json.loads(environment["AIRFLOW_CONN_SPARKIFY_AWS"])
    aws["extra"] |= {
        "endpoint_url": f"http://127.0.0.1:{free_port}", "config_kwargs": {"retries": {"total_max_attempts": 1}},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_AWS", json.dumps(aws))
    message = failure(loaded, kind=AirflowException)
    assert "sparkify_aws" in message
