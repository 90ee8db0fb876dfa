"""Runs SQL on the sandbox Redshift and prints rows that a script can read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import sqlparse
from redshift_connector.error import Error

from include.sandbox.services import connect
from include.sandbox.state import State
from include.sandbox.terminal import printable


def run_sql(state: State, text: str) -> int:
    """Runs one or more statements, each in a transaction of its own, and prints their rows.

    Rows are tab-separated, without a header, NULL is empty; errors go to stderr. Values are printed as they are, tabs
    and new lines in them too; only in a terminal control characters are shown as psql shows them, and not obeyed.

    Returns:
        The exit code: 0, or 1 after a statement that failed; the statements after it are not run.
    """
    with connect(state) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for statement in sqlparse.split(text):
            try:
                cursor.execute(statement)
            except Error as error:
                print(printable(explain(error)), file=sys.stderr)
                return 1
            if cursor.description:
                print_rows(cursor.fetchall())
    return 0


def print_rows(rows: Iterable[Iterable[Any]]) -> None:
    """Prints rows tab-separated."""
    for row in rows:
        line = "\t".join(map(shown, row))
        print(printable(line) if sys.stdout.isatty() else line)


def shown(value: Any) -> str:
    """Returns a value as Redshift writes it in text; NULL as nothing."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def explain(error: Error) -> str:
    """Returns the server's message, detail and hint, where the driver passes them on as fields, else what it says."""
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    parts = [
        f"{label}{fields[code]}"
        for code, label in (("M", "ERROR: "), ("D", "DETAIL: "), ("H", "HINT: "))
        if fields.get(code)
    ]
    return "\n".join(parts) or str(error)
