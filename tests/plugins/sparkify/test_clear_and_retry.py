"""Whatever is cleared, retried or left half done: no emptied hour, no mixture of attempts, nothing left behind."""

import time

import pytest
from airflow.sdk.exceptions import AirflowFailException

FINISHED = "manual__finished"
DAY = "2018-12-01"
BOOKS = (
    "select hour, run_id, etag, fingerprint from {star}.loaded_hours order by 1",
    "select object_key, etag, run_id from {star}.loaded_objects order by 1",
    "select * from {star}.play_match_keys order by songplay_id",
    "select * from {star}.user_hours order by hour, user_id",
    "select * from {star}.latest_user_hours order by user_id",
    "select * from {star}.song_objects order by song_id, object_key",
)
TASKS = ["stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists", "load_time",
         "check_quality", "publish"]  # fmt: skip


@pytest.fixture
def staged(loaded):
    """A run that has staged, loaded and checked everything, and not published."""
    run = loaded.run()
    for task in ["prepare", *TASKS[:-1]]:
        run.task(task)
    yield run
    loaded.execute(f"drop schema if exists {run.xcoms['prepare']['run_schema']} cascade")


@pytest.mark.parametrize("task", [name for name in TASKS if not name.startswith("stage")])
def test_a_task_of_a_finished_run_cleared_alone_says_what_to_clear(loaded, task):
    """Airflow clears a task's setup and teardown with it, but not its upstream."""
    before = loaded.published()
    run = loaded.run(run_id=FINISHED)
    run.task("prepare")
    with pytest.raises(AirflowFailException, match=r"Clear the task that fills it .* the whole run"):
        run.task(task)
    with pytest.raises(AirflowFailException, match="Nothing of this run was published"):
        run.task("cleanup")
    assert loaded.published() == before


def test_a_run_whose_tasks_all_run_twice_gives_the_same(pipeline, folder, expected):
    """Bugs 2 and 3: a task that has succeeded may be run again, since nobody heard of it."""
    pipeline.upload(folder)
    run = pipeline.run()
    for task in ["prepare", *TASKS]:
        run.task(task)
        run.task(task)
    assert pipeline.published() == expected()
    for table, key in (("loaded_objects", "object_key"), ("loaded_hours", "hour"), ("play_match_keys", "songplay_id")):
        assert pipeline.sql(f"select count(*) - count(distinct {key}) from {{star}}.{table}") == [(0,)], table


@pytest.mark.parametrize("task", ["stage_events", "stage_songs"])
def test_a_stage_of_a_finished_run_cleared_alone_publishes_nothing(loaded, task):
    before = loaded.published()
    run = loaded.run(run_id=FINISHED)
    run.task("prepare")
    run.task(task)
    with pytest.raises(AirflowFailException, match="Nothing of this run was published"):
        run.task("cleanup")
    assert loaded.published() == before


def test_staging_again_without_loading_again_is_refused(loaded, staged):
    before = loaded.published()
    staged.task("stage_events")
    for task in ("check_quality", "publish"):
        with pytest.raises(AirflowFailException, match="songplays was filled from a version of staging_events that"):
            staged.task(task)
    assert loaded.published() == before


def test_what_was_loaded_again_is_published_once_it_is_checked_again(loaded, staged):
    before = loaded.published()
    staged.task("load_users")
    with pytest.raises(AirflowFailException, match="check_quality was filled from a version of users that"):
        staged.task("publish")
    staged.task("check_quality")
    staged.task("publish")
    assert loaded.published() == before


def test_what_was_staged_before_a_newer_version_was_published_changes_nothing(pipeline, folder):
    pipeline.upload(folder)
    older = pipeline.run()
    for task in ["prepare", *TASKS[:-1]]:
        older.task(task)
    log = f"log_data/2018/12/{DAY}-events.json"
    song = next(path for path in folder.glob("song_data/**/*.json") if b"SOTWINA" in path.read_bytes())
    time.sleep(1.1)  # S3 tells the time of a version to the second
    pipeline.put(log, (folder / log).read_bytes().rsplit(b"\n", 1)[0])
    pipeline.put(song.relative_to(folder).as_posix(), song.read_bytes().replace(b'"duration":201.0', b'"duration":9.5'))
    pipeline.run().all()
    newest, books = pipeline.published(), [pipeline.sql(book) for book in BOOKS]
    older.task("publish")
    assert pipeline.published() == newest
    assert [pipeline.sql(book) for book in BOOKS] == books


def test_a_failed_run_keeps_its_schema_and_goes_on_from_the_failed_task(pipeline, folder, expected):
    pipeline.upload(folder, only=lambda key: "song_data" not in key)
    run = pipeline.run()
    with pytest.raises(AirflowFailException, match="no object below"):
        run.all()
    schema = run.xcoms["prepare"]["run_schema"]
    assert pipeline.schemas() == {schema}
    assert pipeline.sql(f"select count(*) > 0 from {schema}.staging_events") == [(True,)]
    pipeline.upload(folder, only=lambda key: "song_data" in key)
    for task in ["prepare", *[name for name in TASKS if name != "stage_events"], "cleanup"]:
        run.task(task)
    assert pipeline.published() == expected()
    assert pipeline.schemas() == set()


def test_a_failed_run_that_nobody_retried_is_cleaned_up_when_it_expires(loaded):
    for run_id in ("manual__old", "manual__young"):
        loaded.run(run_id=run_id).task("prepare")
    old, young = (loaded.run(run_id=f"manual__{name}").task("prepare")["run_schema"] for name in ("old", "young"))
    loaded.execute(
        "update {star}.run_schemas set created_at = dateadd(day, -8, created_at) where run_id = 'manual__old'"
    )
    other = loaded.run()
    other.task("prepare")
    other.xcoms["publish"] = {}
    assert set(other.task("cleanup")["dropped"]) == {old, other.xcoms["prepare"]["run_schema"]}
    assert old not in loaded.schemas()
    assert young in loaded.schemas()
    assert loaded.sql("select run_id from {star}.run_schemas where run_id = 'manual__old'") == []


def test_a_run_that_is_retried_late_keeps_its_schema(loaded):
    late = loaded.run(run_id="manual__late")
    schema = late.task("prepare")["run_schema"]
    loaded.execute("update {star}.run_schemas set created_at = dateadd(day, -8, created_at) where run_id like '%late'")
    late.task("prepare")
    other = loaded.run()
    other.task("prepare")
    other.xcoms["publish"] = {}
    other.task("cleanup")
    assert schema in loaded.schemas()


def test_a_broken_rule_of_severity_error_stops_before_publication_and_keeps_its_result(loaded, staged):
    before = loaded.published()
    schema = staged.xcoms["prepare"]["run_schema"]
    loaded.execute(f"update {schema}.songplays set level = 'platinum', session_id = null where user_id = 902")
    plays = loaded.sql(f"select count(*) from {schema}.songplays where user_id = 902")[0][0]
    assert plays > 0
    with pytest.raises(AirflowFailException) as stopped:
        staged.task("check_quality")
    assert "2 of " in str(stopped.value), "all rules are tried before it fails"
    assert f"songplays: level is one of free, paid: {plays} of" in str(stopped.value)
    kept = "select check_name, failed from {star}.quality_results where run_id = '%s' and not passed order by 1"
    assert loaded.sql(kept % staged.run_id) == [
        ("songplays.session_id is not null", plays),
        ("songplays: level is one of free, paid", plays),
    ]
    assert loaded.published() == before


def test_a_broken_rule_of_severity_warn_is_kept_and_published(pipeline, folder):
    pipeline.upload(folder)
    run = pipeline.run()
    for task in ["prepare", *TASKS[:-2]]:
        run.task(task)
    pipeline.execute(
        f"update {run.xcoms['prepare']['run_schema']}.songs set duration = -1 where song_id like 'SOTEXT%'"
    )
    assert run.task("check_quality")["warned"] == 1
    run.task("publish")
    assert pipeline.sql("select count(*) from {star}.songs where duration < 0")[0][0] == 9
    kept = "select check_name, severity, failed from {star}.quality_results where not passed"
    assert pipeline.sql(kept) == [("songs: duration is positive", "warn", 9)]


@pytest.mark.parametrize(
    "damage",
    [
        "insert into {run}.songplays select * from {run}.songplays where user_id = 902",
        "delete from {run}.users where user_id = 902",
        'delete from {run}."time" where extract(hour from start_time) = 9',
    ],
    ids=["duplicate", "no user", "no time"],
)
def test_what_the_checks_did_not_see_the_publication_proves_and_rolls_back(loaded, staged, damage):
    before = loaded.published()
    books = loaded.sql("select count(*) from {star}.published_runs")
    loaded.execute(damage.replace("{run}", staged.xcoms["prepare"]["run_schema"]))
    with pytest.raises(AirflowFailException, match="Nothing was published"):
        staged.task("publish")
    assert loaded.published() == before
    assert loaded.sql("select count(*) from {star}.published_runs") == books


def test_cleanup_runs_twice(loaded):
    run = loaded.run()
    run.task("prepare")
    run.xcoms["publish"] = {}
    assert run.task("cleanup") == run.task("cleanup") == {"dropped": [run.xcoms["prepare"]["run_schema"]]}
