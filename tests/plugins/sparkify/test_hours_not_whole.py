"""Hours that an earlier version called loaded although they were not are found when the schema is next prepared."""

from datetime import datetime, timedelta

import pytest

from sparkify import interval

BOTH = ("2018-12-01", "2018-12-03")
CHANGE = 7
HOUR = timedelta(hours=1)
# What a range of the year 12 left, whose text was read as 2018-12-02: the plays gone, the hour "without an object".
OF_THE_YEAR_12 = (
    "delete from {star}.songplays where date_trunc('hour', start_time) = '2018-12-02 20:00:00'",
    "update {star}.loaded_hours set etag = '', plays = 0, loaded_at = sysdate where hour = '2018-12-02 20:00:00'",
    "insert into {star}.loaded_objects (bucket, object_key, etag, last_modified, size_bytes, day, staged_table, "
    "run_id, loaded_at) select bucket, 'log_data/12/12/12-12-02-events.json', '', last_modified, 0, day, staged_table, "
    "run_id, loaded_at from {star}.loaded_objects where day = '2018-12-02'",
)
# What a typo in the year left, and an hour that was loaded before it was over.
TOO_EARLY = (
    "insert into {star}.loaded_hours (hour, run_id, events, plays, fingerprint, published_at) values "
    "('2030-01-01 05:00:00', 'manual__1', 0, 0, 0, sysdate), ('2019-01-01 05:00:00', 'manual__1', 3, 3, 3, "
    "'2019-01-01 05:59:59')"
)


@pytest.fixture
def earlier(pipeline, folder, monkeypatch):
    """A warehouse as the version before this change left it, with two days and all that it did wrong."""
    pipeline.upload(folder)
    pipeline.run(*BOTH).all()
    with monkeypatch.context() as patch:
        patch.setattr(interval, "_require_loadable", lambda *_: None)
        for start, end in (("09:00", "09:30"), ("10:30", "12:00")):
            pipeline.run(f"2018-12-01T{start}", f"2018-12-01T{end}").all()
    for statement in (*OF_THE_YEAR_12, TOO_EARLY):
        pipeline.execute(statement)
    pipeline.execute(f"delete from {{star}}.schema_versions where version = {CHANGE}")
    return pipeline


def hours(pipeline):
    return {hour for (hour,) in pipeline.sql("select hour from {star}.loaded_hours")}


def test_they_are_missing_and_are_right_when_they_are_loaded_again(earlier, expected):
    objects = earlier.sql(
        "select object_key from {star}.loaded_objects where object_key not like '%/12/12-%' order by 1"
    )
    whole = {datetime(2018, 12, 1) + n * HOUR for n in range(48)}
    assert hours(earlier) > whole
    assert earlier.run().task("prepare")["applied"] == [CHANGE]
    missing = {datetime(2018, 12, 1, 9), datetime(2018, 12, 1, 10), datetime(2018, 12, 2, 20)}
    assert hours(earlier) == whole - missing
    assert earlier.sql("select object_key from {star}.loaded_objects order by 1") == objects
    assert earlier.published() != expected(*BOTH)
    for hour in missing:
        earlier.run(hour.isoformat(), (hour + HOUR).isoformat()).all()
    assert hours(earlier) == whole
    assert earlier.published() == expected(*BOTH)
