"""The maintenance DAG, by its operators over a schema in which something was published."""

import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.pipeline import DAGS, Run

OLD, RECENT = "dateadd(year, -6, sysdate)", "dateadd(day, -30, sysdate)"
BOOKS = ("quarantine", "quality_results", "published_runs", "loaded_hours", "loaded_objects")


@pytest.fixture(scope="module")
def maintenance():
    return DagBag(DAGS).dags["sparkify_maintenance"]


def maintained(loaded, dag):
    run = Run(dag, None, None, loaded.variables)
    return {task.task_id: run.task(task.task_id) for task in dag.topological_sort()}


def counts(loaded):
    return {table: loaded.sql(f"select count(*) from {{star}}.{table}")[0][0] for table in BOOKS}


def test_it_runs_at_night_once_at_a_time(maintenance):
    assert maintenance.max_active_runs == 1
    assert not maintenance.catchup
    assert [task.task_id for task in maintenance.topological_sort()] == ["expire", "tune"]


def test_what_is_recent_stays(loaded, maintenance):
    before, published = counts(loaded), loaded.published()
    assert maintained(loaded, maintenance)["tune"]["tables"] > 10
    assert counts(loaded) == before
    assert loaded.published() == published
    assert loaded.run().all()["stage_songs"]["objects"] == 0, "songs are known"


def test_what_is_old_goes_but_for_the_songs_that_are_there(loaded, maintenance):
    rows = [("1", OLD, "null"), ("2", RECENT, OLD), ("3", RECENT, "null"), ("4", RECENT, RECENT)]
    values = [f"('{name}', 't', 'b', 'k', 'e', 'why', 'r', {kept}, {resolved})" for name, kept, resolved in rows]
    columns = "record_id, staged_table, bucket, object_key, etag, reason, run_id, quarantined_at, resolved_at"
    loaded.execute(f"insert into {{star}}.quarantine ({columns}) values {', '.join(values)}")
    for table, column in (
        ("quality_results", "checked_at"), ("published_runs", "published_at"), ("loaded_objects", "loaded_at")
    ):  # fmt: skip
        loaded.execute(f"update {{star}}.{table} set {column} = {OLD}")
    loaded.execute(f"update {{star}}.loaded_hours set published_at = {OLD}")
    songs = loaded.sql("select count(*) from {star}.loaded_objects where day is null")[0][0]
    maintained(loaded, maintenance)
    assert loaded.sql("select trim(record_id) from {star}.quarantine order by 1") == [("3",), ("4",)]
    left = counts(loaded)
    assert {table: left[table] for table in ("quality_results", "published_runs", "loaded_hours")} == {
        "quality_results": 0, "published_runs": 0, "loaded_hours": 0
    }  # fmt: skip
    assert left["loaded_objects"] == songs > 0


def test_statistics_are_renewed(loaded, maintenance):
    loaded.run().all()
    maintained(loaded, maintenance)
    rows = loaded.sql("select tbl_rows from svv_table_info where schema = '{star}' and \"table\" = 'songplays'")
    assert rows == loaded.sql("select count(*) from {star}.songplays")
