"""COPY's sources: prefixes, manifests, authorization; and what the load views tell about them."""

from __future__ import annotations

import json
from typing import Any

import psycopg2
import pytest


@pytest.fixture
def cursor(cluster: Any, schema: str) -> Any:
    connection = cluster.psycopg2(options=f"-csearch_path={schema}")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a int)")
    return cursor


def copy(cursor: Any, source: str, options: str = "", authorization: str = "IAM_ROLE default") -> list[int]:
    cursor.execute(f"DELETE FROM t; COPY t FROM '{source}' {authorization} JSON 'auto' {options}")
    cursor.execute("SELECT a FROM t ORDER BY a")
    return [a for (a,) in cursor.fetchall()]


def test_m9_the_source_is_a_key_prefix(cluster: Any, schema: str, cursor: Any) -> None:
    for number, key in enumerate(["x/1.json", "x/", "x_old/2.json", "x.json.bak", "y/3.json"]):
        cluster.put(f"{schema}/{key}", "" if key == "x/" else f'{{"a":{number}}}')
    assert copy(cursor, f"s3://bucket/{schema}/x") == [0, 2, 3]
    assert copy(cursor, f"s3://bucket/{schema}/x/") == [0]


def test_m9_a_prefix_without_objects_is_an_error(schema: str, cursor: Any) -> None:
    with pytest.raises(psycopg2.InternalError, match=f"The specified S3 prefix '{schema}/none' does not exist"):
        copy(cursor, f"s3://bucket/{schema}/none")
    with pytest.raises(
        psycopg2.InternalError, match=r"S3ServiceException:The specified bucket does not exist,Status 404"
    ):
        copy(cursor, "s3://no-such-bucket/x")


def test_c12_a_missing_table_is_an_error(cursor: Any) -> None:
    with pytest.raises(psycopg2.InternalError, match="Cannot COPY into nonexistent table nope"):
        cursor.execute("COPY nope FROM 's3://bucket/x' IAM_ROLE default JSON 'auto'")


def test_m10_a_manifest_names_its_files(cluster: Any, schema: str, cursor: Any) -> None:
    one = cluster.put(f"{schema}/1", '{"a":1}')
    cluster.put(f"{schema}/10", '{"a":10}')
    entries = [{"url": one, "mandatory": True, "meta": {"content_length": 7}}, {"url": one}, {"url": one + "x"}]
    manifest = cluster.put(f"{schema}-manifest", json.dumps({"entries": entries}))
    assert copy(cursor, manifest, "MANIFEST") == [1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"entries": [{"url": "s3://bucket/{}/gone", "mandatory": True}]}, "The specified key does not exist"),
        ({"entries": [{"url": "s3://bucket/{}/gone", "mandatory": False}]}, "No files to load"),
        ({"entries": []}, "No files to load"),
        ({"entries": [{"url": "s3://bucket"}]}, "requires full path of an Amazon S3 object"),
        ({"entries": [{"mandatory": True}]}, "Manifest file is not in correct json format"),
        ({"files": []}, "Manifest file is not in correct json format"),
        ("no json", "Manifest file is not in correct json format"),
        (None, "Problem reading manifest file - S3ServiceException:The specified key does not exist"),
    ],
)
def test_m10_a_bad_manifest_fails(cluster: Any, schema: str, cursor: Any, content: Any, message: str) -> None:
    key = f"{schema}-manifest"
    if content is not None:
        cluster.put(key, content if isinstance(content, str) else json.dumps(content).replace("{}", schema))
    with pytest.raises(psycopg2.InternalError, match=message):
        copy(cursor, f"s3://bucket/{key}", "MANIFEST GZIP" if content is None else "MANIFEST")


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("IAM_ROLE 'arn:aws:iam::123456789012:role/none'",
         'User awsuser does not have ASSUMEROLE permission on IAM role "arn:aws:iam::123456789012:role/none" for COPY'),
        ("IAM_ROLE 'sparkify-copy'", "is not the ARN of an IAM role"),
        ("CREDENTIALS 'aws_access_key_id=a'", "Invalid credentials. Must be of the format"),
        ("", "COPY needs an authorization"),
    ],
)  # fmt: skip
def test_m13_authorization_is_checked(cluster: Any, schema: str, cursor: Any, authorization: str, message: str) -> None:
    source = cluster.put(f"{schema}/1", '{"a":1}')
    with pytest.raises(psycopg2.Error, match=message.replace(".", r"\.")):
        copy(cursor, source, authorization=authorization)


@pytest.mark.parametrize(
    "authorization",
    ["IAM_ROLE '{role}'", "WITH CREDENTIALS AS 'aws_iam_role={role}'", "ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'b'",
     "CREDENTIALS 'aws_access_key_id=a;aws_secret_access_key=b'"],
)  # fmt: skip
def test_m13_every_form_of_authorization_works(cluster: Any, schema: str, cursor: Any, authorization: str) -> None:
    source = cluster.put(f"{schema}/1", '{"a":1}')
    assert copy(cursor, source, authorization=authorization.format(role=cluster.role)) == [1]


def test_m12_a_failed_load_is_explained_to_everybody_and_after_rollback(cluster: Any, schema: str) -> None:
    cluster.put(f"{schema}/in/a.json", '{"a":1,"b":"x"}\n')
    source = cluster.put(f"{schema}/in/b.json", '{"a":1,"b":"y"}\n{"a":"é!","b":"y"}')
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.t (b varchar(5), a int)")
    connection.commit()
    with pytest.raises(Exception, match="Load into table 't' failed"):
        cursor.execute(f"COPY {schema}.t FROM 's3://bucket/{schema}/in' IAM_ROLE default JSON 'auto'")
    with pytest.raises(Exception, match="current transaction is aborted"):
        cursor.execute("SELECT 1")
    columns = """trim(filename), line_number, trim(colname), trim(type), position, trim(raw_line),
                 trim(raw_field_value), err_code"""
    expected = (source, 2, "a", "int4", 0, '{"a":".!","b":"y"}', ".!", 1207)
    other = cluster.psycopg2().cursor()
    other.execute(f"SELECT {columns}, query FROM stl_load_errors e JOIN stv_tbl_perm p ON e.tbl = p.id "
                  f"WHERE filename LIKE '%{schema}%' AND trim(p.name) = 't'")  # fmt: skip
    (row,) = other.fetchall()
    assert row[:-1] == expected
    connection.rollback()
    cursor.execute(f"SELECT {columns} FROM stl_load_errors WHERE query = pg_last_copy_id()")
    assert tuple(cursor.fetchone()) == expected
    cursor.execute(
        "SELECT trim(colname), trim(value) FROM stl_loaderror_detail WHERE query = pg_last_copy_id() ORDER BY field"
    )
    assert [tuple(found) for found in cursor.fetchall()] == [("b", "y"), ("a", ".!")]
    cursor.execute("SELECT pg_last_copy_id(), pg_last_copy_count()")
    assert tuple(cursor.fetchone()) == (row[-1], 0)
    cursor.execute("SELECT status, loaded_rows, error_count FROM sys_load_history WHERE query_id = pg_last_copy_id()")
    assert tuple(cursor.fetchone()) == ("aborted", 0, 1)


def test_m3_a_transaction_sees_what_it_has_loaded(cluster: Any, schema: str) -> None:
    one = cluster.put(f"{schema}/1", '{"a":1}\n{"a":2}\n')
    two = cluster.put(f"{schema}/2", '{"a":3}\n{"a":"x"}')
    etag = cluster.aws("s3").head_object(Bucket="bucket", Key=f"{schema}/1")["ETag"].strip('"')
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.t (a int)")
    cursor.execute(f"SELECT * FROM {schema}.t")
    cursor.execute(f"COPY {schema}.t FROM 's3://bucket/{schema}/' IAM_ROLE default JSON 'auto' MAXERROR 5")
    seen = """SELECT trim(file_name), lines_scanned, error_count FROM sys_load_detail
              WHERE query_id = pg_last_copy_id() ORDER BY 1"""
    rejected = "SELECT count(*) FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()"
    for end in (lambda: None, connection.commit):
        end()
        cursor.execute(seen)
        assert [tuple(row) for row in cursor.fetchall()] == [(one, 2, 0), (two, 2, 1)]
        cursor.execute(rejected)
        assert cursor.fetchone()[0] == 1
    cursor.execute(f"SELECT trim(file_etag) FROM sys_load_detail WHERE file_name = '{one}'")
    assert cursor.fetchone()[0] == etag


def test_m12_others_do_not_see_a_users_loads(cluster: Any, schema: str, cursor: Any) -> None:
    copy(cursor, cluster.put(f"{schema}/1", '{"a":1}'))
    user = f"u_{schema}"
    cursor.execute(f"CREATE USER {user} PASSWORD 'Sandbox123'")
    stranger = cluster.psycopg2(user, "Sandbox123")
    other = stranger.cursor()
    other.execute("SELECT count(*) FROM sys_load_detail")
    assert other.fetchone() == (0,)
    stranger.close()
    cursor.execute(f"DROP USER {user}")


def test_a_copy_is_cancelled_with_its_client(cluster: Any, schema: str, cursor: Any) -> None:
    source = cluster.put(f"{schema}/big", '{"a":1}\n' * 4_000_000)
    cursor.execute("SET statement_timeout TO 100")
    with pytest.raises(psycopg2.errors.QueryCanceled):
        cursor.execute(f"COPY t FROM '{source}' IAM_ROLE default JSON 'auto'")
    cursor.execute("RESET statement_timeout; SELECT count(*) FROM t")
    assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("options", ["JSON 'auto'", "CSV"])
def test_m12_what_acceptinvchars_replaced_is_in_a_view(cluster: Any, cursor: Any, schema: str, options: str) -> None:
    lines = {"JSON 'auto'": b'{"a": "fine", "b": "\xc3\xa9"}\n{"a": "ok", "b": "b\xffd"}\n{"a": "\xfe", "b": "\xfe"}',
             "CSV": b"fine,\xc3\xa9\nok,b\xffd\n\xfe,\xfe\n"}  # fmt: skip
    source = cluster.put(f"{schema}/x", lines[options])
    cursor.execute("CREATE TABLE replaced (a varchar(9), b varchar(9)); BEGIN")
    cursor.execute(f"COPY replaced FROM '{source}' IAM_ROLE default {options} ACCEPTINVCHARS '^'")
    query = "SELECT line_number, trim(colname) FROM stl_replacements WHERE query = pg_last_copy_id() ORDER BY 1"
    cursor.execute(query)
    assert cursor.fetchall() == [(2, "b"), (3, "a")]
    cursor.execute("ROLLBACK; SELECT trim(file_name), line_number, trim(column_name), trim(raw_line) "
                   "FROM sys_copy_replacements WHERE query_id = pg_last_copy_id() AND line_number = 2")  # fmt: skip
    assert cursor.fetchall() == [(source, 2, "b", lines[options].splitlines()[1].replace(b"\xff", b".").decode())]
