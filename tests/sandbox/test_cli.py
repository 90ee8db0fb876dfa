"""The command line: what it prints, where, and with which exit code."""

import io
import os
import pty
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from rich.console import Console

from include.sandbox.inbox import FOLDER, Letter, keep
from include.sandbox.process import MARK
from include.sandbox.services import ENDED
from include.sandbox.session import print_addresses
from include.sandbox.state import REPOSITORY, State

COMMANDS = ("run", "up", "backfill", "seed", "down", "status", "inbox", "sql", "aws", "redshift", "feed")


def command(root, *arguments, text=None):
    return subprocess.run(
        [sys.executable, "-m", "include.sandbox", "--state", str(root), *arguments],
        cwd=REPOSITORY, input=text, capture_output=True, text=True, timeout=60,
        **({} if text is not None else {"stdin": subprocess.DEVNULL}),
    )  # fmt: skip


@pytest.fixture
def sql(sandbox):
    return lambda *arguments, **more: command(sandbox.services.root, "sql", *arguments, **more)


@pytest.fixture
def bucket_shaped(tmp_path):
    folder = tmp_path / "data"
    for key in ("log_data/2018/11/2018-11-01-events.json", "song_data/A/song.json", "log_json_path.json", "README.md"):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text("{}")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tmp_path, name):
    shown = command(tmp_path, name, "--help")
    assert shown.returncode == 0
    assert f"usage: python -m include.sandbox {name}" in shown.stdout


def test_rows_are_tab_separated_without_a_header_and_null_is_empty(sql):
    shown = sql("select 1 as a, null as b, 'it''s \"5%\" ' as c, true as d, 1.50::numeric(5,2) as e, 2::float8 as f")
    assert (shown.stdout, shown.stderr, shown.returncode) == ('1\t\tit\'s "5%" \ttrue\t1.50\t2.0\n', "", 0)


def test_several_statements_from_standard_input(sql, scratch):
    text = f"create table {scratch.schema}.t (a int);\ninsert into {scratch.schema}.t values (1), (2);\n" \
           f"select count(*) from {scratch.schema}.t; -- the end"  # fmt: skip
    shown = sql(text=text)
    assert (shown.stdout, shown.stderr, shown.returncode) == ("2\n", "", 0)


def test_an_error_goes_to_stderr_with_exit_code_1_and_nothing_after_it_is_run(sql):
    shown = sql("select 1; select nope; select 2")
    assert (shown.stdout, shown.returncode) == ("1\n", 1)
    assert shown.stderr.startswith('ERROR: column "nope" does not exist')


@pytest.mark.parametrize(
    "text", ['select "a"', "$HOME `id` $(id) %s ? :x {{ x }} #", "back\\slash", "ünïcödé €", "a\nb"]
)
def test_make_passes_any_text_unharmed(sandbox, text):
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    shown = make(sandbox.services.root, "-s", "sql", f"Q=select {quoted}")
    assert (shown.stdout, shown.stderr, shown.returncode) == (f"{text}\n", "", 0)


def test_the_text_of_make_sql_is_not_run_by_make_or_the_shell(sandbox, tmp_path):
    trap = tmp_path / "trap"
    make(sandbox.services.root, "-s", "sql", f'Q=select 1 -- $(shell touch {trap}) `touch {trap}` "; touch {trap} ;')
    assert not trap.exists()


@pytest.mark.parametrize("arguments", [("sql", "select 1"), ("status",), ("inbox",), ("feed",)])
def test_a_sandbox_that_is_not_running_is_said_to_be_so(tmp_path, arguments):
    shown = command(tmp_path, *arguments)
    assert (shown.stdout, shown.returncode) == ("", 1)
    assert shown.stderr == f"The sandbox in {tmp_path} is not running: start it with `make up` or `make run`.\n"


def test_stopping_what_does_not_run_is_no_error(tmp_path):
    shown = command(tmp_path, "down")
    assert (shown.stdout, shown.stderr, shown.returncode) == ("The sandbox was not running.\n", "", 0)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("log_data", "no log_data/ with files named YYYY-MM-DD-events.json"),
        ("song_data", "no song_data/ with .json files"),
        ("log_json_path.json", "no log_json_path.json"),
    ],
)
def test_data_that_is_not_bucket_shaped_is_refused_with_what_it_lacks(tmp_path, bucket_shaped, lacking, said):
    path = bucket_shaped / lacking
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    shown = command(tmp_path / "state", "run", "--data", str(bucket_shaped))
    assert (shown.stdout, shown.returncode) == ("", 1)
    assert shown.stderr == f"DATA={bucket_shaped} is not shaped like the source bucket: it has {said}.\n"


def test_data_that_is_not_there_is_refused(tmp_path):
    shown = command(tmp_path / "state", "run", "--data", str(tmp_path / "nowhere"))
    assert (shown.stderr, shown.returncode) == (f"DATA={tmp_path / 'nowhere'} is not a folder.\n", 1)


def test_other_data_than_what_is_there_is_refused_naming_make_clean(tmp_path, bucket_shaped):
    root = tmp_path / "state"
    other = shutil.copytree(bucket_shaped, tmp_path / "other")
    assert command(root, "seed", "--data", str(bucket_shaped)).stdout == "3 objects are new or changed.\n"
    assert command(root, "seed", "--data", str(bucket_shaped)).stdout == "0 objects are new or changed.\n"
    for name in ("run", "seed"):
        shown = command(root, name, "--data", str(other))
        assert shown.returncode == 1
        assert f"which is {bucket_shaped}" in shown.stderr
        assert "`make clean`" in shown.stderr


def test_the_inbox_shows_what_arrived_newest_last(sandbox):
    aws, root = sandbox.services.state.aws, sandbox.services.root
    for word in ("earlier", "later"):
        sandbox.aws("sns").publish(TopicArn=aws["topic_arn"], Message=f"[bold]{word}[/bold] <than>")
    shown = command(root, "inbox")
    assert (shown.stderr, shown.returncode) == ("", 0)
    assert shown.stdout.index("[bold]earlier[/bold] <than>") < shown.stdout.index("[bold]later[/bold] <than>")
    assert " sns" in shown.stdout


def test_a_subject_that_looks_like_markup_or_moves_the_cursor_is_only_shown(sandbox):
    root = sandbox.services.root
    keep(root / FOLDER, Letter.received("mail", "[/bold] \x1b]0;title\x07", "line\x1b[2J"))
    shown = command(root, "inbox")
    assert (shown.stderr, shown.returncode) == ("", 0)
    assert "[/bold] \\x1b]0;title\\x07" in shown.stdout
    assert "line\\x1b[2J" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_control_characters_come_to_a_pipe_as_they_are_and_to_a_terminal_to_be_seen(sandbox, sql):
    query = "select 'a' || chr(27) || '[2J' || chr(9) || 'b'"
    assert sql(query).stdout == "a\x1b[2J\tb\n"
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"):
        subprocess.run(
            [sys.executable, "-m", "include.sandbox", "--state", str(sandbox.services.root), "sql", query],
            cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=theirs, timeout=60, check=True,
        )  # fmt: skip
        os.close(theirs)
        assert os.read(ours, 1000).strip() == rb"a\x1b[2J" + b"\tb"


def test_passwords_come_to_a_terminal_only(sandbox):
    state, text = State.load(sandbox.services.root), {}
    state.ports["ui"] = 8080
    for is_terminal in (True, False):
        file = io.StringIO()
        print_addresses(Console(file=file, force_terminal=is_terminal, width=200), state)
        text[is_terminal] = file.getvalue()
    for secret in (state.secret("airflow_admin"), state.secret("redshift")):
        assert secret in text[True]
        assert secret not in text[False]


def test_why_the_last_sandbox_ended_is_said(tmp_path):
    (tmp_path / "lock").touch()
    (tmp_path / ENDED).write_text("triggerer ended with exit code -9; the end of its log:\nkilled")
    assert "triggerer ended with exit code -9" in command(tmp_path, "status").stderr


def test_seeding_a_running_sandbox_puts_the_objects_into_its_bucket(sandbox):
    shown = command(sandbox.services.root, "seed")
    assert (shown.stderr, shown.returncode) == ("", 0)
    s3 = sandbox.aws("s3")
    marker = s3.head_object(Bucket="sparkify-source", Key="log_data/")
    assert marker["ContentLength"] == 0
    sample = sandbox.services.root / "sample" / "log_json_path.json"
    stored = s3.get_object(Bucket="sparkify-source", Key="log_json_path.json")["Body"].read()
    assert stored == sample.read_bytes()
    assert command(sandbox.services.root, "seed").stdout == "0 objects are new or changed.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2018-11-02", "--to", "2018-11-01"), "FROM=2018-11-02 is not before TO=2018-11-01."),
        (("--from", "2018-11-01", "--to", "2018-11-01T00:00Z"), "FROM=2018-11-01 is not before TO=2018-11-01T00:00Z."),
        (("--from", "yesterday"), "FROM=yesterday is not an ISO 8601 date"),
        (("--to", "2018-11-01T00:30"), "TO=2018-11-01T00:30 is not a whole hour in UTC."),
        (("--from", "10:00"), "FROM=10:00 is not"),
    ],
)
def test_a_range_that_cannot_be_meant_is_refused_before_anything_starts(tmp_path, arguments, said):
    shown = command(tmp_path, "run", *arguments)
    assert (shown.stdout, shown.returncode) == ("", 1)
    assert shown.stderr.startswith(said)


def test_a_backfill_needs_a_range(tmp_path):
    shown = command(tmp_path, "backfill", "--from", "2018-11-01")
    assert (shown.stdout, shown.returncode) == ("", 1)
    assert shown.stderr == "Give the range to load: FROM and TO, ISO 8601; TO is not included.\n"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_while_it_starts_leaves_nothing_running(state_root, sent):
    log = state_root.with_suffix(".log")
    with log.open("w+") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "include.sandbox", "--state", str(state_root), "run"],
            cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            wait_for(lambda: "Redshift and AWS: ready" in log.read_text())
            assert marked(state_root)
            run.send_signal(sent)
            assert run.wait(30) == 130
        finally:
            run.kill()
            log.unlink()
    assert marked(state_root) == []


def make(root, *arguments):
    return subprocess.run(
        ["make", *arguments], cwd=REPOSITORY, env={**os.environ, "SANDBOX_STATE": str(root)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def marked(root):
    found = []
    for process in psutil.process_iter(["environ", "cmdline", "status"]):
        is_marked = (process.info["environ"] or {}).get(MARK) == str(root)
        is_server = str(root / "postgres") in (process.info["cmdline"] or [])
        if (is_marked or is_server) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.info["cmdline"])
    return found


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
