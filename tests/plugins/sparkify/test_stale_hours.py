"""Hours whose events have changed since they were published are found and loaded again; others are not."""

from __future__ import annotations

import json

import pytest

DAY, NEXT = "2018-12-01", "2018-12-02"
LOG = f"log_data/2018/12/{DAY}-events.json"
NEXT_LOG = f"log_data/2018/12/{NEXT}-events.json"


@pytest.fixture
def two_days(pipeline, folder):
    pipeline.upload(folder)
    pipeline.run(DAY, "2018-12-03").all()
    return pipeline


def scheduled(pipeline, hour="10", day=NEXT):
    run = pipeline.run(f"{day}T{hour}:00", f"{day}T{int(hour) + 1:02}:00", run_type="scheduled")
    run.all()
    return run


def without(folder, key, hour):
    """A day's object without the events of one of its hours."""
    lines = (folder / key).read_bytes().splitlines()
    kept = [line for line in lines if json.loads(line)["ts"] // 3_600_000 % 24 != hour]
    assert len(kept) < len(lines)
    return b"\n".join(kept)


def busy_hours(folder, key):
    return sorted({json.loads(line)["ts"] // 3_600_000 % 24 for line in (folder / key).read_bytes().splitlines()})


def test_a_changed_hour_of_yesterday_is_handed_to_one_range_run(two_days, folder, expected, tmp_path):
    first, *_, last = busy_hours(folder, LOG)
    two_days.put(LOG, without(folder, LOG, last))
    run = scheduled(two_days)
    assert run.triggered.conf == {"start": f"{DAY}T{last:02}:00:00+00:00", "end": later(last)}
    assert run.triggered.skip_when_already_exists
    assert not run.triggered.reset_dag_run
    again = scheduled(two_days)
    assert again.triggered.dag_run_id == run.triggered.dag_run_id, "asked for twice it is the same run"
    two_days.put(LOG, without(folder, LOG, first))
    other = scheduled(two_days)
    assert other.triggered.dag_run_id != run.triggered.dag_run_id
    two_days.run(other.triggered.conf["start"], other.triggered.conf["end"]).all()
    assert scheduled(two_days).triggered is None
    assert two_days.schemas() == set()


def test_an_hour_that_changes_twice_is_loaded_again_twice(two_days, folder):
    last = busy_hours(folder, LOG)[-1]
    lines = (folder / LOG).read_bytes().splitlines()
    assert json.loads(lines[-1])["ts"] // 3_600_000 % 24 == last
    two_days.put(LOG, b"\n".join(lines[:-1]))
    first = scheduled(two_days).triggered
    two_days.put(LOG, without(folder, LOG, last))
    second = scheduled(two_days).triggered
    assert first.conf == second.conf
    assert first.dag_run_id != second.dag_run_id


def test_a_change_of_any_column_changes_the_fingerprint(corner):
    templates = corner.dag.get_template_env()
    table = f"{corner.name}.events"
    corner.execute(templates.get_template("create/staging_events.sql").render(events=table))
    found = corner.sql(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = '{star}' and table_name = 'events'"
    )
    assert len(found) == 18
    original = {name: "'a'" if kind == "character varying" else "1" for name, kind in found}
    original["ts"] = "1500000000000"  # the contract wants milliseconds
    prints = []
    for changed in [None, *original]:
        row = {name: f"'ab{name}'" if "'" in value else f"{value} + 1" for name, value in original.items()}
        values = [row[name] if name == changed else value for name, value in original.items()]
        corner.execute(f"delete from {table}")
        corner.execute(f"insert into {table} ({', '.join(original)}) values ({', '.join(values)})")
        ((_, events, fingerprint),) = corner.sql(templates.get_template("stale/fingerprints.sql").render(events=table))
        assert events == 1
        prints.append(fingerprint)
    assert len(set(prints)) == 1 + len(original)


def later(hour):
    return f"{DAY}T{hour + 1:02}:00:00+00:00" if hour < 23 else f"{NEXT}T00:00:00+00:00"


def test_a_changed_hour_of_the_runs_own_day_is_found_in_what_it_staged(two_days, folder):
    hours = busy_hours(folder, NEXT_LOG)
    late = next(hour for hour in hours if hour != 10)
    two_days.put(NEXT_LOG, without(folder, NEXT_LOG, late))
    run = scheduled(two_days)
    assert run.triggered.conf["start"] == f"{NEXT}T{late:02}:00:00+00:00"


def test_the_same_events_in_another_version_are_not_stale_and_not_read_twice(two_days, folder):
    two_days.put(LOG, b"\n".join(reversed((folder / LOG).read_bytes().splitlines())) + b"\n")
    versions = "select count(distinct etag) from {star}.loaded_hours where hour < '2018-12-02'"
    before = two_days.sql("select distinct etag from {star}.loaded_hours where hour < '2018-12-02'")
    assert scheduled(two_days).triggered is None
    assert two_days.sql(versions) == [(1,)]
    assert two_days.sql("select distinct etag from {star}.loaded_hours where hour < '2018-12-02'") != before


def test_a_day_whose_object_appears_late_or_disappears_is_stale(two_days, folder):
    two_days.remove(LOG)
    run = scheduled(two_days)
    hours = busy_hours(folder, LOG)
    assert run.triggered.conf == {"start": f"{DAY}T{hours[0]:02}:00:00+00:00", "end": later(hours[-1])}
    two_days.run(DAY, NEXT).all()
    assert scheduled(two_days).triggered is None
    two_days.put(LOG, (folder / LOG).read_bytes())
    assert scheduled(two_days).triggered.conf == run.triggered.conf


@pytest.mark.parametrize("days", ["0", "1"])
def test_how_far_it_looks_back_is_a_variable(two_days, folder, days):
    two_days.put(LOG, without(folder, LOG, busy_hours(folder, LOG)[0]))
    two_days.variables["sparkify_stale_days"] = days
    assert scheduled(two_days, "22").triggered is None, "more than a day ago"


def test_only_scheduled_runs_look_back(two_days, folder):
    two_days.put(LOG, without(folder, LOG, busy_hours(folder, LOG)[0]))
    run = two_days.run(NEXT, "2018-12-03")
    run.all()
    assert run.triggered is None
