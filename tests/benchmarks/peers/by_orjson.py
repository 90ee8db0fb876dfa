"""The plain way: each line by orjson, each row by psycopg's COPY, as its documentation writes data row by row."""

from __future__ import annotations

import orjson
import psycopg

from tests.benchmarks.peers import job


def load(given: job.Job) -> None:
    names = list(given.columns)
    columns = ", ".join(names).lower()
    statement = f"COPY {given.schema}.{given.table} ({columns}) FROM STDIN"
    with psycopg.connect(given.dsn) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in given.body().iter_lines(1 << 20):
            event = orjson.loads(line)
            event["userId"] = event["userId"] or None
            if event["registration"] is not None:  # written with a fraction, and the column is of integers
                event["registration"] = int(event["registration"])
            copy.write_row([event[name] for name in names])


if __name__ == "__main__":
    job.run(load)
