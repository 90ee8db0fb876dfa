"""What is common to the ways in which the questions are asked: options, the range, tables and pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from include.reports.questions import NAMES, Range, ask, covered, pasted
from include.reports.tables import print_answer

if TYPE_CHECKING:
    from sparkify.warehouse import Session
# SQLSTATE of a schema or table that is not there, and of one that may not be read (PostgreSQL: appendix A).
NOT_THERE, NOT_ALLOWED = ("3F000", "42P01"), "42501"


class ReportError(RuntimeError):
    """Something a person can put right; the message says what and how, and is shown without a traceback."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what a person may choose: the range, the questions, and where the pictures go."""
    parser.add_argument("--from", dest="start", type=_moment, metavar="TIME",
                        help="first moment, ISO 8601, UTC unless it says (default: the first play's hour)")  # fmt: skip
    parser.add_argument("--to", dest="end", type=_moment, metavar="TIME",
                        help="last moment, not included (default: the end of the last play's hour)")  # fmt: skip
    parser.add_argument("--name", type=_names, default=NAMES, dest="names", metavar="NAMES",
                        help=f"which questions (default: {' '.join(NAMES)})")  # fmt: skip
    parser.add_argument(
        "--sql", action="store_true", help="only print the SQL, with the range in it, for a query editor"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the charts (default: .sandbox/reports)")


def report(session: Session, schema: str, options: argparse.Namespace, folder: Path) -> None:
    """Asks the questions, prints their answers and draws their charts.

    Args:
        session: of a user who may read the star schema.
        schema: of the star.
        options: see `add_options`.
        folder: where the charts go if the options do not say.

    Raises:
        ReportError: the range is empty, or there is no star schema to read.
    """
    if options.start and options.end and options.start >= options.end:
        raise ReportError(f"The range begins at {options.start} and ends at {options.end}: nothing is in it.")
    try:
        asked = covered(session, schema, options.start, options.end)
        if options.sql:
            print(";\n\n".join(pasted(name, schema, asked) for name in options.names))
        else:
            _answer(session, schema, options.names, asked, options.out or folder)
    except Exception as error:
        raise _explained(error, schema) from error


def _answer(session: Session, schema: str, names: Iterable[str], asked: Range, folder: Path) -> None:
    from include.reports.charts import draw  # matplotlib, which it imports, takes a second

    console = _console()
    for name in names:
        answer = ask(session, name, schema, asked)
        print_answer(console, answer)
        if path := draw(answer, folder):
            console.print(f"  {path}\n", soft_wrap=True, highlight=False)


def _console() -> Console:
    """Returns the standard output; rich would cut what is not a terminal at 80 columns."""
    return Console(width=None if sys.stdout.isatty() else 120)


def _explained(error: Exception, schema: str) -> Exception:
    """Returns what a person can do about an error of the warehouse; any other error as it is."""
    from sparkify.errors import message, sqlstate

    if sqlstate(error) in NOT_THERE:
        return ReportError(
            f"There is no star schema {schema} to read: {message(error)}. Load something first, or name its schema."
        )
    if sqlstate(error) == NOT_ALLOWED:
        return ReportError(f"{message(error)}. Reports need the role {schema}_reader: grant role {schema}_reader to …")
    return error


def _names(text: str) -> list[str]:
    """Reads names of questions, with spaces or commas between them."""
    names = text.replace(",", " ").split()
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"there is no question {', '.join(unknown)}: choose of {', '.join(NAMES)}")
    return names


def _moment(text: str) -> datetime:
    from include.moments import moment  # pendulum, which it imports, would be waited for by each command

    try:
        return moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error  # of a ValueError argparse would not show the message
