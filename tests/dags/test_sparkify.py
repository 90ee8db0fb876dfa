"""The DAG's integrity in three layers: it loads; it has exactly these tasks and edges; it keeps the house's policy."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import CronDataIntervalTimetable

from sparkify.alerts import notify_failure, notify_late, notify_recovery, notify_run_failure, notify_warnings
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator
from sparkify.operators.warehouse import WarehouseOperator

ROOT = Path(__file__).parents[2]

EDGES = {
    "prepare": {"stage_events", "stage_songs", "cleanup"},
    "stage_events": {"load_songplays", "load_users", "load_time"},
    "stage_songs": {"load_songs", "load_artists"},
    "load_songplays": {"check_quality"},
    "load_users": {"check_quality"},
    "load_songs": {"check_quality"},
    "load_artists": {"check_quality"},
    "load_time": {"check_quality"},
    "check_quality": {"publish"},
    "publish": {"reprocess_stale"},
    "reprocess_stale": {"cleanup"},
    "cleanup": set(),
}


@pytest.fixture(scope="module")
def bag():
    return DagBag(ROOT / "dags")


@pytest.fixture(scope="module")
def dag(bag):
    return bag.dags["sparkify"]


def test_every_file_in_the_folder_loads_as_a_dag(bag):
    assert bag.import_errors == {}
    assert set(bag.dags) == {path.stem for path in (ROOT / "dags").glob("*.py")}


def test_tasks_and_edges_are_exactly_the_design(dag):
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == EDGES


def test_prepare_and_cleanup_are_setup_and_teardown(dag):
    assert dag.get_task("prepare").is_setup
    assert dag.get_task("cleanup").is_teardown
    assert dag.get_task("cleanup").on_failure_fail_dagrun, "a run that has not published is red, whoever marked it"


def test_the_schedule_gives_each_run_one_hour_and_no_history(dag):
    assert isinstance(dag.timetable, CronDataIntervalTimetable)
    assert dag.timetable.expression == "0 * * * *"
    assert str(dag.timetable.timezone) == "UTC"
    assert dag.catchup is False


def test_history_is_not_loaded_whatever_the_installation_says(monkeypatch):
    """Bug 15: what stands in default_args is not read, and the setting that counts then is the installation's."""
    monkeypatch.setenv("AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT", "True")
    found = DagBag(ROOT / "dags").dags["sparkify"]
    assert found.catchup is False
    assert found.start_date == datetime(2018, 11, 1, tzinfo=timezone.utc), "it does not move"


def test_keys_of_days_are_padded(dag):
    """Bug 16."""
    key = f"{datetime(2018, 1, 9):{dag.get_task('stage_events').key_format}}"
    assert key == "2018/01/2018-01-09-events.json"


def test_no_task_writes_where_another_run_does_before_it_publishes(dag):
    """Bug 5."""
    shared = [
        (task.task_id, name)
        for task in dag.tasks
        for name in ("table", "manifest", "staged_objects", "run_schema", "stamps_table")
        if "{{ run() }}" not in getattr(task, name, "{{ run() }}")
    ]
    assert shared == []


def test_a_person_finds_owner_tags_docs_and_range_params(dag):
    assert dag.tags >= {"sparkify"}
    assert "clear the\nfailed task" in dag.doc_md
    for name in ("start", "end"):
        param = dag.params.get_param(name)
        assert param.schema["format"] == "date-time", "the trigger form shows a date picker"
        assert param.resolve() is None


def test_every_task_keeps_the_policy(dag):
    for task in dag.tasks:
        assert task.owner == "data-platform", task.task_id
        assert task.retries >= 2, task.task_id
        assert task.retry_exponential_backoff > 1, task.task_id
        assert task.execution_timeout <= timedelta(hours=1), task.task_id
        assert task.on_failure_callback, task.task_id
        assert isinstance(task, WarehouseOperator), task.task_id
        assert task.pool == "redshift", task.task_id
        assert task.conn_id == "sparkify_redshift", task.task_id
        assert task.statement_timeout < task.execution_timeout, task.task_id


def test_someone_is_told_of_whatever_goes_wrong(dag):
    """A task that fails, one that is killed, a warning, a run that is late; and that it is over."""
    assert dag.on_failure_callback is notify_run_failure
    assert all(task.on_failure_callback[0] == notify_failure for task in dag.tasks)
    warning = [task.task_id for task in dag.tasks if task.on_success_callback == [notify_warnings]]
    assert warning == ["stage_events", "stage_songs", "check_quality"]
    (last,) = (task for task in dag.tasks if not task.downstream_task_ids)
    assert last.on_success_callback == [notify_recovery]
    assert last.on_failure_callback == [notify_failure, notify_recovery]
    (late,) = dag.deadline
    assert late.callback.path == f"{notify_late.__module__}.notify_late"
    assert late.interval > timedelta(hours=1), "the logical date is where the hour begins"


def test_only_publish_announces_assets_one_for_each_published_table(dag):
    announced = {task.task_id: {asset.name for asset in task.outlets} for task in dag.tasks if task.outlets}
    assert announced == {
        "publish": {
            "sparkify.songplays",
            "sparkify.users",
            "sparkify.songs",
            "sparkify.artists",
            "sparkify.time",
        }
    }


def test_copy_is_authorised_by_a_role_alone(dag):
    stages = [task for task in dag.tasks if isinstance(task, StageToRedshiftOperator)]
    assert len(stages) == 2
    for task in stages:
        assert task.iam_role == "{{ var.value.sparkify_iam_role }}"
        assert not any("key" in option.lower() or "credential" in option.lower() for option in task.copy_options)


def test_no_dag_opens_a_connection_or_reads_a_variable_when_it_is_parsed(monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("read while parsing")

    monkeypatch.setattr("airflow.sdk.Variable.get", forbidden)
    monkeypatch.setattr("airflow.sdk.Connection.get", forbidden)
    assert DagBag(ROOT / "dags").import_errors == {}


def test_no_module_below_plugins_hides_one_of_the_standard_library():
    """Airflow's plugin loader imports by bare stem whatever its ignore file does not name: the page, and no more."""
    assert "sparkify/" in (ROOT / "plugins" / ".airflowignore").read_text().split()
    assert [path.name for path in (ROOT / "plugins").iterdir() if path.suffix == ".py"] == ["sparkify_page.py"]
