"""The command line: `python -m include.sandbox COMMAND`; the Makefile's targets call it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import os
import signal
import sys
from pathlib import Path

from include.sandbox.process import stop_event
from include.sandbox.state import LOOPBACK, REGION, SandboxError, default_root, write_ready


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `command` to the function that runs it."""
    root = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    root.add_argument("--state", type=lambda text: Path(text).resolve(), default=default_root(), metavar="DIR",
                      help="folder that holds everything the sandbox keeps (default: %(default)s)")  # fmt: skip
    commands = root.add_subparsers(metavar="COMMAND", required=True)

    sql = commands.add_parser("sql", help="run SQL on the sandbox Redshift, rows tab-separated")
    sql.add_argument("text", nargs="?", help="the statements; read from standard input if not given")
    sql.set_defaults(command=_sql)

    aws = commands.add_parser("aws", help="serve S3, STS, IAM, SNS and SQS in the foreground (used by `up`)")
    aws.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 for any free one")
    aws.set_defaults(command=_aws)

    redshift = commands.add_parser(
        "redshift", help="serve the Redshift stand-in in the foreground (used by `up`)",
        description="Takes SANDBOX_POSTGRES_DSN, SANDBOX_REDSHIFT_PASSWORD, SANDBOX_AWS_ENDPOINT from the environment.",
    )  # fmt: skip
    redshift.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 for any free one")
    redshift.set_defaults(command=_redshift)
    return root


def _sql(options: argparse.Namespace) -> int:
    from include.sandbox.services import running
    from include.sandbox.sql import run_sql

    state = running(options.state)
    return run_sql(state, sys.stdin.read() if options.text is None else options.text)


def _aws(options: argparse.Namespace) -> None:
    from include.sandbox import aws

    ready = functools.partial(write_ready, options.state, "aws")
    aws.serve(options.state / "s3", options.port, ready, stop_event())


def _redshift(options: argparse.Namespace) -> None:
    from include.sandbox.redshift import RedshiftConfig, install, serve
    from include.sandbox.services import DATABASE, USER

    environment = _required("SANDBOX_POSTGRES_DSN", "SANDBOX_REDSHIFT_PASSWORD", "SANDBOX_AWS_ENDPOINT")
    config = RedshiftConfig(
        postgres_dsn=environment["SANDBOX_POSTGRES_DSN"], host=LOOPBACK, port=options.port, database=DATABASE,
        aws_endpoint=environment["SANDBOX_AWS_ENDPOINT"], region=REGION,
        default_iam_role=os.environ.get("SANDBOX_IAM_ROLE"),
    )  # fmt: skip
    install(config, USER, environment["SANDBOX_REDSHIFT_PASSWORD"])

    async def until_stopped() -> None:
        serving = asyncio.ensure_future(
            serve(config, lambda port: write_ready(options.state, "redshift", {"port": port}))
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(until_stopped())


def _required(*names: str) -> dict[str, str]:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise SandboxError(f"{', '.join(missing)} must be set in the environment: start the services with `up`.")
    return {name: os.environ[name] for name in names}
