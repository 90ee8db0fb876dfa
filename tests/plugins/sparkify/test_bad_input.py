"""Bad input ends in one clear error: nothing published, nothing lost, and no retry of what a retry cannot cure."""

import json
import re
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import tenacity
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from include.sandbox.sample.corrupt import KINDS, Corruption, corrupt
from tests.pipeline import Run

LOADED = {"nul_character", "play_without_user", "empty_file", "song_empty_file"}  # tested below, or by the stand-in
QUICK = {"value_too_long_in_bytes", "text_for_number", "invalid_utf8", "broken_json", "gzip_file", "truncated_file",
         "song_text_for_number", "song_without_id", "unknown_level", "missing_timestamp", "timestamp_in_seconds",
         "jsonpaths_missing", "jsonpaths_broken", "jsonpaths_too_short"}  # fmt: skip
CHECKED = {
    "unknown_level": "songplays: level is one of free, paid: 1 of",
    "missing_timestamp": "staging_events.ts is not null: 1 of",
    "timestamp_in_seconds": "staging_events: ts is in milliseconds: 1 of",
    "song_without_id": "songs.song_id is not null: 1 of",
}


@contextmanager
def spoiled(pipeline, folder: Path, copy: Path, kind: str):
    """The source with one bad object in it."""
    bad = corrupt(shutil.copytree(folder, copy), kind)
    if (copy / bad.key).exists():
        pipeline.put(bad.key, (copy / bad.key).read_bytes())
    else:
        pipeline.remove(bad.key)
    yield bad
    pipeline.put(bad.key, (folder / bad.key).read_bytes())


def failure(pipeline, run: Run | None = None, kind: type[AirflowException] = AirflowFailException) -> str:
    """The message of a run that must fail, after it is sure that nothing was published and nothing lost."""
    published, source = pipeline.published(), pipeline.source()
    with pytest.raises(kind) as stopped:
        (run or pipeline.run()).all()
    assert stopped.type is kind, "whether a retry may help"
    assert pipeline.published() == published
    assert pipeline.source() == source
    return str(stopped.value)


def of_kinds(*, matching: Callable[[str], bool]):
    names = [kind for kind in KINDS if kind not in LOADED and matching(kind)]
    return [pytest.param(kind, marks=() if kind in QUICK else pytest.mark.long) for kind in names]


@pytest.mark.parametrize("kind", of_kinds(matching=lambda kind: "jsonpaths" not in kind and kind not in CHECKED))
def test_a_record_that_cannot_be_loaded_is_named(loaded, folder, tmp_path, kind):
    with spoiled(loaded, folder, tmp_path / "bucket", kind) as bad:
        if kind == "nul_byte":
            bad = replace(bad, column=None)  # JSON allows no raw control character: the whole record is unreadable
        message = failure(loaded)
        line = bad.line or _last_line(tmp_path / "bucket" / bad.key, kind)
        assert f"{loaded.variables['sparkify_source']}/{bad.key}, line {line}: " in message
        assert_value_is_shown(message, bad)
        assert "clear this task with everything downstream" in message
        column = (bad.column or "").lower()
        assert loaded.sql(
            "select 1 from sys_load_error_detail where file_name like "
            f"'%{loaded.name}/{bad.key}%' and line_number = {line} and trim(column_name) = '{column}'"
        ), "the detail is there to query although the transaction was rolled back"


def assert_value_is_shown(message: str, bad: Corruption) -> None:
    if bad.column:
        assert f"column '{bad.column.lower()}'" in message
    if bad.value:
        shown = bad.value.decode(errors="replace")[:100]
        assert shown in message.replace("\\\\", "\\") or not shown.isprintable()
    assert message.replace("\n", "").isprintable(), "what is shown does nothing to a terminal"


def _last_line(path: Path, kind: str) -> int:
    return len(path.read_bytes().split(b"\n")) if kind == "truncated_file" else 1


def test_a_number_column_is_described_without_a_length(loaded, folder, tmp_path):
    with spoiled(loaded, folder, tmp_path / "bucket", "text_for_user"):
        assert "column 'userid' (int8) cannot be loaded into" in failure(loaded)


@pytest.mark.parametrize("kind", of_kinds(matching=CHECKED.__contains__))
def test_a_record_that_loads_but_breaks_a_rule_is_counted(loaded, folder, tmp_path, kind):
    with spoiled(loaded, folder, tmp_path / "bucket", kind):
        message = failure(loaded)
    assert CHECKED[kind] in message
    assert message.startswith("1 of "), "only the rule that is broken is named"


def test_a_play_of_nobody_is_told_and_left_out(loaded, folder, tmp_path):
    """Bug 14: an empty userId is never a user."""
    before = loaded.published()["songplays"]
    with spoiled(loaded, folder, tmp_path / "bucket", "play_without_user"):
        assert loaded.run().all()["check_quality"]["warned"] == 1
        after = loaded.published()["songplays"]
        assert after < before
        assert after.total() == before.total() - 1
    loaded.run().all()
    assert loaded.published()["songplays"] == before


@pytest.mark.parametrize("kind", of_kinds(matching=lambda kind: "jsonpaths" in kind))
def test_a_jsonpaths_file_that_is_missing_or_broken_is_named(loaded, folder, tmp_path, kind):
    with spoiled(loaded, folder, tmp_path / "bucket", kind):
        message = failure(loaded)
    assert f"{loaded.variables['sparkify_source']}/log_json_path.json" in message


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
    assert "'/data/sparkify/log_data/' is not an address in S3" in message


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
        (None, None, "has no interval"),
        ("2018-12-02", "2018-12-01", "start must be before end"),
        ("2018-12-01", None, "give both or neither"),
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
