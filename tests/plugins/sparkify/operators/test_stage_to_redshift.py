"""Through the weather example, which shows the operators with tables that are not Sparkify's."""

import json
from dataclasses import replace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify import copying
from sparkify.objects import Store
from tests.credentials import leaked
from tests.examples import weather

DAYS = ("2024-01-01", "2024-01-04")


@pytest.fixture
def station(pipeline):
    """The example's warehouse, and two of three days of readings."""
    pipeline.variables["weather_source"] = pipeline.variables["sparkify_source"]
    pipeline.execute("create schema weather")
    for table in (
        "staging_readings (station varchar(8), town varchar(8), taken_at timestamp, celsius double precision)",
        "stations (station varchar(8), town varchar(8))",
        "readings (station varchar(8), taken_at timestamp, celsius double precision)",
        "daily_means (day date, station varchar(8), mean double precision)",
        "publish_mutex (holder varchar(256), taken_at timestamp)",
    ):
        pipeline.execute(f"create table weather.{table}")
    put(pipeline, "2024-01-01.json", ("A", "Alder", 1.5), ("B", "Birch-on-Sea", 3.0))
    put(pipeline, "2024-01-03.json", ("A", "Alder", 2.5))
    yield replace(pipeline, dag=weather.dag)
    pipeline.execute("drop schema weather cascade")


def put(pipeline, name, *readings, prefix="readings/"):
    records = [
        {"station": station, "town": town, "taken_at": f"{name[:10]} 12:00:00", "celsius": celsius}
        for station, town, celsius in readings
    ]
    pipeline.put(prefix + name, "\n".join(map(json.dumps, records)).encode())


def stage(station, **changes):
    run = station.run(*DAYS)
    task = run.rendered("stage")
    for name, value in changes.items():
        setattr(task, name, value)
    return run.execute(task)


def test_the_example_runs_twice_with_the_same_result(station):
    for _ in range(2):
        run = station.run(*DAYS)
        results = {task.task_id: run.task(task.task_id) for task in weather.dag.topological_sort()}
    assert {name: results["stage"][name] for name in ("objects", "lines", "rows")} == {
        "objects": 2,
        "lines": 3,
        "rows": 3,
    }
    assert station.sql("select * from weather.stations order by 1") == [("A", "Alder"), ("B", "Birch-on")]
    assert station.sql("select day::varchar, station, mean from weather.daily_means order by 1, 2") == [
        ("2024-01-01", "A", 1.5),
        ("2024-01-01", "B", 3.0),
        ("2024-01-03", "A", 2.5),
    ]


def test_a_missing_object_fails_or_is_skipped_as_asked(station):
    with pytest.raises(AirflowFailException, match=r"1 expected objects are missing or empty: .*2024-01-02\.json"):
        stage(station, missing="fail")
    assert station.sql("select count(*) from weather.staging_readings") == [(0,)]
    for policy in ("warn", "skip"):
        assert stage(station, missing=policy)["rows"] == 3


def test_staging_replaces_what_an_earlier_run_left(station):
    """Bug 2."""
    for _ in range(2):
        assert stage(station)["rows"] == 3
        assert station.sql("select count(*) from weather.staging_readings") == [(3,)]


def test_backups_neighbours_and_folder_markers_are_left_out(station):
    """Bug 1: a manifest lists objects; a prefix would take whatever begins like it."""
    put(station, "2024-01-01.json.bak", ("X", "Backup", 0.0))
    put(station, "2024-01-01.json", ("X", "Other", 0.0), prefix="readings-of-others/")
    station.put("readings/", b"")
    assert stage(station)["rows"] == 3
    assert stage(station, key_format=None, pattern="*.json")["rows"] == 3


def test_an_object_that_is_replaced_after_it_was_copied_is_copied_again(station, monkeypatch):
    """What is noted as staged is the version that was staged."""
    count = copying.loaded

    def replaced_meanwhile(session):
        monkeypatch.undo()
        put(station, "2024-01-01.json", ("C", "Cedar", 9.0))
        return count(session)

    monkeypatch.setattr(copying, "loaded", replaced_meanwhile)
    assert stage(station)["rows"] == 2
    assert station.sql("select station from weather.staging_readings order by 1") == [("A",), ("C",)]


def test_an_object_that_is_broken_only_while_it_is_copied_is_copied_again(station, monkeypatch):
    """A failed COPY says nothing about an object that is not the one that it read."""
    write, versions = Store.write_manifest, [b'{"taken_at": "soon"}', b'{"station": "C"}']

    def replaced_meanwhile(store, url, objects):
        write(store, url, objects)
        if versions:
            station.put("readings/2024-01-01.json", versions.pop(0))

    monkeypatch.setattr(Store, "write_manifest", replaced_meanwhile)
    assert stage(station)["rows"] == 2
    assert versions == []


def test_a_failed_copy_leaves_the_staged_rows_of_before(station):
    stage(station)
    station.put("readings/2024-01-02.json", b'{"station": "A", "taken_at": "yesterday"}')
    with pytest.raises(AirflowFailException, match=r"2024-01-02\.json, line 1: column 'taken_at'"):
        stage(station)
    assert station.sql("select count(*) from weather.staging_readings") == [(3,)]


def test_no_credential_is_in_what_is_run_rendered_or_logged(station, capfd, caplog):
    """Bug 6: the role is all that COPY carries."""
    run = station.run(*DAYS)
    task = run.rendered("stage")
    run.execute(task)
    output = capfd.readouterr()
    said = (
        f"{output.out} {output.err} {caplog.text} {[getattr(task, name) for name in task.template_fields]} {run.xcoms}"
    )
    assert "iam_role default" in said
    assert "format as json 'auto'" in said
    assert leaked(station.sandbox.state, [said]) == []
