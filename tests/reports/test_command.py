"""The command: any warehouse by an Airflow connection, the sandbox by make; what it says and where it draws."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import datetime, timedelta

import pytest
from redshift_connector.error import Error

from include.reports.__main__ import main
from include.reports.questions import NAMES, OVERVIEW
from include.sandbox.analyst import connect_as_analyst
from include.sandbox.cli import main as in_sandbox
from include.sandbox.sample import generate
from include.sandbox.services import query
from include.sandbox.state import DATABASE, LOOPBACK, REPOSITORY
from tests.oracle import expected_tables
from tests.stars import play, tables

FIRST, DAY = datetime(2018, 12, 1), timedelta(days=1)
WIDE = {"COLUMNS": "120"}


@pytest.fixture(scope="module")
def plays(star, tmp_path_factory):
    """The sample's first two days, published; returns how many plays each has."""
    folder = generate(tmp_path_factory.mktemp("command") / "sample", days=2).folder
    star.publish(expected_tables(folder, FIRST, FIRST + 2 * DAY))
    return [expected_tables(folder, day, day + DAY).counts.plays for day in (FIRST, FIRST + DAY)]


@pytest.fixture
def connection(star, sandbox_port):
    """The environment that leads the connection `warehouse` to the star, as its analyst."""

    def environment(kind="redshift", **other):
        extra = {"ssl": False, "application_name": "tests"} if kind == "redshift" else {}
        fields = {
            "conn_type": kind, "host": LOOPBACK, "port": sandbox_port, "schema": DATABASE, "login": star.analyst,
            "password": star.password, "extra": extra,
        }  # fmt: skip
        return {"AIRFLOW_CONN_WAREHOUSE": json.dumps({**fields, **other})}

    return environment


@pytest.fixture
def sandbox_port(_sandbox):
    return _sandbox.services.state.ports["redshift"]


@pytest.fixture
def ask(star, plays, connection, tmp_path, monkeypatch, capsys):
    """Runs the command with a connection; returns the exit code and what it printed."""

    def run(*arguments, environment=None):
        for name, value in (environment or connection()).items():
            monkeypatch.setenv(name, value)
        given = ["--connection", "warehouse", "--schema", star.schema, "--out", str(tmp_path), *arguments]
        code = main(given)
        return code, *capsys.readouterr()

    return run


def plays_in(shown):
    """The figure that the overview has."""
    return int(re.search(r"^  plays +([\d,]+)", shown, re.MULTILINE)[1].replace(",", ""))


@pytest.mark.parametrize("kind", ["redshift", "postgres"])
def test_every_question_is_answered_by_either_driver(ask, connection, tmp_path, plays, kind):
    code, out, err = ask(environment=connection(kind))
    assert (code, err) == (0, "")
    assert [line.split(",")[0] for line in out.splitlines() if line.endswith(" UTC")] == list(NAMES)
    assert plays_in(out) == sum(plays)
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(set(NAMES) - {OVERVIEW})
    for path in tmp_path.iterdir():
        assert str(path) in out, "a person has to find it"


def test_a_range_is_half_open_and_in_utc(ask, plays):
    _, out, _ = ask("--from", "2018-12-01", "--to", "2018-12-02", "--name", OVERVIEW)
    assert "overview, [2018-12-01, 2018-12-02) UTC" in out
    assert plays_in(out) == plays[0]
    _, out, _ = ask("--from", "2018-12-02T02:00+02:00", "--to", "2018-12-03T00:00:00Z", "--name", OVERVIEW)
    assert "overview, [2018-12-02, 2018-12-03) UTC" in out
    assert plays_in(out) == plays[1]


def test_nothing_in_the_range_is_said_and_draws_nothing(ask, tmp_path):
    code, out, _ = ask("--from", "2020-01-01")
    assert (code, out.count("nothing in this range"), list(tmp_path.iterdir())) == (0, len(NAMES), [])


def test_some_questions_by_name(ask, tmp_path):
    _, out, _ = ask("--name", "sessions, top_songs")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sessions.png", "top_songs.png"]
    assert "(no song matched)" in out


def test_the_sql_can_be_had_alone(ask, star, tmp_path):
    code, out, _ = ask("--sql", "--from", "2018-12-01", "--to", "2018-12-02")
    assert (code, list(tmp_path.iterdir())) == (0, [])
    statements = out.split(";\n\n")
    assert len(statements) == len(NAMES)
    assert all(statement.startswith("-- ") and star.schema in statement for statement in statements)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "soon"), "soon is not an ISO 8601 date, such as 2018-11-01 or 2018-11-01T05:00."),
        (("--to", "12:00"), "12:00 is not an ISO 8601 date"),
        (("--name", "sessions,top_hats"), "there is no question top_hats: choose of overview, plays_by_hour"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(capsys, arguments, said):
    with pytest.raises(SystemExit) as exit_:
        main(["--connection", "warehouse", *arguments])
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_errors_say_what_to_do(ask, connection, star):
    def said(*arguments, environment=None):
        code, out, err = ask(*arguments, environment=environment)
        assert (code, out, err.count("\n")) == (1, "", 1)
        return err

    assert "nothing is in it" in said("--from", "2018-12-02", "--to", "2018-12-01")
    assert "Airflow knows no connection 'nowhere'" in said("--connection", "nowhere")
    assert "set AIRFLOW_CONN_NOWHERE" in said("--connection", "nowhere")
    assert "There is no star schema t_none to read" in said("--schema", "t_none")
    refused = said(environment=connection(password="Wrong1234"))
    assert refused.startswith("The connection 'warehouse' does not lead in: ")
    assert "Wrong1234" not in refused
    star.owner.run(f"create user {star.schema}_guest password 'Guest1234'")
    try:
        shut_out = said(environment=connection(login=f"{star.schema}_guest", password="Guest1234"))
        assert f"grant role {star.schema}_reader" in shut_out
    finally:
        star.owner.run(f"drop user {star.schema}_guest")


def test_make_asks_another_warehouse_by_its_connection(star, plays, connection, tmp_path):
    made = subprocess.run(
        ["make", "-s", "report", "CONNECTION=warehouse", "NAME=overview sessions", f"OUT={tmp_path}",
         f"SCHEMA={star.schema}", "FROM=2018-12-01"],
        cwd=REPOSITORY, env={**os.environ, **WIDE, **connection(), "AIRFLOW_HOME": str(tmp_path / "airflow")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert plays_in(made.stdout) == sum(plays)
    assert [path.name for path in tmp_path.glob("*.png")] == ["sessions.png"]


@pytest.fixture
def published(own_star):
    """The sandbox's own star schema, with two plays in it."""
    own_star.publish(tables(play(FIRST), play(FIRST + DAY)))
    return own_star


def report_of(running, *arguments):
    return in_sandbox(["--state", str(running.services.root), "report", *arguments])


def test_the_sandbox_that_has_nothing_yet_says_so(sandbox, capsys):
    assert report_of(sandbox) == 1
    assert capsys.readouterr().err.startswith("Nothing has been loaded yet, so there is nothing to report: `make run`")


@pytest.mark.parametrize("existed", [True, False])
def test_the_sandbox_is_asked_as_an_analyst_who_is_made_when_missing(sandbox, published, tmp_path, capsys, existed):
    if not existed:
        published.owner.run(f"drop user {published.analyst}")
    assert report_of(sandbox, "--from", f"{FIRST:%Y-%m-%d}", "--name", "overview sessions", "--out", str(tmp_path)) == 0
    assert re.search(r"  plays +2 ", capsys.readouterr().out)
    assert [path.name for path in tmp_path.iterdir()] == ["sessions.png"]
    with connect_as_analyst(sandbox.services.state) as connection:
        assert query(connection, "select current_user, count(*) from sparkify.songplays") == [[published.analyst, 2]]
        with pytest.raises(Error, match="permission denied"):
            query(connection, "delete from sparkify.songplays")


def test_charts_of_the_sandbox_are_with_its_state(sandbox, published):
    assert report_of(sandbox, "--name", "sessions") == 0
    assert (sandbox.services.root / "reports" / "sessions.png").is_file()
