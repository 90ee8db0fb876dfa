"""UNLOAD to text, CSV and JSON: what is written, where, and what is refused (AWS: r_UNLOAD)."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
import zstandard

Unload = Callable[..., dict[str, bytes]]
EVERYTHING = """a smallint, b integer, c bigint, d numeric(12,3), e real, f double precision, g boolean, h char(3),
                i varchar(40), j date, k timestamp, l timestamptz"""
VALUES = r"""(1, 2, 3, 4.5, 1.5, 2.25, true, 'abc', 'plain', '2018-11-01', '2018-11-01 01:02:03.5',
              '2018-11-01 01:02:03+00'),
             (-1, -2, -3, -4.5, 0, 1e300, false, 'x|y', 'a|b,"c"\\d''e\nf\tg é', '1999-12-31', '1999-12-31 00:00:00',
              '1999-12-31 23:59:59+00'),
             (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""


def stored(cluster: Any, prefix: str) -> dict[str, bytes]:
    s3 = cluster.aws("s3")
    found = s3.list_objects_v2(Bucket=cluster.bucket, Prefix=prefix).get("Contents", ())
    return {item["Key"].removeprefix(prefix): s3.get_object(Bucket=cluster.bucket, Key=item["Key"])["Body"].read()
            for item in found}  # fmt: skip


@pytest.fixture
def unload(cluster: Any, schema: str, connection: Any) -> Unload:
    """Unloads a query below the schema's prefix; returns what is there then, by the rest of its key."""

    def unload(query: str, options: str = "", name: str = "out/") -> dict[str, bytes]:
        target = f"s3://{cluster.bucket}/{schema}/{name}"
        connection.cursor().execute(f"UNLOAD ($${query}$$) TO '{target}' IAM_ROLE '{cluster.role}' {options}")
        return stored(cluster, f"{schema}/{name}")

    return unload


TWO = "SELECT 1 AS n, 'x|y' AS t UNION ALL SELECT 2, NULL ORDER BY 1"


@pytest.mark.parametrize(
    ("options", "name", "content"),
    [
        ("", "0000_part_00", b"1|x|y\n2|\n"),
        ("DELIMITER ','", "0000_part_00", b"1,x|y\n2,\n"),
        ("delimiter as '\\t' NULL AS '@NULL@'", "0000_part_00", b"1\tx|y\n2\t@NULL@\n"),
        ("ESCAPE", "0000_part_00", b"1|x\\|y\n2|\n"),
        ("ADDQUOTES", "0000_part_00", b'"1"|"x|y"\n"2"|""\n'),
        ("HEADER PARALLEL OFF", "000", b"n|t\n1|x|y\n2|\n"),
        ("PARALLEL FALSE", "000", b"1|x|y\n2|\n"), ("PARALLEL ON", "0000_part_00", b"1|x|y\n2|\n"),
        ("FORMAT AS CSV DELIMITER '|' HEADER", "0000_part_00", b'n|t\n1|"x|y"\n2|\n'),
        ("CSV NULL 'none'", "0000_part_00", b"1,x|y\n2,none\n"),
        ("CSV EXTENSION 'csv'", "0000_part_00.csv", b"1,x|y\n2,\n"),
        ("FORMAT JSON", "0000_part_00", b'{"n":1,"t":"x|y"}\n{"n":2,"t":null}\n'),
    ],
)  # fmt: skip
def test_unload_writes_what_it_is_told(unload: Unload, options: str, name: str, content: bytes) -> None:
    assert unload(TWO, options) == {name: content}


@pytest.mark.parametrize(
    ("option", "ending", "decompress"),
    [("GZIP", ".gz", gzip.decompress), ("bzip2", ".bz2", bz2.decompress),
     ("ZSTD", ".zst", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body))],
)  # fmt: skip
def test_unload_compresses(unload: Unload, option: str, ending: str, decompress: Callable[[bytes], bytes]) -> None:
    ((name, body),) = unload(TWO, f"CSV {option}").items()
    assert (name, decompress(body)) == (f"0000_part_00{ending}", b"1,x|y\n2,\n")


@pytest.mark.parametrize(
    ("options", "reading"),
    [
        ("ESCAPE NULL AS '@'", "ESCAPE NULL AS '@'"),
        ("CSV NULL AS '@'", "CSV NULL AS '@'"),
        ("ADDQUOTES ESCAPE NULL AS '@'", "REMOVEQUOTES ESCAPE NULL AS '@'"),
        ("JSON", "JSON 'auto'"),
        ("CSV HEADER GZIP NULL AS '@'", "CSV IGNOREHEADER 1 GZIP NULL AS '@'"),
    ],
)
def test_copy_reads_back_what_unload_writes(
    cluster: Any, schema: str, connection: Any, unload: Unload, options: str, reading: str
) -> None:
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE source ({EVERYTHING}); INSERT INTO source VALUES {VALUES}")
    unload("SELECT * FROM source", options)
    notice = "INFO:  UNLOAD completed, 3 record(s) unloaded successfully."
    assert connection.notices[-1].strip() == notice
    cursor.execute(f"CREATE TABLE target (LIKE source); COPY target FROM 's3://bucket/{schema}/out/' IAM_ROLE default "
                   f"{reading} TIMEFORMAT 'auto'")  # fmt: skip
    for one, other in (("source", "target"), ("target", "source")):
        cursor.execute(f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) x")
        assert cursor.fetchone() == (0,)


def test_the_session_knows_its_last_unload(connection: Any, unload: Unload) -> None:
    cursor = connection.cursor()
    last = "SELECT pg_last_unload_id(), pg_last_unload_count()"
    cursor.execute(last)
    assert cursor.fetchone() == (-1, 0)
    unload(TWO)
    cursor.execute(last)
    first = cursor.fetchone()
    assert first[0] > 0
    assert first[1] == 2
    with pytest.raises(psycopg2.InternalError):
        unload(TWO)
    cursor.execute(last)
    assert cursor.fetchone() == first


def test_json_has_numbers_bare_and_booleans_as_t_and_f(unload: Unload) -> None:
    query = "SELECT 1.50::numeric(4,2) AS a, 'NaN'::float8 AS b, true AS c, '2018-11-01'::date AS \"d\", 'é\"\n' AS e"
    assert unload(query, "JSON") == {
        "0000_part_00": '{"a":1.50,"b":"NaN","c":"t","d":"2018-11-01","e":"é\\"\\n"}\n'.encode()
    }


def test_nothing_is_an_empty_file_but_none_in_json(unload: Unload) -> None:
    assert unload("SELECT 1 AS n WHERE false", name="text") == {"0000_part_00": b""}
    assert unload("SELECT 1 AS n WHERE false", "CSV HEADER", name="csv") == {"0000_part_00": b"n\n"}
    assert unload("SELECT 1 AS n WHERE false", "JSON MANIFEST", name="json/") == {"manifest": b'{\n  "entries": []\n}'}


def test_a_target_that_is_not_empty_is_left_alone(cluster: Any, schema: str, unload: Unload) -> None:
    unload("SELECT 1 AS n")
    cluster.put(f"{schema}/out/other", "kept")
    with pytest.raises(psycopg2.InternalError, match="Specified unload destination on S3 is not empty"):
        unload("SELECT 2 AS n")
    assert unload("SELECT 2 AS n", "ALLOWOVERWRITE") == {"0000_part_00": b"2\n", "other": b"kept"}
    assert unload("SELECT 3 AS n", "CLEANPATH CSV GZIP").keys() == {"0000_part_00.gz"}


def test_a_manifest_lists_the_files_for_copy(cluster: Any, schema: str, connection: Any, unload: Unload) -> None:
    files = unload(TWO, "MANIFEST HEADER", name="t_")
    url = f"s3://bucket/{schema}/t_0000_part_00"
    assert json.loads(files["manifest"]) == {"entries": [{"url": url}]}
    query = "SELECT 1::bigint AS n, 'x'::varchar(25) AS v, 1::numeric(8,2) AS d"
    verbose = json.loads(unload(query, "MANIFEST VERBOSE ALLOWOVERWRITE", name="t_")["manifest"])
    assert verbose == {
        "entries": [{"url": url, "meta": {"content_length": 9, "record_count": 1}}],
        "schema": {"elements": [
            {"name": "n", "type": {"base": "bigint"}},
            {"name": "v", "type": {"base": "character varying", "max_length": 25}},
            {"name": "d", "type": {"base": "numeric", "precision": 8, "scale": 2}},
        ]},
        "meta": {"content_length": 9, "record_count": 1},
        "author": {"name": "Amazon Redshift", "version": "1.0.0"},
    }  # fmt: skip
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE back (n bigint, v varchar, d numeric(8,2))")
    cursor.execute(f"COPY back FROM 's3://bucket/{schema}/t_manifest' IAM_ROLE default MANIFEST")
    cursor.execute("SELECT count(*) FROM back")
    assert cursor.fetchone() == (1,)


def test_files_have_their_largest_size(unload: Unload) -> None:
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)"
    files = unload(f"{numbers} SELECT n, repeat('x', 10000) AS t FROM numbers", "MAXFILESIZE 5 MB HEADER")
    assert [len(files[name]) // 10000 for name in ("0000_part_00", "0000_part_01", "0000_part_02")] == [524, 524, 152]
    assert all(len(body) <= 5 << 20 and body.startswith(b"n|t\n") for body in files.values())
    assert sum(body.count(b"\n") - 1 for body in files.values()) == 1200


def test_partitions_are_folders(unload: Unload) -> None:
    query = "SELECT 1 AS a, 'x/y' AS p, 2 AS q UNION ALL SELECT 3, NULL, 4 UNION ALL SELECT 5, 'x/y', 2 ORDER BY 1"
    assert unload(query, "CSV PARTITION BY (p, q)", name="p") == {
        "/p=x%2Fy/q=2/0000_part_00": b"1\n5\n", "/p=__HIVE_DEFAULT_PARTITION__/q=4/0000_part_00": b"3\n",
    }  # fmt: skip
    assert unload(query, "CSV PARTITION BY (q) INCLUDE", name="i/")["q=4/0000_part_00"] == b"3,,4\n"
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 400)"
    files = unload(f"{numbers} SELECT n, n % 30 AS p FROM numbers ORDER BY n", "CSV PARTITION BY (p)", name="many/")
    assert len({name.partition("/")[0] for name in files}) == 30 == len(files)
    assert sum(body.count(b"\n") for body in files.values()) == 400
    assert files["p=7/0000_part_00"].startswith(b"7\n37\n67\n")
    again = unload(query.replace("5", "6"), "CSV PARTITION BY (p, q) CLEANPATH", name="p")
    assert again["/p=x%2Fy/q=2/0000_part_00"] == b"1\n6\n"


@pytest.mark.parametrize(
    ("statement", "state", "names"),
    [
        ("UNLOAD ('select 1 as a limit 10') TO '{to}' {role}", "0A000", "Limit clause is not supported"),
        ("UNLOAD ('select top 1 a from (select 1 as a) x') TO '{to}' {role}", "0A000", "Limit clause"),
        ("UNLOAD ('select 1; select 2') TO '{to}' {role}", "42601", "one query"),
        ("UNLOAD ('delete from pg_class') TO '{to}' {role}", "42601", "delete"),
        ("UNLOAD (select 1) TO '{to}' {role}", "42601", "select"),
        ("UNLOAD ('select 1') TO '/folder/x' {role}", "22023", "/folder/x"),
        ("UNLOAD ('select 1') TO '{to}'", "42601", "UNLOAD needs an authorization"),
        ("UNLOAD ('select * from nowhere') TO '{to}' {role}", "42P01", "nowhere"),
        ("UNLOAD ('select substr(''a'', 1)') TO '{to}' {role}", "0A000", "SUBSTR"),
        ("UNLOAD ('select pg_read_file(''x'')') TO '{to}' {role}", "0A000", "pg_read_file"),
        ("UNLOAD ('select 1 as a, 2 as a') TO '{to}' {role} JSON", "42701", "a name of its own"),
        ("UNLOAD ('select 1 as a') TO '{to}' {role} PARTITION BY (a)", "42601", "at least one column"),
        ("UNLOAD ('select 1 as a') TO '{to}' {role} PARTITION BY (b)", "42703", "\"b\""),
        *((f"UNLOAD ('select 1 as a') TO '{{to}}' {{role}} {options}", state, names) for options, state, names in [
            ("FAST", "42601", "FAST"), ("FIXEDWIDTH 'a:1'", "0A000", "FIXEDWIDTH"),
            ("ENCRYPTED KMS_KEY_ID 'k'", "0A000", "KMS_KEY_ID"),
            ("FORMAT ORC", "42601", "ORC"), ("CSV ADDQUOTES", "0A000", "ADDQUOTES with CSV"),
            ("CSV ESCAPE", "0A000", "ESCAPE with CSV"), ("JSON HEADER", "0A000", "HEADER with JSON"),
            ("JSON NULL AS 'x'", "0A000", "NULL with JSON"), ("CSV JSON", "0A000", "CSV with JSON"),
            ("ALLOWOVERWRITE CLEANPATH", "0A000", "ALLOWOVERWRITE with CLEANPATH"),
            ("GZIP ZSTD", "42601", "compression"),
            ("MAXFILESIZE 1 MB", "22023", "MAXFILESIZE"), ("DELIMITER '||'", "22023", "DELIMITER"),
            ("CSV CSV", "42601", "CSV is given twice"),
            ("CREDENTIALS 'aws_iam_role=arn:aws:iam::1:role/x'", "42601", "one auth"),
        ]),
    ],
)  # fmt: skip
def test_what_unload_cannot_do_is_refused_by_name(
    cluster: Any, schema: str, connection: Any, statement: str, state: str, names: str
) -> None:
    with pytest.raises(psycopg2.Error, match=names) as refused:
        connection.cursor().execute(statement.format(to=f"s3://bucket/{schema}/no", role="IAM_ROLE default"))
    assert refused.value.pgcode == state
    assert stored(cluster, f"{schema}/no") == {}


@pytest.mark.parametrize(("option", "encryption"), [("ENCRYPTED", "AES256"), ("ENCRYPTED AUTO", None), ("", None)])
def test_unload_has_s3_encrypt_the_files(
    cluster: Any, schema: str, unload: Unload, option: str, encryption: str | None
) -> None:
    for name in unload(TWO, f"{option} MANIFEST"):
        head = cluster.aws("s3").head_object(Bucket=cluster.bucket, Key=f"{schema}/out/{name}")
        assert head.get("ServerSideEncryption") == encryption


def test_m2_unload_works_through_the_extended_protocol_and_in_a_transaction(cluster: Any, schema: str) -> None:
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.t AS SELECT 'it''s' AS a")
    cursor.execute(f"UNLOAD ('SELECT a FROM {schema}.t WHERE a = ''it''''s''') TO 's3://bucket/{schema}/out_' "
                   "credentials 'aws_access_key_id=a;aws_secret_access_key=b' CSV PARALLEL OFF")  # fmt: skip
    assert stored(cluster, f"{schema}/out_") == {"000": b"it's\n"}
    cursor.execute(f"SELECT count(*) FROM {schema}.t")
    assert cursor.fetchone()[0] == 1
    connection.rollback()


MANY = "(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {}) SELECT n FROM r)"


def test_an_unload_that_fails_in_s3_aborts_and_leaves_the_session_in_step(connection: Any) -> None:
    cursor = connection.cursor()
    rows = f"SELECT repeat(''x'', 65000) AS x FROM {MANY.format(200)}"
    with pytest.raises(psycopg2.InternalError, match="S3ServiceException:The specified bucket does not exist"):
        cursor.execute(f"UNLOAD ('{rows}') TO 's3://no-such-bucket/x' IAM_ROLE default ALLOWOVERWRITE MAXFILESIZE 5")
    cursor.execute("SELECT 1")
    assert cursor.fetchone() == (1,)


def test_an_unload_ends_with_the_statement_timeout(connection: Any, unload: Unload) -> None:
    cursor = connection.cursor()
    cursor.execute("SET statement_timeout TO 300")
    rows = f"SELECT 1 AS x FROM {MANY.format(10_000)} a CROSS JOIN {MANY.format(10_000)} b"
    with pytest.raises(psycopg2.errors.QueryCanceled):
        unload(rows)
    cursor.execute("RESET statement_timeout; SELECT 1")
    assert cursor.fetchone() == (1,)
