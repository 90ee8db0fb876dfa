"""Objects that the app replaces, removes or adds while they are being staged: what is staged is of one version."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.objects import ObjectReplacedError
from tests.killing import at_statement

LOG = "log_data/2018/12/2018-12-01-events.json"
STAGES = {"stage_events": "staging_events", "stage_songs": "staging_songs"}


@pytest.fixture
def prepared(prepared: Any, loaded: Any, folder: Path) -> Iterator[Any]:
    """A run over a source that is put right again."""
    prepared.schema = prepared.xcoms["prepare"]["run_schema"]
    yield prepared
    loaded.upload(folder)


def key_of(task: str, folder: Path) -> str:
    """One of the objects that a task stages."""
    if task == "stage_events":
        return LOG
    found = next(path for path in folder.glob("song_data/**/*.json") if b"SOTWINA" in path.read_bytes())
    return found.relative_to(folder).as_posix()


def version(key: str, folder: Path, number: int) -> bytes:
    """A version of an object that no other has: other values, and of the events fewer."""
    lines = (folder / key).read_bytes().split(b"\n")
    records = [json.loads(line) for line in lines][: max(1, len(lines) - number)]
    name = "userAgent" if key == LOG else "artist_location"
    return b"\n".join(json.dumps(record | {name: f"version {number}"}).encode() for record in records)


def staged(pipeline: Any, run: Any, task: str, key: str) -> tuple[set[str], int, list[tuple[Any, ...]]]:
    """What is staged of an object: the values that tell its version, how many rows; and what is noted of it."""
    table, full = STAGES[task], f"{pipeline.name}/{key}"
    name, where = ("useragent", "true") if key == LOG else ("artist_location", f"object_key = '{full}'")
    rows = pipeline.sql(f"select {name} from {run.schema}.{table} where {where}")
    noted = pipeline.sql(
        f"select etag, size_bytes, rows_loaded from {run.schema}.{table}_objects where object_key = '{full}'"
    )
    return {value for (value,) in rows}, len(rows), noted


def written(body: bytes) -> tuple[str, int, int]:
    """What must be noted of an object."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body), len(body.splitlines())


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("task", STAGES)
def test_what_is_replaced_meanwhile_is_staged_again(loaded, prepared, folder, monkeypatch, task, moment):
    key, number = key_of(task, folder), itertools.count(1)

    def replace() -> None:
        if (current := next(number)) <= 2:
            loaded.put(key, version(key, folder, current))

    at_statement(monkeypatch, "copy ", **{moment: replace})
    prepared.task(task)
    last = version(key, folder, 2)
    assert staged(loaded, prepared, task, key) == ({"version 2"}, len(last.splitlines()), [written(last)])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("task", STAGES)
def test_what_is_replaced_all_the_time_is_left_to_the_retry(loaded, prepared, folder, monkeypatch, task, moment):
    key, number = key_of(task, folder), itertools.count(1)
    with monkeypatch.context() as patch:
        at_statement(patch, "copy ", **{moment: lambda: loaded.put(key, version(key, folder, next(number)))})
        with pytest.raises(ObjectReplacedError, match=f"{key} .*while it was being.* tried again") as stopped:
            prepared.task(task)
    assert not isinstance(stopped.value, AirflowFailException), "Airflow tries it again"
    for table in (STAGES[task], f"{STAGES[task]}_objects", "table_stamps"):
        assert loaded.sql(f"select count(*) from {prepared.schema}.{table}") == [(0,)]
    prepared.task(task)
    last = version(key, folder, next(number) - 1)
    assert staged(loaded, prepared, task, key)[2] == [written(last)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("task", STAGES)
def test_what_is_removed_meanwhile_is_staged_as_gone(loaded, prepared, folder, monkeypatch, task, moment):
    key = key_of(task, folder)
    at_statement(monkeypatch, "copy ", **{moment: lambda: loaded.remove(key)})
    result = prepared.task(task)
    values, rows, noted = staged(loaded, prepared, task, key)
    assert (values, rows) == (set(), 0)
    assert noted == ([("", 0, None)] if task == "stage_events" else []), "a day is noted also if it has no object"
    assert loaded.sql(f"select count(*) from {prepared.schema}.{STAGES[task]}") == [(result["rows"],)]


def test_what_appears_meanwhile_is_staged_too(loaded, prepared, folder, monkeypatch):
    """A day that had no object when it was looked for."""
    loaded.remove(LOG)
    at_statement(monkeypatch, "delete from", after=lambda: loaded.put(LOG, version(LOG, folder, 1)))
    prepared.task("stage_events")
    body = version(LOG, folder, 1)
    assert staged(loaded, prepared, "stage_events", LOG) == ({"version 1"}, len(body.splitlines()), [written(body)])
