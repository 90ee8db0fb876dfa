"""A publication replaces no hour that its run has not staged, whatever the text of its interval says."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

BEFORE_PUBLISH = (
    "prepare", "stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists", "load_time",
    "check_quality",
)  # fmt: skip


@pytest.fixture(scope="module")
def both_days(new_pipeline, folder):
    """With two days published, and a run over the first that has done everything but to publish."""
    made = new_pipeline()
    made.upload(folder)
    made.run("2018-12-01", "2018-12-03").all()
    run = made.run()
    for task_id in BEFORE_PUBLISH:
        run.task(task_id)
    yield made, run
    made.clear()


def published(pipeline):
    return pipeline.published(), pipeline.sql("select * from {star}.loaded_hours order by 1")


@pytest.mark.parametrize(
    "text",
    [
        {"start": "12-02-18 00:00:00", "end": "12-03-18 00:00:00"},  # which was meant to be in the year 12
        {"end": "2018-12-03 00:00:00"},
        {"start": "2018-12-01 00:30:00"},
    ],
    ids=["a year of two digits", "another end", "half an hour"],
)
def test_a_text_that_says_another_interval_is_found_before_commit(both_days, text):
    pipeline, run = both_days
    before = published(pipeline)
    publish = run.rendered("publish")
    publish.parameters |= text
    with pytest.raises(AirflowFailException) as stopped:
        run.execute(publish)
    assert "only hours that were staged are replaced" in str(stopped.value)
    assert "staged_from=2018-12-01 00:00:00, staged_to=2018-12-02 00:00:00" in str(stopped.value)
    assert published(pipeline) == before


def test_a_day_that_was_not_staged_is_found_before_commit(both_days):
    pipeline, run = both_days
    before = published(pipeline)
    pipeline.execute(f"delete from {run.xcoms['prepare']['run_schema']}.staging_events_objects")
    with pytest.raises(AirflowFailException, match="only hours that were staged are replaced: 24 of 24 hours"):
        run.task("publish")
    assert published(pipeline) == before
