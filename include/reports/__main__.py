"""`python -m include.reports --connection ID` asks any warehouse that Airflow has a connection to."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

from include.reports.command import ReportError, add_options, report


def main(arguments: list[str] | None = None) -> int:
    """Asks what the command line names and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m include.reports", description=__doc__)
    parser.add_argument("--connection", required=True, metavar="ID",
                        help="Airflow connection of a user with the reader role, e.g. in AIRFLOW_CONN_ID")  # fmt: skip
    parser.add_argument("--schema", default="sparkify", metavar="NAME", help="of the star (default: %(default)s)")
    add_options(parser)
    options = parser.parse_args(arguments)
    try:
        _report(options)
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _report(options: argparse.Namespace) -> None:
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    from sparkify.errors import message
    from sparkify.warehouse import Session

    try:
        hook = BaseHook.get_connection(options.connection).get_hook()  # type: ignore[no-untyped-call]  # it is the SDK's
    except AirflowNotFoundException as error:
        name = f"AIRFLOW_CONN_{options.connection.upper()}"
        raise ReportError(f"Airflow knows no connection {options.connection!r}: add it, or set {name}.") from error
    try:
        connection = hook.get_conn()
    except Exception as error:
        raise ReportError(f"The connection {options.connection!r} does not lead in: {message(error)}") from error
    with closing(connection):
        connection.autocommit = True
        report(Session(connection, pid=0), options.schema, options, Path(".sandbox") / "reports")


if __name__ == "__main__":
    sys.exit(main())
