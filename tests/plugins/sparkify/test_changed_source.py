"""What the source says now is what is published, once its hour or its song is loaded again."""

import json
import shutil
from datetime import datetime, timedelta

import pytest

FIRST, LAST = "2018-12-01", "2018-12-02"
LOG = "log_data/2018/12/2018-12-01-events.json"


@pytest.fixture
def source(tmp_path, folder):
    """A copy of the sample that a test may change."""
    return shutil.copytree(folder, tmp_path / "source")


def reload(pipeline, source):
    pipeline.upload(source)
    return pipeline.run(FIRST, LAST).all()


def edit(path, change):
    """Rewrite the records of a file; a change that returns None removes one."""
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    kept = [changed for record in records if (changed := change(record)) is not None]
    assert kept != records, "nothing changed"
    path.write_bytes("\n".join(map(json.dumps, kept)).encode())


def song_file(source, song_id):
    return next(
        path for path in source.glob("song_data/**/*.json") if json.loads(path.read_bytes())["song_id"] == song_id
    )


def test_an_event_that_is_removed_takes_its_users_level_back(pipeline, source, expected):
    reload(pipeline, source)
    levels = dict(pipeline.sql("select user_id, level from {star}.users"))
    changed = "select user_id from {star}.songplays group by 1 having count(distinct level) > 1 order by 1 limit 1"
    ((user,),) = pipeline.sql(changed)
    edit(source / LOG, lambda e: None if e["userId"] == str(user) and e["level"] == levels[user] else e)
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    assert dict(pipeline.sql("select user_id, level from {star}.users"))[user] != levels[user]


def test_a_user_whose_last_play_is_removed_is_gone(pipeline, source, expected):
    reload(pipeline, source)
    user = pipeline.sql("select min(user_id) from {star}.users")[0][0]
    edit(source / LOG, lambda e: None if e["userId"] == str(user) else e)
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    assert pipeline.sql("select min(user_id) from {star}.users")[0][0] > user


def test_a_users_earlier_hour_decides_again_when_the_later_one_is_emptied_by_a_run_of_its_own(
    pipeline, source, expected
):
    """The latest hour known is one of those replaced, so the user's whole history is looked at."""
    reload(pipeline, source)
    sql = "select user_id, max(hour)::varchar from {star}.user_hours group by 1 having count(*) > 1 order by 1 limit 1"
    ((user, hour),) = pipeline.sql(sql)
    edit(source / LOG, lambda e: None if e["userId"] == str(user) and hour_of(e) == hour[11:13] else e)
    pipeline.upload(source)
    begin = int(hour[11:13])
    pipeline.run(f"{FIRST}T{begin:02}", f"{FIRST}T{begin + 1:02}" if begin < 23 else LAST).all()
    assert pipeline.published() == expected(FIRST, LAST, source)


def hour_of(event):
    return f"{event['ts'] // 3_600_000 % 24:02}"


def test_hours_that_are_emptied_one_after_the_other_leave_no_trace_of_a_user(pipeline, source, expected):
    reload(pipeline, source)
    sql = "select user_id, min(hour)::varchar, max(hour)::varchar from {star}.user_hours group by 1 having count(*) = 2"
    user, first, last = min(pipeline.sql(sql))
    for hour in (last, first):
        edit(source / LOG, lambda e, h=hour[11:13]: None if e["userId"] == str(user) and hour_of(e) == h else e)
        pipeline.upload(source)
        pipeline.run(hour, after(hour)).all()
        assert pipeline.published() == expected(FIRST, LAST, source)
    assert pipeline.sql(f"select count(*) from {{star}}.users where user_id = {user}") == [(0,)]


def test_an_hour_that_another_run_published_decides_when_a_later_one_is_emptied(pipeline, source, expected):
    """A run that was overtaken by another one in an hour knows that hour only from what is published."""
    one = next(e for line in (source / LOG).read_bytes().splitlines() if (e := json.loads(line))["page"] == "NextSong")

    def write(**levels):
        lines = [{**one, "userId": "950", "level": level, "ts": at(int(h[1:]))} for h, level in levels.items()]
        (source / LOG).write_bytes("\n".join(map(json.dumps, lines)).encode())
        pipeline.upload(source)

    write(h1="free", h3="free")
    pipeline.run(FIRST, LAST).all()
    write(h1="free")
    overtaken = pipeline.run(FIRST, LAST)
    for task in overtaken.dag.topological_sort()[:-3]:
        overtaken.task(task.task_id)
    write(h1="free", h2="paid")
    pipeline.run(f"{FIRST}T02:00", f"{FIRST}T03:00").all()
    overtaken.task("publish")
    overtaken.task("cleanup")
    assert pipeline.published() == expected(FIRST, LAST, source)


def after(hour):
    return (datetime.fromisoformat(hour) + timedelta(hours=1)).isoformat()


def at(hour):
    return int(datetime.fromisoformat(f"{FIRST}T{hour:02}:00:01+00:00").timestamp() * 1000)


def test_a_play_that_is_corrected_no_longer_follows_its_old_song(pipeline, source, expected):
    reload(pipeline, source)
    ((song, title),) = pipeline.sql(
        "select song_id, title from {star}.songs where song_id = (select min(song_id) from {star}.songplays)"
    )
    edit(source / LOG, lambda e: {**e, "song": "Misheard"} if e["song"] == title else e)
    reload(pipeline, source)
    edit(song_file(source, song), lambda record: {**record, "year": 1999})
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)


def test_a_corrected_title_moves_its_links_and_back(pipeline, source, expected):
    reload(pipeline, source)
    ((song, plays),) = pipeline.sql(
        "select song_id, count(*) from {star}.songplays where song_id is not null group by 1 order by 2 desc, 1 limit 1"
    )
    path = song_file(source, song)
    original = path.read_bytes()
    edit(path, lambda record: {**record, "title": "Corrected"})
    assert reload(pipeline, source)["stage_songs"]["objects"] == 1
    assert pipeline.published() == expected(FIRST, LAST, source)
    assert pipeline.sql(f"select count(*) from {{star}}.songplays where song_id = '{song}'")[0][0] < plays
    path.write_bytes(original)
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)


def test_a_song_object_that_becomes_another_song_takes_the_old_one_away(pipeline, source, expected):
    reload(pipeline, source)
    ((song,),) = pipeline.sql("select min(song_id) from {star}.songplays")
    edit(song_file(source, song), lambda record: {**record, "song_id": "SOZZZZZZZZZZZZZZZZ"})
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    assert pipeline.sql(f"select count(*) from {{star}}.songs where song_id = '{song}'") == [(0,)]


def test_a_song_object_that_is_removed_takes_its_song_and_links_away(pipeline, source, expected):
    reload(pipeline, source)
    ((song,),) = pipeline.sql("select min(song_id) from {star}.songplays")
    path = song_file(source, song)
    path.unlink()
    pipeline.remove(path.relative_to(source).as_posix())
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    assert pipeline.sql(f"select count(*) from {{star}}.songplays where song_id = '{song}'") == [(0,)]


@pytest.mark.parametrize("greater_first", [True, False])
def test_two_objects_that_describe_one_song_in_different_runs(pipeline, source, expected, greater_first):
    """Of what both say the greater counts, whichever came first; when that one is gone, the other."""
    path = next(source.glob("song_data/**/*.json"))
    twin = path.with_name("TRTWIN.json")
    record = json.loads(path.read_bytes())
    twin.write_text(json.dumps({**record, "title": "\U0001f3b5" if not greater_first else ""}))
    pipeline.upload(source, only=lambda key: "TRTWIN" not in key)
    pipeline.run(FIRST, LAST).all()
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    twin.unlink()
    pipeline.remove(twin.relative_to(source).as_posix())
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)


def test_two_objects_that_describe_one_song_in_one_run_are_told_apart(pipeline, source, expected):
    path = next(source.glob("song_data/**/*.json"))
    twin = path.with_name("TRTWIN.json")
    twin.write_text(json.dumps({**json.loads(path.read_bytes()), "title": "\U0001f3b5"}))
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)
    edit(twin, lambda record: {**record, "title": ""})
    assert reload(pipeline, source)["stage_songs"]["objects"] == 1
    assert pipeline.published() == expected(FIRST, LAST, source)


def test_a_day_whose_object_is_gone_is_published_as_empty_hours_and_comes_back(pipeline, source, expected):
    reload(pipeline, source)
    pipeline.remove(LOG)
    pipeline.run(FIRST, LAST).all()
    assert sum(pipeline.published()["songplays"].values()) == 0
    assert pipeline.sql("select count(*), sum(events) from {star}.loaded_hours where etag = ''") == [(24, 0)]
    reload(pipeline, source)
    assert pipeline.published() == expected(FIRST, LAST, source)


def test_every_object_is_recorded_with_its_version_lines_and_rows(loaded):
    rows = loaded.sql(
        "select object_key, etag, size_bytes, lines_scanned, rows_loaded, run_id is not null, day::varchar "
        "from {star}.loaded_objects where staged_table = 'staging_events'"
    )
    versions = loaded.source()
    ((key, etag, size, lines, loaded_rows, known, day),) = rows
    assert f'"{etag}"' == versions[key]
    assert (size > 0, lines == loaded_rows > 0, known, day) == (True, True, True, "2018-12-01 00:00:00")
