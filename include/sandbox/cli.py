"""The command line: `python -m include.sandbox COMMAND`; the Makefile's targets call it."""

from __future__ import annotations

import argparse
import functools
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from include.reports.command import ReportError, add_options
from include.sandbox import disk
from include.sandbox.process import stop_event
from include.sandbox.state import DATABASE, HOST, REGION, USER, SandboxError, default_root, write_ready
from include.sandbox.terminal import printable

if TYPE_CHECKING:
    from include.sandbox.loads import Request


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except (SandboxError, ReportError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in disk.ERRORS:
            raise
        print(disk.explained(options.state, str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `command` to the function that runs it."""
    root = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    root.add_argument("--state", type=lambda text: Path(text).resolve(), default=default_root(), metavar="DIR",
                      help="folder that holds everything the sandbox keeps (default: %(default)s)")  # fmt: skip
    commands = root.add_subparsers(metavar="COMMAND", required=True)

    run = _command(commands, "run", _run, "start, load, report; stay up until Ctrl-C if there is a terminal")
    up = _command(commands, "up", _up, "start everything in the foreground; load the data first if it never was")
    up.add_argument("--detach", action="store_true", help="return once everything is healthy")
    serve = _command(commands, "serve", _serve, "serve an Airflow that runs elsewhere; load the data if it never was")
    serve.add_argument("--airflow", required=True, metavar="URL", help="its address; AIRFLOW_ADMIN_PASSWORD lets in")
    serve.add_argument("--settings", required=True, metavar="DIR", type=Path, help="where it reads connections from")
    backfill = _command(commands, "backfill", _backfill, "load a range through the DAG")
    seed = _command(commands, "seed", _seed, "fill the source bucket, without loading anything")
    for command in (run, up, serve, backfill, seed):
        command.add_argument(
            "--data", metavar="DIR", help="bucket-shaped folder (default: what is there, or the sample)"
        )
    for command in (run, backfill):
        command.add_argument("--from", dest="start", metavar="TIME", help="first moment, ISO 8601, UTC unless it says")
        command.add_argument("--to", dest="end", metavar="TIME", help="last moment, not included")
        command.add_argument("--hourly", action="store_true", help="every hour as a run, by `airflow backfill create`")
    backfill.add_argument("--plan", action="store_true", help="print what it would do, and change nothing")
    _command(commands, "reprocess", _reprocess, "load exactly the stale hours again")
    replay = _command(commands, "replay", _replay, "load what is in quarantine again, after a correction")
    replay.add_argument("--object", default="", metavar="TEXT", help="only of objects whose address holds this")
    replay.add_argument("--reason", default="", metavar="TEXT", help="only what is there for a reason that holds this")
    _command(commands, "down", _down, "stop everything; the data is kept")
    status = _command(
        commands, "status", _status, "print what became of the hours; exit code 1 if something needs a person"
    )
    status.add_argument("--json", action="store_true", help="the overview as JSON, and nothing else")
    _command(commands, "inbox", _inbox, "print the alerts that arrived by SNS, e-mail, Slack and webhook, newest last")
    metrics = _command(commands, "metrics", _metrics, "print the metrics that arrive by StatsD, until Ctrl-C")
    metrics.add_argument("--port", type=int, default=8125, help="UDP port on 127.0.0.1 (default: %(default)s)")
    sql = _command(commands, "sql", _sql, "run SQL on the sandbox Redshift, rows tab-separated")
    sql.add_argument("text", nargs="?", help="the statements; read from standard input if not given")
    report = _command(commands, "report", _report, "answer the questions of include/sql/reports: tables and charts")
    add_options(report)
    for name, function, what in (("aws", _aws, "S3, STS, IAM, SNS and SQS"), ("redshift", _redshift, "Redshift")):
        service = _command(commands, name, function, f"serve the stand-in for {what} in the foreground (`up` does it)")
        service.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 for any free one")
        if name == "redshift":
            service.add_argument("--postgres", metavar="DSN", help="serve a PostgreSQL, 16 or later, on its own: its "
                                 "superuser's connection string (or SANDBOX_POSTGRES_DSN, with --s3)")  # fmt: skip
            service.add_argument("--s3", metavar="URL", help="serve on its own, with this S3 endpoint; '' for AWS")
            service.add_argument("--user", default=USER, help="the Redshift user (default: %(default)s)")
    _command(commands, "inbox-server", _inbox_server, "take alerts by SMTP and HTTP in the foreground (`up` does it)")
    spoiled = _command(commands, "spoil", _spoil, "do one kind of bad input to the source bucket; `seed` undoes it")
    spoiled.add_argument("kind", help="a name in include/sandbox/sample/corrupt.py")
    spoiled.add_argument("--key", help="the object; the first that the kind is about if not given")
    feed = _command(commands, "feed", _feed, "write the current day's log object again and again (`up` does it)")
    feed.add_argument("--seconds", type=float, default=60, help="from one round to the next (default: %(default)s)")
    return root


def _command(
    commands: Any, name: str, function: Callable[[argparse.Namespace], object], what: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    command.set_defaults(command=function)
    return command


def _console() -> Console:
    """Returns the standard output; rich would cut what is not a terminal at 80 columns."""
    return Console(width=None if sys.stdout.isatty() else 120)


def _request(options: argparse.Namespace) -> Request:
    from include.sandbox.data import moment
    from include.sandbox.loads import Request

    start, end = (text and moment(text, name) for text, name in ((options.start, "FROM"), (options.end, "TO")))
    if start and end and start >= end:
        raise SandboxError(f"FROM={options.start} is not before TO={options.end}.")
    return Request(options.data, start, end, options.hourly)


def _run(options: argparse.Namespace) -> None:
    from include.sandbox.commands import run

    run(options.state, _request(options), _console())


def _up(options: argparse.Namespace) -> None:
    from include.sandbox.commands import detach, up

    (detach if options.detach else up)(options.state, options.data, _console())


def _serve(options: argparse.Namespace) -> None:
    from include.sandbox.serving import Elsewhere, serve

    password = _required("AIRFLOW_ADMIN_PASSWORD")["AIRFLOW_ADMIN_PASSWORD"]
    serve(options.state, Elsewhere(options.airflow, password, options.settings), options.data, _console())


def _backfill(options: argparse.Namespace) -> None:
    from include.sandbox.loads import backfill, show_plan

    if not (options.start and options.end):
        raise SandboxError("Give the range to load: FROM and TO, ISO 8601; TO is not included.")
    (show_plan if options.plan else backfill)(options.state, _request(options), _console())


def _reprocess(options: argparse.Namespace) -> None:
    from include.sandbox.loads import reprocess

    reprocess(options.state, _console())


def _replay(options: argparse.Namespace) -> None:
    from include.sandbox.replay import Selection, replay

    replay(options.state, Selection(options.object, options.reason), _console())


def _down(options: argparse.Namespace) -> None:
    from include.sandbox.commands import down

    down(options.state, _console())


def _status(options: argparse.Namespace) -> int:
    from include.sandbox.services import running
    from include.sandbox.status import print_status

    return 0 if print_status(_console(), running(options.state), as_json=options.json) else 1


def _inbox(options: argparse.Namespace) -> None:
    from include.sandbox.inbox import print_inbox
    from include.sandbox.services import running

    print_inbox(_console(), running(options.state))


def _metrics(options: argparse.Namespace) -> None:
    from include.sandbox.statsd import show

    show(options.port, _console())


def _inbox_server(options: argparse.Namespace) -> None:
    from include.sandbox.inbox_server import serve
    from include.sandbox.state import State

    serve(State.load(options.state), functools.partial(write_ready, options.state, "inbox-server"), stop_event())


def _seed(options: argparse.Namespace) -> None:
    from include.sandbox.commands import seed

    seed(options.state, options.data, _console())


def _spoil(options: argparse.Namespace) -> None:
    from include.sandbox.sample.corrupt import KINDS
    from include.sandbox.services import running
    from include.sandbox.spoil import spoil

    if options.kind not in KINDS:
        raise SandboxError(f"There is no kind {options.kind!r}: choose one of {', '.join(KINDS)}.")
    spoil(running(options.state), options.kind, options.key, _console())


def _feed(options: argparse.Namespace) -> None:
    from include.sandbox.aws import SOURCE_BUCKET
    from include.sandbox.feed import run_feed
    from include.sandbox.services import app_client, running

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    s3 = app_client(running(options.state))
    run_feed(s3, SOURCE_BUCKET, interval_seconds=options.seconds, stop=stop_event())


def _sql(options: argparse.Namespace) -> int:
    from include.sandbox.services import running
    from include.sandbox.sql import run_sql

    state = running(options.state)
    return run_sql(state, sys.stdin.read() if options.text is None else options.text)


def _report(options: argparse.Namespace) -> None:
    from include.reports.command import report
    from include.sandbox.analyst import connect_as_analyst
    from include.sandbox.services import SCHEMA, running
    from sparkify.warehouse import Session

    with connect_as_analyst(running(options.state)) as connection:
        connection.autocommit = True
        report(Session(connection, pid=0), SCHEMA, options, options.state / "reports")


def _aws(options: argparse.Namespace) -> None:
    from include.sandbox.aws_server import serve
    from include.sandbox.objects import FOLDER, take_over

    take_over(options.state)
    ready = functools.partial(write_ready, options.state, "aws")
    serve(options.state / FOLDER, options.port, ready, stop_event())


def _redshift(options: argparse.Namespace) -> None:
    from include.sandbox.redshift import RedshiftConfig, install, run
    from include.sandbox.redshift.standalone import serve_alone

    if options.postgres is not None or options.s3 is not None:
        dsn = options.postgres or _required("SANDBOX_POSTGRES_DSN")["SANDBOX_POSTGRES_DSN"]
        serve_alone(dsn, options.s3 or "", options.port, options.user, REGION, os.environ.get("SANDBOX_IAM_ROLE"))
        return
    environment = _required("SANDBOX_POSTGRES_DSN", "SANDBOX_REDSHIFT_PASSWORD", "SANDBOX_AWS_ENDPOINT")
    config = RedshiftConfig(
        postgres_dsn=environment["SANDBOX_POSTGRES_DSN"], host=HOST, port=options.port, database=DATABASE,
        aws_endpoint=environment["SANDBOX_AWS_ENDPOINT"], region=REGION,
        default_iam_role=os.environ.get("SANDBOX_IAM_ROLE"),
    )  # fmt: skip
    install(config, USER, environment["SANDBOX_REDSHIFT_PASSWORD"])

    run(config, lambda port: write_ready(options.state, "redshift", {"port": port}))


def _required(*names: str) -> dict[str, str]:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise SandboxError(f"{', '.join(missing)} must be set in the environment: start the services with `up`.")
    return {name: os.environ[name] for name in names}
