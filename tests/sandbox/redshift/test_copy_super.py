"""COPY into SUPER columns (AWS: ingest-super)."""

from __future__ import annotations

import io
import json
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from pyarrow import parquet

VALUES = [{"b": 1, "a": ["x", None, 1.50]}, [], "te\\xt\t\u0001", 7, True, {"é": "\U0001f600"}]


def load(connection: Any, cluster: Any, body: str | bytes, options: str, columns: str = "n int, s super") -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT current_schema(); DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
    source = cluster.put(f"super/{id(body)}", body)
    cursor.execute(f"COPY t FROM '{source}' IAM_ROLE default {options}")
    cursor.execute("SELECT json_serialize(s) FROM t")
    return [text and json.loads(text) for (text,) in cursor.fetchall()]


@pytest.mark.parametrize("options", ["JSON 'auto'", "JSON 'auto ignorecase'"])
def test_json_stays_as_it_is_structured(connection: Any, cluster: Any, options: str) -> None:
    body = "\n".join(json.dumps({"n": n, "s": value}) for n, value in enumerate([*VALUES, None]))
    assert load(connection, cluster, body, options) == [*VALUES, None]


def test_noshred_takes_the_whole_record(connection: Any, cluster: Any) -> None:
    records = [{"a": {"b": [1, 2]}}, [3, "x"]]
    body = "".join(map(json.dumps, records))
    assert load(connection, cluster, body, "JSON 'noshred'", "s super") == records
    with pytest.raises(psycopg2.InternalError, match="'noshred' needs exactly one column, of type SUPER"):
        load(connection, cluster, body, "JSON 'noshred'")


def test_text_holds_json(connection: Any, cluster: Any) -> None:
    body = '1,"{""a"": [1, ""x""]}"\n2,\n3,"""text"""\n'
    assert load(connection, cluster, body, "CSV") == [{"a": [1, "x"]}, None, "text"]
    with pytest.raises(psycopg2.InternalError, match="Load into table 't' failed"):
        load(connection, cluster, "1,{a\n", "CSV")
    cursor = connection.cursor()
    cursor.execute("SELECT err_code FROM stl_load_errors WHERE query = pg_last_copy_id()")
    assert cursor.fetchall() == [(1224,)]


def test_a_string_in_super_has_65535_bytes_at_most(connection: Any, cluster: Any) -> None:
    fits, longer = "x" * 65535, "é" * 32768
    assert load(connection, cluster, json.dumps({"s": [fits]}), "JSON 'auto'") == [[fits]]
    with pytest.raises(psycopg2.InternalError):
        load(connection, cluster, json.dumps({"s": [longer]}), "JSON 'auto'")


def test_nested_parquet_is_serialized_when_asked_for(connection: Any, cluster: Any) -> None:
    body, nested = io.BytesIO(), [{"a": [1, None], "b": "x"}, None]
    kind = pa.struct([("a", pa.list_(pa.int64())), ("b", pa.string())])
    flat = pa.array([1, 2], pa.int32())
    parquet.write_table(pa.table({"n": flat, "s": pa.array(nested, kind), "m": flat}), body)
    assert load(connection, cluster, body.getvalue(), "PARQUET SERIALIZETOJSON", "n int, s super, m int") == nested
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="without SERIALIZETOJSON"):
        load(connection, cluster, body.getvalue(), "PARQUET", "n int, s super, m int")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match='"s", which is no SUPER column'):
        load(connection, cluster, body.getvalue(), "PARQUET SERIALIZETOJSON", "n int, s varchar, m int")
