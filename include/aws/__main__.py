"""Runs the command line: `python -m include.aws COMMAND`; the Makefile's targets call it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
from botocore.exceptions import NoRegionError

from include.aws.mwaa import bundle
from include.aws.stack import Stack, StackError


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `command` to the function that runs it."""
    root = argparse.ArgumentParser(prog="python -m include.aws", description=__doc__)
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    connections = commands.add_parser(
        "connections", help="print Airflow's settings, as a file of environment variables"
    )
    connections.add_argument("--apply", action="store_true", help="set it in the Airflow that runs this")
    connections.add_argument("--out", type=Path, metavar="DIR", help="write it, as Airflow's import commands read it")
    connections.set_defaults(command=_connections)
    user = commands.add_parser("user", help="print the SQL that makes Airflow's user in the warehouse")
    user.set_defaults(command=_user)
    for command in (connections, user):
        command.add_argument("stack", help="name of the CloudFormation stack")
        command.add_argument("--region", help="of the stack (default: what AWS's configuration says)")
    mwaa = commands.add_parser("mwaa", help="write what a managed Airflow is given")
    mwaa.add_argument("folder", type=Path)
    mwaa.set_defaults(command=_mwaa)
    return root


def _stack(options: argparse.Namespace) -> Stack:
    try:
        client = boto3.client("cloudformation", region_name=options.region)
    except NoRegionError:
        raise StackError("No region is known: give REGION=, or set AWS_DEFAULT_REGION.") from None
    return Stack.read(client, options.stack)


def _connections(options: argparse.Namespace) -> None:
    stack = _stack(options)
    if options.apply:
        with TemporaryDirectory() as folder:
            _import(stack.write(Path(folder)))
    elif options.out:
        for name, path in stack.write(options.out).items():
            print(f"airflow {name} import {path}")
    else:
        print(*stack.environment(), sep="\n")


def _import(files: dict[str, Path]) -> None:
    for name, path in files.items():
        overwrite = ["--overwrite"] if name == "connections" else []
        command = [sys.executable, "-m", "airflow", name, "import", *overwrite, str(path)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own arguments
            raise StackError(f"airflow {name} import failed; see above. What came before it is set; run this again.")


def _user(options: argparse.Namespace) -> None:
    print(_stack(options).user_sql())


def _mwaa(options: argparse.Namespace) -> None:
    print(*bundle(options.folder), sep="\n")


if __name__ == "__main__":
    raise SystemExit(main())
