"""dlt, the fastest of the ways that its documentation has for PostgreSQL: Arrow tables, parquet, ADBC."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from tests.benchmarks.peers import job

TYPES = {"integer": pa.int32(), "bigint": pa.int64(), "double precision": pa.float64()}
AS_WRITTEN = {"registration": pa.float64(), "userId": pa.string()}  # cast below
BLOCK = 1 << 24  # bytes that Arrow parses at a time, by all cores


def tables(given: job.Job) -> Iterator[pa.Table]:
    wanted = pa.schema([(name, TYPES.get(kind, pa.string())) for name, kind in given.columns.items()])
    written = pa.schema([(field.name, AS_WRITTEN.get(field.name, field.type)) for field in wanted])
    table = pyarrow.json.read_json(
        io.BytesIO(given.body().read()),
        read_options=pyarrow.json.ReadOptions(block_size=BLOCK),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=written),
    )
    user = table["userId"]
    user = pc.if_else(pc.equal(user, ""), pa.scalar(None, user.type), user)  # nobody
    table = table.set_column(table.column_names.index("userId"), "userId", user)
    yield table.cast(wanted).rename_columns([name.lower() for name in wanted.names])


def load(given: job.Job) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "peers", pipelines_dir=folder, dataset_name=given.schema, destination=dlt.destinations.postgres(given.dsn)
        )
        pipeline.run(tables(given), table_name=given.table, loader_file_format="parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"  # calls nobody
    job.run(load)
