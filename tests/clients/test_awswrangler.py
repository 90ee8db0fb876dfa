"""awswrangler.redshift (AWS SDK for pandas): data frames by Parquet in S3, COPY and UNLOAD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pytest
import redshift_connector


@pytest.fixture(scope="module", autouse=True)
def s3(sandbox: Any) -> Iterator[None]:
    wr.config.s3_endpoint_url = sandbox.endpoint
    boto3.setup_default_session(
        aws_access_key_id=sandbox.access_key_id, aws_secret_access_key=sandbox.secret_access_key,
        region_name=sandbox.region,
    )  # fmt: skip
    yield
    wr.config.reset()


@pytest.fixture
def connection(sandbox: Any, schema: str) -> Iterator[Any]:
    with closing(redshift_connector.connect(**sandbox.connector)) as connection:
        yield connection


@pytest.fixture(params=["role", "keys"])
def authorization(sandbox: Any, request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "role":
        return {"iam_role": sandbox.role}
    return {"aws_access_key_id": sandbox.access_key_id, "aws_secret_access_key": sandbox.secret_access_key}


FRAME = pd.DataFrame({"id": [1, 2], "name": ["old", "it's \\ é"]})
NEW = pd.DataFrame({"id": [2, 3], "name": ["new", None]})


def rows(connection: Any, schema: str) -> list[tuple[Any, ...]]:
    found = wr.redshift.read_sql_query(f"SELECT id, name FROM {schema}.t ORDER BY id", connection)
    return [(int(number), None if pd.isna(name) else name) for number, name in found.itertuples(index=False)]


@pytest.mark.can("connect", "DDL", "insert", "introspection")
def test_c7_to_sql_makes_the_table_and_inserts(connection: Any, schema: str) -> None:
    wr.redshift.to_sql(FRAME, connection, "t", schema, primary_keys=["id"], distkey="id", sortkey=["id"],
                       diststyle="KEY")  # fmt: skip
    wr.redshift.to_sql(NEW, connection, "t", schema, use_column_names=True)
    assert rows(connection, schema) == [(1, "old"), (2, "it's \\ é"), (2, "new"), (3, None)]


@pytest.mark.can("upsert", "introspection")
@pytest.mark.parametrize("given", [{}, {"primary_keys": ["id"], "lock": True}], ids=["keys found", "keys given"])
def test_c7_upsert_replaces_what_has_the_same_key(connection: Any, schema: str, given: dict[str, Any]) -> None:
    # It reads the primary key from pg_indexes (awswrangler: _get_primary_keys).
    wr.redshift.to_sql(FRAME, connection, "t", schema, primary_keys=["id"])
    wr.redshift.to_sql(NEW, connection, "t", schema, mode="upsert", **given)
    assert rows(connection, schema) == [(1, "old"), (2, "new"), (3, None)]


@pytest.mark.can("replace")
@pytest.mark.parametrize("method", ["drop", "cascade", "truncate", "delete"])
def test_c7_overwrite_replaces_all(connection: Any, schema: str, method: str) -> None:
    wr.redshift.to_sql(FRAME, connection, "t", schema)
    wr.redshift.to_sql(NEW, connection, "t", schema, mode="overwrite", overwrite_method=method)
    assert rows(connection, schema) == [(2, "new"), (3, None)]


@pytest.mark.can("COPY")
def test_c7_copy_loads_a_frame_by_parquet(
    connection: Any, sandbox: Any, schema: str, authorization: dict[str, str]
) -> None:
    wr.redshift.copy(FRAME, f"s3://{sandbox.bucket}/{schema}/", connection, "t", schema, **authorization)
    assert rows(connection, schema) == [(1, "old"), (2, "it's \\ é")]
    assert sandbox.objects(schema) == {}


@pytest.mark.can("COPY", "upsert")
def test_c7_copy_upserts(connection: Any, sandbox: Any, schema: str) -> None:
    path = f"s3://{sandbox.bucket}/{schema}/"
    wr.redshift.copy(FRAME, path, connection, "t", schema, iam_role=sandbox.role, primary_keys=["id"])
    wr.redshift.copy(NEW, path, connection, "t", schema, iam_role=sandbox.role, mode="upsert")
    assert rows(connection, schema) == [(1, "old"), (2, "new"), (3, None)]


@pytest.mark.can("COPY", "types")
def test_c7_types_survive_parquet(connection: Any, sandbox: Any, schema: str) -> None:
    given = {"a": 2**40, "b": 0.25, "c": True, "d": Decimal("3.14"), "e": date(2018, 11, 1),
             "f": datetime(2018, 11, 1, 1, 2, 3, 456789), "g": "text"}  # fmt: skip
    path = f"s3://{sandbox.bucket}/{schema}/"
    wr.redshift.copy(pd.DataFrame([given, dict.fromkeys(given)]), path, connection, "t", schema,
                     iam_role=sandbox.role)  # fmt: skip
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM {schema}.t ORDER BY a")
    assert [list(row) for row in cursor.fetchall()] == [list(given.values()), [None] * 7]


@pytest.mark.can("COPY")
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_c7_copy_from_files_loads_them(connection: Any, sandbox: Any, schema: str, form: str) -> None:
    path = f"s3://{sandbox.bucket}/{schema}/"
    if form == "parquet":
        wr.s3.to_parquet(FRAME, path + "1.parquet")
        more: dict[str, Any] = {}
    else:
        wr.s3.to_csv(FRAME, path + "1.csv", index=False, header=False)
        more = {"redshift_column_types": {"id": "INTEGER", "name": "VARCHAR(20)"}}
    wr.redshift.copy_from_files(path, connection, "t", schema, iam_role=sandbox.role, data_format=form, **more)
    assert rows(connection, schema) == [(1, "old"), (2, "it's \\ é")]


@pytest.mark.can("UNLOAD")
def test_c7_unload_reads_by_parquet(connection: Any, sandbox: Any, schema: str, authorization: dict[str, str]) -> None:
    wr.redshift.to_sql(FRAME, connection, "t", schema)
    found = wr.redshift.unload(f"SELECT * FROM {schema}.t WHERE name <> 'x' ORDER BY id",
                               f"s3://{sandbox.bucket}/{schema}/", connection, **authorization)  # fmt: skip
    assert sorted(found.itertuples(index=False, name=None)) == [(1, "old"), (2, "it's \\ é")]


@pytest.mark.can("UNLOAD")
@pytest.mark.parametrize("form", ["PARQUET", "CSV"])
def test_c7_unload_to_files_writes_them(connection: Any, sandbox: Any, schema: str, form: str) -> None:
    wr.redshift.to_sql(FRAME, connection, "t", schema)
    path = f"s3://{sandbox.bucket}/{schema}/"
    wr.redshift.unload_to_files(f"SELECT * FROM {schema}.t", path, connection, iam_role=sandbox.role,
                                unload_format=form, manifest=True)  # fmt: skip
    written = [name for name in wr.s3.list_objects(path) if not name.endswith("manifest")]
    read = wr.s3.read_parquet(written) if form == "PARQUET" else wr.s3.read_csv(written, header=None)
    assert sorted(read.itertuples(index=False, name=None)) == [(1, "old"), (2, "it's \\ é")]
    assert f"{path}manifest" in wr.s3.list_objects(path)


@pytest.mark.can("introspection")
def test_c7_it_reads_a_table_in_parts(connection: Any, schema: str) -> None:
    wr.redshift.to_sql(FRAME, connection, "t", schema)
    parts = list(wr.redshift.read_sql_table("t", connection, schema, chunksize=1))
    assert [len(part) for part in parts] == [1, 1]
