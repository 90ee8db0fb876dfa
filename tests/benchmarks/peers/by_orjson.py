"""The plain way: each line by orjson, each row made into COPY text, which psycopg2 sends by the thousand."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson
import psycopg2

from tests.benchmarks.peers import job

ROWS = 10_000
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def cell(value: Any) -> str:
    if value is None:
        return "\\N"
    return value.translate(ESCAPES) if isinstance(value, str) else str(value)


def row(line: bytes, names: Iterable[str]) -> str:
    event = orjson.loads(line)
    event["userId"] = event["userId"] or None
    if event["registration"] is not None:  # written with a fraction, and the column is of integers
        event["registration"] = int(event["registration"])
    return "\t".join([cell(event[name]) for name in names]) + "\n"


def load(given: job.Job) -> None:
    names = list(given.columns)
    columns = ", ".join(names).lower()
    lines = given.body().iter_lines(1 << 20)
    connection = psycopg2.connect(given.dsn)
    with connection, connection.cursor() as cursor:
        while rows := [row(line, names) for line in islice(lines, ROWS)]:
            text = io.StringIO("".join(rows))
            cursor.copy_expert(f"COPY {given.schema}.{given.table} ({columns}) FROM STDIN", text)


if __name__ == "__main__":
    job.run(load)
