"""COPY of Parquet and UNLOAD to it (AWS: copy-usage_notes-copy-from-columnar, r_UNLOAD)."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import psutil
import psycopg2
import pyarrow as pa
import pytest
from pyarrow import parquet

Load = Callable[..., list[tuple[Any, ...]]]
MOMENT = datetime(2018, 11, 1, 1, 2, 3, 456789)


def file(columns: dict[str, Any], **options: Any) -> bytes:
    body = io.BytesIO()
    parquet.write_table(pa.table(columns), body, **options)
    return body.getvalue()


@pytest.fixture
def load(cluster: Any, schema: str, connection: Any) -> Load:
    """Creates a table, loads one object into it, returns the table's rows."""

    def load(columns: str, body: bytes, options: str = "", named: str = "", key: str = "data") -> list[Any]:
        cursor = connection.cursor()
        cursor.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
        source = cluster.put(f"{schema}/{key}", body)
        cursor.execute(f"COPY t {named} FROM '{source}' IAM_ROLE '{cluster.role}' FORMAT AS PARQUET {options}")
        cursor.execute("SELECT * FROM t")
        return list(cursor.fetchall())

    return load


@pytest.mark.parametrize(
    ("column", "kind", "value", "loaded"),
    [
        ("smallint", pa.int16(), -7, -7), ("smallint", pa.int8(), 7, 7), ("integer", pa.int32(), 1 << 30, 1 << 30),
        ("bigint", pa.int64(), 1 << 62, 1 << 62), ("real", pa.float32(), 1.5, 1.5),
        ("double precision", pa.float64(), 1e300, 1e300), ("boolean", pa.bool_(), True, True),
        ("numeric(5,2)", pa.decimal128(5, 2), Decimal("-3.14"), Decimal("-3.14")),
        ("numeric(38,9)", pa.decimal128(38, 9), Decimal("1.000000001"), Decimal("1.000000001")),
        ("date", pa.date32(), date(1969, 7, 20), date(1969, 7, 20)), ("timestamp", pa.timestamp("us"), MOMENT, MOMENT),
        ("timestamp", pa.timestamp("ms"), MOMENT.replace(microsecond=5000), MOMENT.replace(microsecond=5000)),
        ("timestamptz", pa.timestamp("us", "UTC"), MOMENT, MOMENT.replace(tzinfo=timezone.utc)),
        ("varchar(20)", pa.string(), "it's \\N\té\n", "it's \\N\té\n"), ("varchar", pa.large_string(), "", ""),
        ("char(4)", pa.string(), "ab", "ab  "), ("varchar", pa.dictionary(pa.int32(), pa.string()), "x", "x"),
    ],
)  # fmt: skip
def test_parquet_loads_by_type_and_null_is_null(
    load: Load, column: str, kind: pa.DataType, value: object, loaded: object
) -> None:
    body = file({"any name": pa.array([value, None], kind)})
    assert load(f"a {column}", body) == [(loaded,), (None,)]


def test_parquet_columns_go_by_position(load: Load) -> None:
    body = file({"b": pa.array([1], pa.int32()), "a": ["x"]})
    assert load("a int, b varchar", body) == [(1, "x")]
    assert load("a int DEFAULT 3, b varchar, c int", body, named="(c, b)") == [(3, "x", 1)]


@pytest.mark.parametrize("options", ["manifest_less", "MAXERROR 0 REGION 'us-west-2'", "STATUPDATE OFF FILLRECORD"])
def test_parquet_takes_the_options_that_go_with_it(load: Load, options: str) -> None:
    body = file({"a": pa.array([1], pa.int32())})
    if options == "manifest_less":
        with pytest.raises(psycopg2.errors.SyntaxError, match="manifest_less"):
            load("a int", body, options)
    else:
        assert load("a int, b varchar" if "FILL" in options else "a int", body, options)[0][0] == 1


@pytest.mark.parametrize(
    "options",
    ["MAXERROR 5", "IGNOREALLERRORS", "GZIP", "CSV", "DELIMITER ','", "NULL AS ''", "IGNOREHEADER 1",
     "TIMEFORMAT 'auto'",
     "TRUNCATECOLUMNS", "ACCEPTANYDATE", "COMPUPDATE OFF", "NOLOAD", "JSON 'auto'"],
)  # fmt: skip
def test_m13_parquet_refuses_the_options_that_do_not_go_with_it(load: Load, options: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match=options.split()[0]):
        load("a int", file({"a": pa.array([1], pa.int32())}), options)


@pytest.mark.parametrize(
    ("columns", "stored", "context"),
    [
        ("a int", {"a": pa.array([1], pa.int64())}, "has an incompatible Parquet schema for column"),
        ("a bigint", {"a": pa.array([1], pa.int32())}, "Column type: INT8, Parquet schema: int32 a"),
        ("a int", {"a": pa.array([1], pa.uint32())}, "incompatible Parquet schema"),
        ("a int", {"a": ["1"]}, "incompatible Parquet schema"), 
        ("a varchar", {"a": [1]}, "incompatible Parquet schema"),
        ("a numeric(8,2)", {"a": [1.5]}, "incompatible Parquet schema"),
        ("a numeric(8,2)", {"a": pa.array([Decimal("1.500")], pa.decimal128(8, 3))}, "incompatible Parquet schema"),
        ("a numeric(8,2)", {"a": pa.array([Decimal("1.50")], pa.decimal128(30, 2))}, "incompatible Parquet schema"),
        ("a real", {"a": [1.5]}, "incompatible Parquet schema"),
        ("a date", {"a": pa.array([MOMENT], pa.timestamp("us"))}, "incompatible Parquet schema"),
        ("a int, b int", {"a": pa.array([1], pa.int32())}, "Table columns: 2, Data columns: 1"),
        ("a int", {"a": pa.array([1], pa.int32()), "b": ["x"]}, "Table columns: 1, Data columns: 2"),
        ("a varchar(3)", {"a": ["éé"]}, "String length exceeds DDL length. Column name: a"),
        ("a char(3)", {"a": ["é"]}, "Multibyte character not supported for CHAR"),
        ("a varchar", {"a": pa.array([b"x\xa4"])}, "invalid or unsupported UTF-8"),
        ("a int NOT NULL", {"a": pa.array([1, None], pa.int32())}, "Missing data for not-null field. Column name: a"),
    ],
)  # fmt: skip
def test_parquet_that_does_not_fit_fails_and_tells_the_client(
    load: Load, connection: Any, columns: str, stored: dict[str, Any], context: str
) -> None:
    with pytest.raises(psycopg2.InternalError, match="Spectrum Scan Error") as failed:
        load(columns, file(stored))
    assert context in failed.value.diag.message_detail
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("columns", "kind", "value"),
    [("a varchar", pa.list_(pa.int32()), [1]), ("a varchar", pa.struct([("x", pa.int32())]), {"x": 1}),
     ("a time", pa.time64("us"), None)],
)  # fmt: skip
def test_parquet_types_without_a_column_type_are_refused(
    load: Load, columns: str, kind: pa.DataType, value: object
) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="Parquet"):
        load(columns, file({"a": pa.array([value], kind)}))


def test_invalid_characters_in_parquet_are_replaced(load: Load) -> None:
    assert load("a varchar", file({"a": pa.array([b"x\xa4y"])}), "ACCEPTINVCHARS AS '#'") == [("x#y",)]


@pytest.mark.parametrize(
    ("key", "compress"), [("a.parquet.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.snappy", bytes)]
)
def test_compressed_parquet_is_told_by_its_name(load: Load, key: str, compress: Callable[[bytes], bytes]) -> None:
    assert load("a varchar", compress(file({"a": ["x"]})), key=key) == [("x",)]


@pytest.mark.parametrize("body", [b"", b"PAR1", b"a|b\n" * 100, file({"a": ["x"] * 99})[:-9]])
def test_what_is_no_parquet_fails(load: Load, schema: str, body: bytes) -> None:
    with pytest.raises(psycopg2.InternalError, match=f"cannot read s3://bucket/{schema}/data as Parquet data"):
        load("a varchar", body)


def test_a_manifest_of_parquet_tells_the_length(cluster: Any, schema: str, load: Load, connection: Any) -> None:
    body = file({"a": ["x"]})
    assert load("a varchar", body) == [("x",)]
    cursor = connection.cursor()
    for length, message in ((len(body), ""), (len(body) + 1, "Status 416"), (None, "does not have 'meta' key")):
        entry = {"url": f"s3://bucket/{schema}/data", "mandatory": True}
        entry |= {} if length is None else {"meta": {"content_length": length}}
        manifest = cluster.put(f"{schema}-manifest", json.dumps({"entries": [entry]}))
        copy = f"COPY t FROM '{manifest}' IAM_ROLE default PARQUET MANIFEST"
        if message:
            with pytest.raises(psycopg2.InternalError, match=message):
                cursor.execute(copy)
        else:
            cursor.execute(copy)
    cursor.execute("SELECT file_format, loaded_rows FROM sys_load_history WHERE query_id = pg_last_copy_id()")
    assert cursor.fetchone() == ("Parquet", 0)


def test_memory_does_not_grow_with_a_parquet_file(cluster: Any, load: Load, schema: str) -> None:
    (server,) = (found for found in psutil.Process().children() if "RedshiftConfig" in " ".join(found.cmdline()))
    load("a varchar", file({"a": ["x"]}))
    rest, peaks = server.memory_info().rss, list[int]()
    for rows in (50_000, 200_000):  # 10 and 40 MB, in one row group
        values = [f"{n:0>200}" for n in range(rows)]
        body = file({"a": values}, use_dictionary=False, compression="none", row_group_size=rows)
        assert len(load("a varchar", body)) == rows
        peaks.append(server.memory_info().rss - rest)
    assert peaks[1] < peaks[0] + (20 << 20)


EVERYTHING = """a smallint, b integer, c bigint, d numeric(12,3), e real, f double precision, g boolean, h char(3),
                i varchar(40), j date, k timestamp"""
VALUES = """(1, 2, 3, 4.5, 1.5, 2.25, true, 'abc', 'it''s é', '2018-11-01', '2018-11-01 01:02:03.5'),
            (-1, -2, -3, -4.5, 0, 'NaN', false, '', '', '1969-07-20', '1969-07-20 00:00:00'),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""


def unloaded(cluster: Any, key: str) -> Any:
    return parquet.ParquetFile(io.BytesIO(cluster.aws("s3").get_object(Bucket="bucket", Key=key)["Body"].read()))


def test_copy_reads_back_the_parquet_that_unload_writes(cluster: Any, schema: str, connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE source ({EVERYTHING}); INSERT INTO source VALUES {VALUES}")
    cursor.execute(f"UNLOAD ('SELECT * FROM source') TO 's3://bucket/{schema}/out_' IAM_ROLE default PARQUET MANIFEST")
    opened = unloaded(cluster, f"{schema}/out_0000_part_00.parquet")
    assert [str(field.type) for field in opened.schema_arrow] == [
        "int16", "int32", "int64", "decimal128(12, 3)", "float", "double", "bool", "string", "string", "date32[day]",
        "timestamp[us]",
    ]  # fmt: skip
    assert opened.metadata.row_group(0).column(0).compression == "SNAPPY"
    cursor.execute("CREATE TABLE target (LIKE source)")
    cursor.execute(f"COPY target FROM 's3://bucket/{schema}/out_manifest' IAM_ROLE default FORMAT PARQUET MANIFEST")
    for one, other in (("source", "target"), ("target", "source")):
        cursor.execute(f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) x")
        assert cursor.fetchone() == (0,)
    cursor.execute("SELECT count(*) FROM target")
    assert cursor.fetchone() == (3,)


def test_unload_to_parquet_by_partition_and_of_nothing(cluster: Any, schema: str, connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"UNLOAD ('SELECT 1 AS a, ''x'' AS p') TO 's3://bucket/{schema}/p' IAM_ROLE default "
                   "FORMAT AS PARQUET PARTITION BY (p)")  # fmt: skip
    assert unloaded(cluster, f"{schema}/p/p=x/0000_part_00.parquet").read().to_pydict() == {"a": [1]}
    cursor.execute(f"UNLOAD ('SELECT 1 AS a WHERE false') TO 's3://bucket/{schema}/e' IAM_ROLE default PARQUET")
    assert unloaded(cluster, f"{schema}/e0000_part_00.parquet").read().to_pydict() == {"a": []}
    zoned = "SELECT ''2018-11-01 01:02:03-08''::timestamptz AS a"
    cursor.execute(f"UNLOAD ('{zoned}') TO 's3://bucket/{schema}/z' IAM_ROLE default PARQUET")
    assert unloaded(cluster, f"{schema}/z0000_part_00.parquet").read().to_pydict() == {
        "a": [datetime(2018, 11, 1, 9, 2, 3)]
    }


@pytest.mark.parametrize(
    ("query", "options", "names"),
    [("1 AS n", "HEADER", "HEADER with PARQUET"), ("1 AS n", "GZIP", "GZIP with PARQUET"),
     ("1 AS n", "NULL AS ''", "NULL with PARQUET"), ("1 AS n", "ADDQUOTES", "ADDQUOTES with PARQUET"),
     ("1 / 3.0 AS n", "", 'NUMERIC column "n" without a precision'),
     ("''10:00''::time AS n", "", "time without time zone")],
)  # fmt: skip
def test_what_unload_to_parquet_cannot_do_is_refused(
    schema: str, connection: Any, query: str, options: str, names: str
) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match=names):
        connection.cursor().execute(
            f"UNLOAD ('SELECT {query}') TO 's3://bucket/{schema}/no' IAM_ROLE default PARQUET {options}"
        )
