"""The DAG's checks: what looks at the hours before warns, passes, or cannot tell; what follows from a failure."""

from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.star import BEFORE_COMMIT, BEFORE_PUBLICATION, OF_PUBLISHED

PAGE = Path(__file__).parents[3] / "include/docs/checks.md"
LOADS = ["stage_events", "stage_songs", "load_songplays", "load_users", "load_songs", "load_artists", "load_time"]
HOUR = datetime(2018, 12, 3, 18)
WEEK = timedelta(days=7)
COUNT = "songplays: plays an hour are as many as usual"
FRESH = "songplays: somebody played in the last 24 hours"
MATCHED = "songplays: plays are of a known song"


@pytest.fixture(scope="module")
def prepared_star(new_pipeline):
    made = new_pipeline()
    run = made.run(run_id="judged")
    run.task("prepare")
    made.run_schema = run.xcoms["prepare"]["run_schema"]
    yield made
    made.clear()


class Judge:
    """Runs one of the checks over an interval, given what is known before it."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        for table in ("{star}.loaded_hours", "{star}.published_runs", "{star}.song_catalog", "{star}.quality_results"):
            pipeline.execute(f"delete from {table}")
        pipeline.execute(f"delete from {pipeline.run_schema}.songplays")
        pipeline.execute(f"delete from {pipeline.run_schema}.songs")

    def knows(self, hours):
        values = ", ".join(f"('{hour}', 'r', {plays}, {plays}, 0, sysdate)" for hour, plays in hours.items())
        columns = "hour, run_id, events, plays, fingerprint, published_at"
        self.pipeline.execute(f"insert into {{star}}.loaded_hours ({columns}) values {values}")

    def plays(self, hours, title="Pylons"):
        values = [
            f"('{n}-{hour:%d%H}', timestamp '{hour}' + {n} * interval '1 second', '{title}', 'Embers', 201.5)"
            for hour, times in hours.items()
            for n in range(times)
        ]
        columns = "songplay_id, start_time, title, artist_name, duration"
        self.pipeline.execute(
            f"insert into {self.pipeline.run_schema}.songplays ({columns}) values {', '.join(values)}"
        )

    def published(self, before, plays, matched, hours=1):
        start = HOUR - before
        self.pipeline.execute(
            "insert into {star}.published_runs values "
            f"('r', '{start}', '{start + timedelta(hours=hours)}', {plays}, {plays}, {matched}, sysdate, 'everything')"
        )

    def song(self, schema, title):
        table = "{star}.song_catalog" if schema == "star" else f"{self.pipeline.run_schema}.songs"
        self.pipeline.execute(
            f"insert into {table} (song_id, title, artist_name, duration) values ('1', '{title}', 'Embers', 201.5)"
        )

    def __call__(self, name, start=HOUR, hours=1):
        """Whether the check passed, what it examined and found, its remark and sample."""
        end = start + timedelta(hours=hours)
        run = self.pipeline.run(start.isoformat(), end.isoformat(), "judged")
        self.pipeline.execute(f"delete from {self.pipeline.run_schema}.intervals")
        run.task("prepare")
        task = run.rendered("check_quality")
        task.checks = [check for check in task.checks if check.name == name]
        task.inputs = []
        result = run.execute(task)
        assert result["passed"] + result["warned"] == 1, "it warns, and stops nothing"
        columns = "passed, examined, failed, message, sample"
        (found,) = self.pipeline.sql(f"select {columns} from {{star}}.quality_results")
        return found


@pytest.fixture
def judge(prepared_star):
    return Judge(prepared_star)


USUAL = {HOUR - n * WEEK: plays for n, plays in enumerate((40, 52, 47, 55, 0, 44, 49, 51), start=1)}


@pytest.mark.parametrize("plays", [20, 48, 80])
def test_an_hour_with_about_as_many_plays_as_usual_passes(judge, plays):
    judge.knows(USUAL)
    judge.plays({HOUR: plays})
    assert judge(COUNT) == (True, 1, 0, "0 of 1 hours break it", "")


@pytest.mark.parametrize("plays", [0, 2, 200])
def test_an_hour_with_far_fewer_or_more_plays_than_usual_is_told(judge, plays):
    judge.knows(USUAL)
    if plays:
        judge.plays({HOUR: plays})
    passed, examined, failed, message, sample = judge(COUNT)
    assert (passed, examined, failed, message) == (False, 1, 1, "1 of 1 hours break it")
    assert sample == f"hour={HOUR}, plays={plays}, usual_plays=48.0, weeks_known=8"


def test_an_hour_of_the_night_may_be_empty_or_not(judge):
    judge.knows({HOUR - n * WEEK: plays for n, plays in enumerate((0, 0, 3, 0, 0, 7, 0, 0), start=1)})
    assert judge(COUNT)[:3] == (True, 1, 0)
    judge = Judge(judge.pipeline)
    judge.knows({HOUR - n * WEEK: 0 for n in range(1, 9)})
    judge.plays({HOUR: 5})
    assert judge(COUNT)[:3] == (True, 1, 0)


@pytest.mark.parametrize(("plays", "passes"), [(48, True), (500, False)])
def test_one_odd_week_does_not_decide_what_is_usual(judge, plays, passes):
    judge.knows({**USUAL, HOUR - WEEK: 100_000})
    judge.plays({HOUR: plays})
    assert judge(COUNT)[:3] == (passes, 1, int(not passes))


def test_only_the_same_hour_of_the_same_weekday_in_the_eight_weeks_before_counts(judge):
    other = {HOUR - n * WEEK - timedelta(hours=1): 900 for n in range(1, 9)}
    later = {HOUR + n * WEEK: 900 for n in range(1, 9)}
    older = {HOUR - n * WEEK: 900 for n in range(9, 20)}
    judge.knows({**USUAL, **other, **later, **older})
    judge.plays({HOUR: 48})
    assert judge(COUNT)[:3] == (True, 1, 0)


def test_too_little_history_passes_and_says_so(judge):
    judge.knows({hour: plays for hour, plays in USUAL.items() if hour >= HOUR - 3 * WEEK})
    judge.plays({HOUR: 500})
    assert judge(COUNT) == (
        True, 0, 0, "no hours to examine; 1 not judged: fewer than 4 of the 8 weeks before are known", "",
    )  # fmt: skip


def test_each_hour_of_a_range_is_judged_by_what_was_before_the_range(judge):
    start, hours = HOUR - WEEK, 24 * 7 + 1
    judge.knows({**USUAL, HOUR - WEEK: 3, **{hour - timedelta(hours=1): 50 for hour in USUAL}})
    judge.plays({start: 50, HOUR: 50, HOUR - timedelta(hours=1): 900, HOUR - timedelta(hours=5): 1})
    passed, examined, failed, message, sample = judge(COUNT, start, hours)
    assert (passed, examined, failed) == (False, 3, 1), "the two at 18:00, and the one at 17:00 of the last day"
    assert message == "1 of 3 hours break it; 1 not judged: fewer than 4 of the 8 weeks before are known"
    assert sample == f"hour={HOUR - timedelta(hours=1)}, plays=900, usual_plays=50.0, weeks_known=8"


def test_an_empty_hour_passes_while_somebody_played_within_a_day(judge):
    judge.knows({HOUR - timedelta(hours=n): int(n == 23) for n in range(1, 24)})
    assert judge(FRESH) == (True, 1, 0, "0 of 1 ends of an interval break it", "")


def test_a_source_that_has_dried_up_is_told(judge):
    judge.knows({HOUR - timedelta(hours=n): 9 * (n > 23) for n in range(1, 50)})
    passed, examined, failed, message, sample = judge(FRESH)
    assert (passed, examined, failed, message) == (False, 1, 1, "1 of 1 ends of an interval break it")
    assert sample == f"newest_play={HOUR - timedelta(hours=24)}, interval_end={HOUR + timedelta(hours=1)}"


def test_a_play_of_the_run_itself_is_fresh(judge):
    judge.knows({HOUR - timedelta(hours=n): 0 for n in range(1, 30)})
    judge.plays({HOUR: 1})
    assert judge(FRESH)[:3] == (True, 1, 0)


def test_a_range_whose_last_day_is_empty_is_told(judge):
    judge.plays({HOUR: 5})
    assert judge(FRESH, hours=24)[:3] == (True, 1, 0)
    judge.pipeline.execute("delete from {star}.quality_results")
    assert judge(FRESH, hours=25)[:3] == (False, 1, 1)


def test_hours_that_are_not_loaded_say_nothing_about_the_source(judge):
    """A backfill of one old hour, or one that runs backwards, is as fresh as can be known."""
    judge.knows({HOUR - timedelta(hours=n): 0 for n in range(1, 23)} | {HOUR + timedelta(hours=2): 9})
    passed, examined, _, message, _ = judge(FRESH)
    assert (passed, examined) == (True, 0)
    assert message.endswith("1 not judged: the 24 hours before its end are not all loaded")


def test_the_match_rate_of_a_week_is_judged_with_the_plays_of_the_run(judge):
    judge.published(timedelta(days=7), 600, 1, hours=100)
    judge.published(timedelta(hours=1), 399, 0)
    judge.plays({HOUR: 1})
    assert judge(MATCHED) == (True, 1000, 999, "999 of 1,000 plays break it, at most 99.9 % may", "")


def test_a_match_rate_below_the_floor_is_told(judge):
    judge.published(timedelta(hours=1), 1500, 1)
    judge.plays({HOUR: 1})
    passed, examined, failed, message, sample = judge(MATCHED)
    assert (passed, examined, failed) == (False, 1501, 1500)
    assert message == "1,500 of 1,501 plays break it, at most 99.9 % may"
    assert sample == "plays=1501, matched=1"


@pytest.mark.parametrize("schema", ["star", "run"])
def test_a_play_is_matched_by_a_published_song_or_one_of_the_run(judge, schema):
    judge.published(timedelta(hours=1), 999, 0)
    judge.plays({HOUR: 1})
    judge.song(schema, "Pylons")
    judge.song(schema, "Pylons")  # of two descriptions the play is matched once
    judge.song(schema, "Pylons ")
    assert judge(MATCHED)[:3] == (True, 1000, 999)


def test_a_title_with_another_blank_is_another_title(judge):
    judge.published(timedelta(hours=1), 1000, 1)
    judge.plays({HOUR: 1}, title="Pylons ")
    judge.song("star", "Pylons")
    assert judge(MATCHED)[:3] == (False, 1001, 1000)


def test_few_plays_tell_nothing_about_the_match_rate(judge):
    judge.published(timedelta(days=8), 5000, 0)
    judge.published(timedelta(hours=1), 998, 0)
    judge.plays({HOUR: 1})
    passed, examined, _, message, _ = judge(MATCHED)
    assert (passed, examined) == (True, 0)
    assert message.endswith("1 not judged: fewer than 1,000 plays in the run and the 7 days before")


def test_an_error_leaves_what_is_published_and_shows_rows_but_no_person(loaded, prepared):
    before, books = loaded.published(), loaded.sql("select * from {star}.published_runs")
    for task in LOADS:
        prepared.task(task)
    schema = prepared.xcoms["prepare"]["run_schema"]
    loaded.execute(f"update {schema}.songplays set level = 'gold' where user_id = 902")
    loaded.execute(f"update {schema}.users set first_name = null where user_id = 902")
    with pytest.raises(AirflowFailException) as stopped:
        prepared.task("check_quality")
    message = str(stopped.value)
    assert message.startswith("2 of ")
    hashed = md5(b"902", usedforsecurity=False).hexdigest()[:12]
    assert f"user_id='{hashed}', level='gold'" in message
    assert f"user_id='{hashed}', first_name=null, last_name='***'" in message
    (last_name,) = loaded.sql("select last_name from {star}.users where user_id = 902")[0]
    kept = loaded.sql(f"select sample from {{star}}.quality_results where run_id = '{prepared.run_id}' and not passed")
    for text in (message, *(sample for (sample,) in kept)):
        assert hashed in text
        assert last_name not in text
    with pytest.raises(AirflowFailException, match="check_quality holds nothing of this run"):
        prepared.task("publish")
    assert loaded.published() == before
    assert loaded.sql("select * from {star}.published_runs") == books


def test_a_warning_is_published_and_handed_on(loaded, prepared):
    for task in LOADS:
        prepared.task(task)
    schema = prepared.xcoms["prepare"]["run_schema"]
    loaded.execute(
        f"update {schema}.artists set latitude = 91 where artist_id = (select min(artist_id) from {schema}.artists)"
    )
    (warning,) = prepared.task("check_quality")["warnings"]
    assert (warning["name"], warning["failed"]) == ("artists: latitude is between -90 and 90", 1)
    assert "latitude=91.0" in warning["sample"]
    assert prepared.task("publish")["proofs"] == len(BEFORE_COMMIT)


def test_the_page_of_checks_lists_the_checks_that_run():
    rows = ["| when | table | severity | what must hold |", "|---|---|---|---|"]
    for when, checks in (
        ("before publication", BEFORE_PUBLICATION),
        ("before COMMIT", BEFORE_COMMIT),
        ("with `only`: `checks`", OF_PUBLISHED),
    ):
        rules = defaultdict(list)
        for check in checks:
            table = check.table.partition(".")[2].strip('"')
            rules[table, check.severity].append(check.name.removeprefix("published ")[len(table) :].lstrip(".: "))
        rows += [f"| {when} | `{table}` | {how} | {'; '.join(of)} |" for (table, how), of in rules.items()]
    assert "\n".join(rows) in PAGE.read_text(), "what stands there now:\n" + "\n".join(rows)
