"""The page's routes, asked of a real api-server: who may, what they tell, and what they say when they cannot."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from fastapi.routing import APIRoute

from sparkify.alerts import LATE_AFTER
from sparkify.alerts.incidents import Incident, MetIn
from sparkify.alerts.state import State
from sparkify.observe.app import app

DAY, NEXT = "2018-12-01", "2018-12-02"
SHOWN = {"start": DAY, "end": "2018-12-03"}
LOG, NEXT_LOG = (f"log_data/2018/12/{day}-events.json" for day in (DAY, NEXT))
PATHS = [
    "",
    "static/index.html",
    "static/nothing.js",
    "static/../app.py",
    "static/%2e%2e/app.py",
    "docs",
    "openapi.json",
]
RUN = """
    insert into dag_run (dag_id, run_id, run_type, state, queued_at, start_date, end_date, run_after,
        data_interval_start, data_interval_end, logical_date, conf, clear_number, span_status)
    values ('sparkify', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 'ended')
"""
DAG = """
    insert into dag (dag_id, is_paused, is_stale, exceeds_max_non_backfill, bundle_name, max_active_tasks,
        max_consecutive_failed_dag_runs, has_task_concurrency_limits, has_import_errors, fail_fast,
        next_dagrun, next_dagrun_data_interval_start, next_dagrun_data_interval_end, max_active_runs, timetable_type,
        partition_mapper_info)
    values ('sparkify', %s, false, false, 'dags-folder', 16, 0, false, false, false, %s, %s, %s, 4, '', '{}')
"""
BACKFILL = """
    insert into backfill (id, dag_id, from_date, to_date, is_paused, completed_at, reprocess_behavior, max_active_runs,
        dag_run_conf, created_at, updated_at)
    values (%s, 'sparkify', %s, %s, true, %s, 'none', 4, '{}', %s, %s)
"""
WAITING_TASK = """
    insert into task_instance (id, task_id, dag_id, run_id, map_index, state, pool, pool_slots, try_number, max_tries,
        span_status)
    select gen_random_uuid(), 'prepare', 'sparkify', run_id, -1, 'scheduled', 'nowhere', 1, 0, 3, 'ended'
    from dag_run where dag_id = 'sparkify'
"""

TABLES = ("songplays", "users", "songs", "artists", "time")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def airflow(served) -> Iterator[None]:
    """What a test puts into Airflow's metadata is taken out again."""
    yield
    for table in ("task_instance", "dag_run", "backfill", "dag"):
        served.metadata(f"delete from {table} where dag_id = 'sparkify'")


def asked_paths() -> list[str]:
    """Every path that the app answers, and some that it does not."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(app.routes), "a mounted app would not ask who it is"
    return [*PATHS, *(route.path.replace("{path:path}", "nothing").lstrip("/") for route in routes)]


def states(overview: dict) -> dict[str, str]:
    return {day["day"]: day["states"] for day in overview["days"]}


def busy_hours(folder, key) -> set[int]:
    return {json.loads(line)["ts"] // 3_600_000 % 24 for line in (folder / key).read_bytes().splitlines()}


def put_run(served, run_id, kind, state, start, end, changed, **conf):
    interval = (None, None, None) if conf else (start, end, start)
    served.metadata(
        RUN, run_id, kind, state, changed, changed, changed if state == "failed" else None, changed, *interval,
        json.dumps({**conf, "start": start.isoformat(), "end": end.isoformat()} if conf else {}),
    )  # fmt: skip


def put_dag(served, next_run, *, paused=False):
    """Let Airflow know the DAG, with the schedule's next run at a logical date."""
    served.metadata("insert into dag_bundle (name, active) values ('dags-folder', true) on conflict do nothing")
    served.metadata(DAG, paused, next_run, next_run, next_run + timedelta(hours=1))


def full_hour() -> datetime:
    return datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)


def needed(served, words):
    """What needs a person of which these words are said."""
    return [one for one in served.get("overview")["attention"] if words in f"{one['what']} {one['why']}"]


def test_who_is_not_signed_in_gets_nothing(served):
    with httpx.Client(base_url=served.address, trust_env=False) as stranger:
        answers = {path: stranger.get(f"/sparkify/{path}") for path in asked_paths()}
        assert {answer.status_code for answer in answers.values()} == {401}, answers
        assert stranger.head("/sparkify/").status_code in (401, 405)
        assert stranger.post("/sparkify/api/overview").status_code in (401, 405)


def test_who_may_not_read_the_dag_gets_nothing(served):
    with served.signed_in("stranger") as client:
        answers = {path: client.get(f"/sparkify/{path}") for path in asked_paths()}
    assert {answer.status_code for answer in answers.values()} == {403}, answers


def test_who_may_read_the_dag_gets_the_page_by_token_or_by_cookie(served):
    with served.signed_in("viewer") as client:
        by_token = client.get("/sparkify/")
        token = client.headers.pop("Authorization").removeprefix("Bearer ")
        by_cookie = client.get("/sparkify/", headers={"Cookie": f"_token={token}"})
    assert by_token.status_code == by_cookie.status_code == 200
    assert "<title>Sparkify</title>" in by_cookie.text


def test_only_the_page_s_own_files_are_served(served):
    with served.signed_in() as client:
        assert client.get("/sparkify/static/index.html").status_code == 200
        for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "%2fetc/passwd", "nothing.js", ""):
            assert client.get(f"/sparkify/static/{path}").status_code == 404, path


def test_every_answer_keeps_the_browser_to_our_own_origin(served):
    with served.signed_in() as client:
        answers = [client.get(f"/sparkify/{path}") for path in ("", "static/app.js", "api/alerts", "nothing")]
        answers.append(httpx.get(f"{served.address}/sparkify/", trust_env=False))
    for answer in answers:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_ui_is_told_of_the_page(served):
    with served.signed_in() as client:
        (plugin,) = [one for one in client.get("/api/v2/plugins").json()["plugins"] if one["name"] == "sparkify_page"]
        assert client.get("/api/v2/plugins/importErrors").json()["import_errors"] == []
    assert [(view["name"], view["href"], view["destination"]) for view in plugin["external_views"]] == [
        ("Sparkify", "sparkify/", "nav")
    ]


def test_hours_are_loaded_empty_or_missing(served, folder, expected):
    found = served.get("overview")
    plays = expected()["songplays"]
    busy = {row[1].hour for row in plays}
    assert 0 < len(busy) < 24
    assert states(found) == {DAY: "".join("l" if hour in busy else "e" for hour in range(24)), NEXT: "m" * 24}
    matched = sum(count for row, count in plays.items() if row[4])
    assert [(day["rows"], day["matched"]) for day in found["days"]] == [(plays.total(), matched), (0, 0)]
    assert matched > 0
    counts = {"loaded": len(busy), "empty": 24 - len(busy), "late": 0, "stale": 0, "failed": 0, "missing": 24}
    assert found["counts"] == counts
    assert (found["first_hour"], found["last_hour"]) == (f"{DAY}T00:00:00Z", f"{NEXT}T23:00:00Z")
    assert (found["start"], found["end"]) == (f"{DAY}T00:00:00Z", "2018-12-03T00:00:00Z")
    assert states(served.get("overview", start=NEXT)) == {NEXT: "m" * 24}


def test_an_hour_whose_events_have_changed_is_stale_until_they_are_as_before(served, folder):
    before = states(served.get("overview"))[DAY]
    *kept, last = (folder / LOG).read_bytes().splitlines()
    hour = json.loads(last)["ts"] // 3_600_000 % 24
    served.pipeline.put(LOG, b"\n".join(kept))
    changed = served.get("overview")
    served.pipeline.put(LOG, b"\n".join([*kept, last, b""]))
    same_events = states(served.get("overview"))[DAY]
    served.pipeline.put(LOG, (folder / LOG).read_bytes())
    assert states(changed)[DAY] == f"{before[:hour]}s{before[hour + 1 :]}"
    assert changed["stale"] == [f"{DAY}T{hour:02}:00:00Z"]
    assert same_events == states(served.get("overview"))[DAY] == before


def test_hours_that_a_run_failed_to_publish_are_failed_and_need_a_person(served, airflow):
    start = datetime(2018, 12, 2, 5, tzinfo=timezone.utc)
    now = datetime.now(timezone.utc)
    put_run(served, "manual__1", "manual", "failed", start, start + timedelta(hours=2), now, only="everything")
    # these say nothing of what is published: one was before it was, one only checked
    before, after = (start.replace(day=1, hour=hour) for hour in (5, 20))
    put_run(served, "manual__0", "manual", "failed", before, after, now.replace(year=2018), only="everything")
    put_run(served, "manual__2", "manual", "failed", before, after, now, only="checks")
    found = served.get("overview")
    assert found["counts"]["failed"] == 2
    assert states(found)[NEXT] == "mmmmmffmmmmmmmmmmmmmmmmm"
    (needed,) = [one for one in found["attention"] if "failed" in one["what"]]
    assert needed["what"] == "2 hours failed"
    assert "manual__1" in needed["why"]
    assert needed["url"] == f"{served.address}/dags/sparkify/runs/manual__1"
    hour = served.get("hour", hour=f"{NEXT}T05")
    assert (hour["state"], hour["run_id"], hour["url"]) == ("failed", "manual__1", needed["url"])


def test_what_was_not_published_is_failed_though_its_run_is_called_a_success(served, airflow):
    """As where a person marks a run as successful, or as failed while only its teardown is left to decide."""
    start, now = datetime(2018, 12, 2, 5, tzinfo=timezone.utc), datetime.now(timezone.utc)
    put_run(served, "manual__1", "manual", "success", start, start + timedelta(hours=2), now, only="everything")
    # this one has published: its hours are loaded, and later than it began
    before, long_ago = start.replace(day=1), now.replace(year=2018)
    put_run(served, "manual__0", "manual", "success", before, start, long_ago, only="everything")
    assert served.get("overview")["counts"]["failed"] == 2 + 5
    (failed,) = needed(served, "hours failed")
    assert "manual__1 is called a success and has published nothing" in failed["why"]


def test_a_run_whose_interval_cannot_be_read_is_named_and_hides_no_other(served, airflow):
    start, now = datetime(2018, 12, 2, 5, tzinfo=timezone.utc), datetime.now(timezone.utc)
    put_run(served, "manual__1", "manual", "failed", start, start + timedelta(hours=2), now, only="everything")
    put_run(served, "manual__2", "manual", "failed", start, start, now, only="everything")
    edge = {"start": "9999-12-31T23:00:00-05:00", "end": "9999-12-31T23:00:00-06:00"}
    served.metadata("update dag_run set conf = %s where run_id = 'manual__2'", json.dumps(edge))
    assert served.get("overview")["counts"]["failed"] == 2
    (unread,) = needed(served, "1 run covers no hours")
    assert "manual__2" in unread["why"]
    assert unread["url"].endswith("/runs/manual__2")


def test_nothing_is_known_of_the_future_nor_of_what_was_before_the_epoch(served, airflow):
    now = datetime.now(timezone.utc)
    for year in (12, 2130):
        start = datetime(year, 12, 2, 5, tzinfo=timezone.utc)
        run_id = f"manual__{year}"
        put_run(served, run_id, "manual", "failed", start, start + timedelta(hours=2), now, only="everything")
    found = served.get("overview")
    assert (found["first_hour"], found["last_hour"]) == (f"{DAY}T00:00:00Z", f"{NEXT}T23:00:00Z")


def test_a_run_that_holds_the_schedule_s_next_slot_is_named(served, airflow):
    slot, hour = full_hour(), timedelta(hours=1)
    put_dag(served, slot)
    # its interval is the slot: the scheduler counts on from there
    put_run(served, "manual__1", "manual", "success", slot, slot + hour, slot)
    assert needed(served, "stands still") == []
    served.metadata("update dag_run set data_interval_start = %s, data_interval_end = %s", slot - hour, slot)
    (held,) = needed(served, "stands still")
    assert held["what"] == "the schedule stands still: run manual__1 holds its next slot"
    assert "Delete that run" in held["do"]
    assert held["url"].endswith("/runs/manual__1")


def test_a_run_whose_interval_lies_ahead_holds_the_schedule_until_then(served, airflow):
    slot, hour = full_hour(), timedelta(hours=1)
    put_dag(served, slot + 1000 * hour)
    put_run(served, "manual__1", "manual", "failed", slot, slot + 1000 * hour, slot)
    put_run(served, "manual__2", "manual", "failed", slot - 2 * hour, slot - hour, slot)
    assert [one["url"].rsplit("/", 1)[-1] for one in needed(served, "stands still")] == ["manual__1"]


def test_the_first_look_shows_the_newest_days_of_which_something_is_known_and_today(served, airflow):
    """A history that was loaded lies years before the hours of the schedule, and nothing between them is missing."""
    served.pipeline.execute(
        "insert into {star}.loaded_hours (hour, run_id, events, plays, fingerprint, published_at, etag) "
        "values ('2024-02-03 04:00', 'r', 9, 0, 0, sysdate, '')"
    )
    put_dag(served, full_hour())
    found = served.get("overview")
    served.pipeline.execute("delete from {star}.loaded_hours where run_id = 'r'")
    today = f"{full_hour():%Y-%m-%d}"
    assert list(states(found)) == [DAY, NEXT, "2024-02-03", today]
    assert (found["start"][:10], found["last_hour"]) == (DAY, "2024-02-03T04:00:00Z")
    assert found["counts"]["missing"] == 24, "the hours of the day that was not loaded"


def test_settings_that_nobody_has_set_are_named(served, monkeypatch):
    for name in ("AIRFLOW_VAR_SPARKIFY_REGION", "AIRFLOW_CONN_SPARKIFY_AWS"):
        monkeypatch.delitem(served.environment, name)
        monkeypatch.delenv(name, raising=False)
    code, found = served.without_the_server()
    said = [one["what"] for one in found["overview"]["attention"]]
    assert said[:2] == ["the Variable sparkify_region is missing", "the connection sparkify_aws is missing"]
    assert code == 1


def test_a_paused_dag_is_said_to_be_so(served, airflow):
    put_dag(served, full_hour(), paused=True)
    (paused,) = needed(served, "the DAG sparkify is paused")
    assert "airflow dags unpause sparkify" in paused["do"]


def test_a_pool_that_is_not_there_is_named_as_soon_as_a_task_waits_for_it(served, airflow):
    put_dag(served, full_hour())
    put_run(served, "manual__1", "manual", "running", full_hour(), full_hour(), full_hour(), only="everything")
    served.metadata(WAITING_TASK)
    (missing,) = needed(served, "the pool nowhere is missing")
    assert "tasks of 1 run wait" in missing["what"]
    assert "airflow pools import" in missing["do"]


@pytest.mark.parametrize(
    ("is_over", "said", "advice"),
    [(True, "backfill 7 was cancelled", "Delete it"), (False, "backfill 7 is paused", "Unpause it")],
)
def test_a_run_of_a_paused_backfill_that_waits_is_named_with_the_cause(served, airflow, is_over, said, advice):
    start, now = full_hour() - timedelta(hours=5), datetime.now(timezone.utc)
    put_dag(served, full_hour())
    served.metadata(BACKFILL, 7, start, start, now if is_over else None, now, now)
    put_run(served, "backfill__1", "backfill", "queued", start, start + timedelta(hours=1), now)
    served.metadata("update dag_run set backfill_id = 7")
    assert needed(served, "not started") == [], "it was queued just now"
    served.metadata("update dag_run set queued_at = queued_at - interval '1 hour'")
    (waits,) = needed(served, "not started")
    assert said in waits["why"]
    assert waits["do"].startswith(advice)


def test_a_run_that_waits_for_its_turn_needs_nobody_and_one_that_does_not_is_named(served, airflow):
    long_ago = full_hour() - timedelta(hours=5)
    put_dag(served, full_hour())
    for n in range(4):
        put_run(served, f"manual__{n}", "manual", "running", long_ago, long_ago, long_ago, only="facts")
    put_run(served, "manual__9", "manual", "queued", long_ago, long_ago, long_ago, only="facts")
    assert needed(served, "not started") == []
    served.metadata("delete from dag_run where run_id = 'manual__0'")
    (waits,) = needed(served, "1 run queued since")
    assert "manual__9" in waits["why"]


def test_an_hour_is_late_when_its_run_is_not_finished_in_time(served, airflow):
    hour = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    end = hour + timedelta(hours=1)
    put_run(served, "scheduled__1", "scheduled", "running", hour, end, end)
    # made after its time: the scheduler was off until then
    put_run(served, "scheduled__0", "scheduled", "queued", hour - timedelta(hours=1), hour, end)
    found = served.get("overview", start=f"{hour:%Y-%m-%d}")
    assert found["counts"]["late"] == 1
    assert states(found)[f"{hour:%Y-%m-%d}"][hour.hour] == "t"
    assert any(f"the hour {hour:%Y-%m-%d %H}h is not loaded" in one["what"] for one in found["attention"])


@pytest.mark.parametrize("paused", [False, True])
def test_hours_are_late_of_which_the_scheduler_should_have_made_runs(served, airflow, paused):
    first = full_hour() - timedelta(hours=3)
    put_dag(served, first, paused=paused)

    def due() -> int:
        return 0 if paused else (datetime.now(timezone.utc) - LATE_AFTER - first) // timedelta(hours=1)

    before = due()
    found = served.get("overview", start=f"{first:%Y-%m-%d}")
    assert before <= found["counts"]["late"] <= due()


def test_an_hour_tells_what_it_was_made_of(served, folder):
    hour = max(busy_hours(folder, LOG))
    found = served.get("hour", hour=f"{DAY}T{hour:02}")
    lines = (folder / LOG).read_bytes().splitlines()
    assert found["state"] == "loaded"
    assert found["run_id"].startswith("manual__2018-12-01")
    assert found["published_at"] is not None
    assert [one["key"].rsplit("/", 1)[-1] for one in found["objects"]] == [f"{DAY}-events.json"]
    assert found["objects"][0]["lines"] == len(lines)
    assert found["objects"][0]["rows"] + found["objects"][0]["rejects"] == len(lines)
    nothing = served.get("hour", hour="2030-01-01T00")
    assert (nothing["state"], nothing["run_id"], nothing["objects"]) == ("", None, [])


def test_checks_have_their_history_and_the_rows_that_broke_them(served):
    sample = "user_id='0ab1', start_time=null\nuser_id='0ab2', start_time=null"
    result = """
        insert into {{star}}.quality_results (run_id, check_name, severity, examined, failed, passed, checked_at,
            threshold, message, sample)
        values ('a_failed_run', 'songplays.start_time is not null', 'error', 9, 2, false, dateadd(hour, 1, sysdate),
            'at most 0', '2 of 9 rows break it', '{sample}')
    """.format(sample=sample.replace("'", "''"))
    served.pipeline.execute(result)
    found = served.get("checks", **SHOWN)
    served.pipeline.execute("delete from {star}.quality_results where run_id = 'a_failed_run'")
    first = found[0]
    assert (first["name"], first["table"]) == ("songplays.start_time is not null", "songplays"), "the worst first"
    assert (first["passed"], first["failed"], first["severity"]) == (1, 1, "error")
    assert [one["passed"] for one in first["history"]] == [False, True], "the newest first"
    assert (first["last"]["observed"], first["last"]["expected"]) == ("2 of 9 rows break it", "at most 0")
    assert [one["row"] for one in first["samples"]] == sample.splitlines()
    assert first["samples"][0]["url"] == f"{served.address}/dags/sparkify/runs/a_failed_run"
    assert len(found) > 20
    assert {one["table"] for one in found} == {*TABLES, "staging_events", "staging_songs"}
    assert all(check["last"]["passed"] for check in found if check["severity"] == "error" and check is not first)
    assert {one["name"] for one in served.get("checks", start="2017-01-01", end="2017-02-01")} == set()


def test_the_quarantine_is_told_by_reason(served, folder):
    bad = json.dumps({"ts": "soon", "page": "Home", "userId": "", "sessionId": 1}).encode()
    served.pipeline.put(NEXT_LOG, b"\n".join([*(folder / NEXT_LOG).read_bytes().splitlines(), bad, bad]))
    served.pipeline.run(NEXT, f"{NEXT}T01").all()
    (found,) = served.get("quarantine", **SHOWN)
    hour = served.get("hour", hour=f"{NEXT}T00")
    assert (found["records"], found["objects"]) == (2, 1)
    assert found["example"]["object"].endswith(NEXT_LOG)
    assert (found["example"]["column"], found["example"]["value"]) == ("ts", '"soon"')
    assert hour["rejected"] == 2
    assert served.get("quarantine", start=DAY, end=NEXT) == []


def test_alerts_are_those_of_the_journal_and_open_ones_need_a_person(served, environment):
    work = served.pipeline.variables["sparkify_work"]
    run = MetIn("sparkify", "a_run", f"{DAY}T05:00:00Z", f"{DAY}T06:00:00Z", ui=served.address)
    journal = State("sparkify_aws", work, "sparkify")
    broken, odd = Incident("publish", "It broke.\nHere is how."), Incident("check_quality/x", "odd", severity="warn")
    for incident in (broken, odd):
        journal.change(lambda found, one=incident: found.fail(one, run, datetime.now(timezone.utc), ["mail"]))
    alerts, needed = served.get("alerts"), served.get("overview")["attention"]
    assert sorted((one["title"], one["severity"], one["resolved_at"]) for one in alerts) == [
        ("sparkify.check_quality/x warns", "warn", None), ("sparkify.publish failed", "error", None),
    ]  # fmt: skip
    assert "Here is how." in next(one for one in alerts if one["severity"] == "error")["body"]
    told = [one for one in needed if "sparkify." in one["what"]]
    assert [(one["what"], one["why"]) for one in told] == [("sparkify.publish failed", "It broke.\nHere is how.")]
    assert told[0]["url"] == f"{served.address}/dags/sparkify/runs/a_run/tasks/publish"
    journal.change(lambda found: found.succeed(lambda _name: True, run, f"{NEXT}T00:00:00Z"))
    assert {one["resolved_at"] for one in served.get("alerts")} == {f"{NEXT}T00:00:00Z"}
    assert [one for one in served.get("overview")["attention"] if "sparkify." in one["what"]] == []


def test_runs_tell_how_fast_they_were_as_long_as_airflow_knows_them(served, airflow, folder):
    (first,) = [run for run in served.get("throughput", start=DAY, end=NEXT)]
    assert first["lines"] > len((folder / LOG).read_bytes().splitlines()), "songs too"
    assert (first["seconds"], first["bytes"]) == (None, None), "this Airflow has not run it"
    began = datetime(2026, 1, 1, tzinfo=timezone.utc)
    put_run(served, first["run_id"], "manual", "success", began, began + timedelta(hours=1), began)
    served.metadata("update dag_run set end_date = start_date + interval '90 seconds'")
    assert served.get("throughput", start=DAY, end=NEXT)[0]["seconds"] == 90


def test_five_years_of_hours_are_a_row_for_each_day(served):
    """43,824 hours: every third one empty, one missing in the middle of each year."""
    first, last = datetime(2019, 1, 1, tzinfo=timezone.utc), datetime(2024, 1, 1, tzinfo=timezone.utc)
    digits = "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all " \
        "select 5 union all select 6 union all select 7 union all select 8 union all select 9)"  # fmt: skip
    joined = " cross join ".join(f"{digits} as d{n}" for n in range(5))
    number = "(d0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d + 10000 * d4.d)"
    served.pipeline.execute(
        "insert into {star}.loaded_hours (hour, run_id, events, plays, fingerprint, published_at, etag) "
        f"select dateadd(hour, {number}, '2019-01-01'::timestamp), 'r', 9, mod({number}, 3), 0, sysdate, '' "
        f"from {joined} where {number} < {(last - first) // timedelta(hours=1)} and mod({number}, 8760) <> 4380"
    )
    found = served.get("overview", start="2019-01-01", end="2024-01-01")
    served.pipeline.execute("delete from {star}.loaded_hours where run_id = 'r'")
    assert len(found["days"]) == 5 * 365 + 1
    gaps = 5
    assert found["counts"]["loaded"] + found["counts"]["empty"] == 43_824 - gaps
    assert found["days"][0]["states"] == "ell" * 8
    assert sum(day["states"].count(".") for day in found["days"]) == gaps, "no object, no run: nothing was due"


def test_a_range_that_runs_backwards_and_a_moment_that_is_none_are_refused(served):
    with served.signed_in() as client:
        backwards = client.get("/sparkify/api/checks", params={"start": NEXT, "end": DAY})
        odd = client.get("/sparkify/api/overview", params={"start": "soon"})
    assert backwards.status_code == odd.status_code == 422
    assert "is not before" in backwards.text


EDGES = [
    "0001-01-01T00:00:00+05:00", "0001-01-01", "0999-12-31", "9999-12-31T23:00:00", "9999-12-31T23:59:59-05:00",
    "9998-12-31T23:59:59.999999",
]  # fmt: skip


def test_the_edges_of_the_calendar_are_answered_or_refused(served):
    with served.signed_in() as client:
        asked = [client.get("/sparkify/api/hour", params={"hour": edge}) for edge in EDGES]
        for part, bound in itertools.product(("overview", "checks"), ("start", "end")):
            asked += [client.get(f"/sparkify/api/{part}", params={bound: edge}) for edge in EDGES]
    assert {answer.status_code for answer in asked} == {200, 422}, [answer.url for answer in asked if answer.is_error]


def test_a_name_that_no_file_can_have_is_not_found(served):
    with served.signed_in() as client:
        for name in ("%00", "index.html%00", "a" * 300, "a/" * 3000, "%ff", "."):
            assert client.get(f"/sparkify/static/{name}").status_code == 404, name


def test_while_the_warehouse_is_slow_airflow_s_own_pages_are_answered(served):
    """More ask than the api-server has threads; none is answered before Airflow is."""
    with served.signed_in() as client, ThreadPoolExecutor(60) as asking:
        with served.stalling() as stalled:
            answers = [asking.submit(client.get, "/sparkify/api/checks") for _ in range(60)]
            assert stalled.wait(60)
            assert client.get("/api/v2/dags").status_code == client.get("/sparkify/").status_code == 200
            assert not any(answer.done() for answer in answers)
        assert {answer.result().status_code for answer in answers} <= {200, 503}


def test_the_same_is_told_without_the_server(served):
    code, found = served.without_the_server()
    assert code == 1, "no scheduler runs here, and no DAG was ever looked at"
    ill, unknown = found["overview"]["attention"]
    assert "scheduler" in ill["why"]
    assert "does not know the DAG" in unknown["what"]
    always = {"start": "1970-01-01", "end": "9999-12-31"}
    for part in ("overview", "checks", "quarantine", "alerts", "throughput"):
        told = served.get(part, **always)
        for answer in (told, found[part]):
            if part == "overview":
                del answer["as_of"]
        assert found[part] == told, part


def test_while_the_warehouse_is_gone_the_answer_says_what_to_do(served):
    """The last test: the wire is not mended."""
    served.cut()
    with served.signed_in() as client:
        answers = [client.get(f"/sparkify/api/{part}") for part in ("overview", "checks", "quarantine", "throughput")]
        assert client.get("/sparkify/api/alerts").status_code == 200
        assert client.get("/sparkify/").status_code == 200
    for answer in answers:
        assert answer.status_code == 503
        assert set(answer.json()) == {"what", "why", "do", "url"}
        assert "'sparkify_redshift'" in answer.json()["why"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    code, found = served.without_the_server()
    assert code == 1
    assert found["overview"]["attention"][0] == answers[0].json()
    assert found["checks"] == {"unavailable": answers[0].json()}
    assert isinstance(found["alerts"], list)
