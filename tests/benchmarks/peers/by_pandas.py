"""pandas: read_json of lines, and to_sql with an insertion method of COPY, as its user guide has it for PostgreSQL.

By its default engine for JSON, as most use it; the other, of pyarrow, which is not installed with pandas, parses in a
fifth of the time, and the rest stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import pandas
import sqlalchemy

from tests.benchmarks.peers import job


def load(given: job.Job) -> None:
    frame = pandas.read_json(io.BytesIO(given.body().read()), lines=True)
    # Columns of integers with gaps: pandas takes the one for floats and, since "" is among them, the other for text.
    frame["registration"] = frame["registration"].astype("Int64")
    frame["userId"] = pandas.to_numeric(frame["userId"]).astype("Int64")
    frame.columns = frame.columns.str.lower()
    engine = sqlalchemy.create_engine(given.dsn.replace("postgresql:", "postgresql+psycopg2:", 1))
    frame.to_sql(given.table, engine, schema=given.schema, if_exists="append", index=False, method=insert)
    engine.dispose()


def insert(table: Any, connection: Any, keys: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    names = ", ".join(f'"{key}"' for key in keys)
    with connection.connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table.schema}"."{table.name}" ({names}) FROM STDIN WITH CSV', text)


if __name__ == "__main__":
    job.run(load)
