"""What `make status` makes of the facts: text for a person, JSON for a script, and whether somebody is needed."""

import copy
import io
import json

import pytest
from rich.console import Console

from include.sandbox import status
from include.sandbox.facts import facts, hours_in, moments
from include.sandbox.state import SandboxError, State

HEALTHY = {
    "overview": {
        "days": [
            {"day": "2018-12-01", "states": "lle" + "." * 21, "rows": 30, "matched": 12},
            {"day": "2018-12-02", "states": "s" * 8 + "." * 15 + "m", "rows": 0, "matched": 0},
        ],
        "attention": [],
    },
    "checks": [
        {"name": "songplays: [odd] plays", "severity": "warn",
         "last": {"passed": False, "observed": "2 of 9 rows break it", "at": "2018-12-01T03:00:00Z"}},
        {"name": "users.level is not null", "severity": "error", "last": {"passed": True}},
    ],
    "quarantine": [{"reason": "Invalid digit", "records": 1200, "example": {"object": "bucket/key", "line": 7}}],
    "alerts": [{"title": "sparkify.publish failed", "body": "Reason: broken", "resolved_at": "2018-12-01T04:00:00Z"}],
    "throughput": [{"run_id": "a_run", "at": "2018-12-01T03:00:00Z", "seconds": None, "lines": 4643, "bytes": 1000}],
}  # fmt: skip
NEEDED = {"what": "2 hours failed", "why": "The run a_run.\nMore of it.", "do": "Clear it.", "url": "http://ui/a_run"}


@pytest.fixture
def found():
    return copy.deepcopy(HEALTHY)


def printed(found):
    console = Console(file=io.StringIO(), width=120)
    status.print_facts(console, found)
    status.print_needed(console, found["overview"]["attention"])
    return console.file.getvalue()


def test_hours_are_counted_by_state_and_the_first_of_those_that_are_not_well_are_named(found):
    text = printed(found)
    assert "loaded    2 hours\n" in text
    assert "empty     1 hours\n" in text
    assert "late      0 hours\n" in text
    assert "stale     8 hours: 2018-12-02 00h, 2018-12-02 01h" in text
    assert "2018-12-02 05h and 2 more\n" in text
    assert "missing   1 hours: 2018-12-02 23h\n" in text
    assert "plays     30, of which 12 (40.0%) are of a known song\n" in text
    assert "Needs a person" not in text


def test_checks_quarantine_incidents_and_runs_are_summed_up(found):
    text = printed(found)
    assert "checks    2, of which 1 did not pass when they last ran\n" in text
    assert "songplays: [odd] plays" in text, "what may quote input is not taken for markup"
    assert "users.level" not in text
    assert "rejected  1,200 records are in quarantine\n" in text
    assert "bucket/key, line 7" in text
    assert "incidents 0 open, 1 over\n" in text
    assert "Reason: broken" in text
    assert "4,643" in text


def test_control_characters_of_input_do_not_come_to_the_terminal(found):
    found["quarantine"][0]["reason"] = "odd \x1b]0;title\x07 \u202e[red]"
    found["overview"]["attention"] = [{**NEEDED, "why": "odd \x9b2J"}]
    text = printed(found)
    assert "odd \\x1b]0;title\\x07 \\u202e[red]" in text
    assert "odd \\x9b2J" in text


def test_what_is_not_known_is_said(found):
    found["checks"] = {"unavailable": {"what": "The warehouse does not answer", "why": "", "do": "", "url": ""}}
    assert "checks    not known: The warehouse does not answer\n" in printed(found)


def test_who_is_needed_is_told_why_and_what_to_do(found):
    found["overview"]["attention"] = [NEEDED, {**NEEDED, "what": "b", "url": ""}]
    text = printed(found)
    assert "\nNeeds a person: 2 hours failed; b.\n" in text
    assert "  Why: The run a_run.…\n  Do:  Clear it.\n  See: http://ui/a_run\n" in text


def test_the_json_is_the_overview_and_nothing_else(found):
    console = Console(file=io.StringIO(), width=40)
    found["overview"]["attention"] = [{**NEEDED, "why": "long " * 40}]
    status.print_json(console, found)
    assert json.loads(console.file.getvalue()) == found["overview"]


def test_hours_and_moments_are_read_as_utc(found):
    (hour,) = hours_in(found["overview"], "m")
    assert [hour] == moments(["2018-12-02T23:00:00Z"])
    assert hour.utcoffset().total_seconds() == 0


def test_an_airflow_elsewhere_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(SandboxError, match=r"^http://127.0.0.1:9 does not tell .* nobody answers"):
        facts(State(tmp_path, airflow="http://127.0.0.1:9"))
