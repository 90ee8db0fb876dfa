"""A run that is limited to a part redoes that part, and nothing else."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

DAMAGE = (
    "delete from {star}.songplays where user_id = 902",
    "update {star}.users set level = 'lost'",
    "update {star}.songs set title = 'lost'",
    "delete from {star}.artists",
)


@pytest.fixture
def damaged(pipeline, folder):
    """A warehouse in which somebody has changed the published tables by hand."""
    pipeline.upload(folder)
    pipeline.run().all()
    for statement in DAMAGE:
        pipeline.execute(statement)
    return pipeline


def books(pipeline):
    return pipeline.sql("select hour, run_id, published_at from {star}.loaded_hours order by 1")


def test_facts_only(damaged, expected):
    before, hours = damaged.published(), books(damaged)
    damaged.execute("update {star}.songplays set artist_id = null")  # which the proof would find missing
    run = damaged.run(only="facts")
    with pytest.raises(AirflowFailException, match=r"artist_id is in artists[^!]*The run is limited to facts"):
        run.all()
    damaged.run(only="dimensions").all()
    run = damaged.run(only="facts")
    run.all()
    assert run.skipped == {"stage_songs", "load_users", "load_songs", "load_artists", "load_time"}
    assert damaged.published() == expected()
    assert before["songplays"] != expected()["songplays"]
    assert books(damaged) == hours, "an hour counts as loaded by a run of everything"


def test_dimensions_only(damaged, expected):
    before = damaged.published()
    run = damaged.run(only="dimensions")
    results = run.all()
    assert run.skipped == {"load_songplays"}
    assert results["stage_songs"]["objects"] == 0, "they are made anew from what is known of the songs"
    after = damaged.published()
    assert {name: after[name] for name in after if name != "songplays"} == {
        name: rows for name, rows in expected().items() if name != "songplays"
    }
    assert after["songplays"] == before["songplays"]
    assert damaged.schemas() == set()


def test_checks_only(damaged):
    before = damaged.published()
    run = damaged.run(only="checks")
    with pytest.raises(AirflowFailException) as stopped:
        run.all()
    assert "published songplays.artist_id is in artists" in str(stopped.value)
    assert damaged.published() == before
    assert damaged.schemas() == set()


def test_checks_only_of_what_is_right(loaded):
    run = loaded.run(only="checks")
    results = run.all()
    assert {"stage_events", "stage_songs", "load_songplays", "load_users", "publish"} <= run.skipped
    assert results["check_quality"]["failed"] == 0
    assert results["check_quality"]["passed"] > 10
    assert loaded.schemas() == set()
