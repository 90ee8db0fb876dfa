"""Airflow's Redshift hook and transfers (provider amazon), and the check operators of provider common-sql."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.providers.amazon.aws.transfers.redshift_to_s3 import RedshiftToS3Operator
from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator
from airflow.providers.common.sql.operators.sql import (
    SQLCheckOperator,
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLInsertRowsOperator,
    SQLIntervalCheckOperator,
    SQLTableCheckOperator,
    SQLThresholdCheckOperator,
    SQLValueCheckOperator,
)

WAREHOUSE = "clients_redshift"
AMAZON = {"role": "clients_aws_role", "keys": "clients_aws_keys"}


@pytest.fixture(autouse=True)
def connections(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = {"endpoint_url": sandbox.endpoint, "region_name": sandbox.region}
    keys = {"conn_type": "aws", "login": sandbox.access_key_id, "password": sandbox.secret_access_key}
    of = {
        WAREHOUSE: {"conn_type": "redshift", "host": sandbox.host, "port": sandbox.port, "schema": sandbox.database,
                    "login": sandbox.user, "password": sandbox.password, "extra": {"ssl": False}},
        AMAZON["role"]: keys | {"extra": endpoint | {"role_arn": sandbox.role, "region": sandbox.region}},
        AMAZON["keys"]: keys | {"extra": endpoint},
    }  # fmt: skip
    for name, connection in of.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


@pytest.fixture
def hook() -> RedshiftSQLHook:
    return RedshiftSQLHook(redshift_conn_id=WAREHOUSE)


@pytest.fixture
def table(hook: RedshiftSQLHook, schema: str) -> str:
    hook.run(f"CREATE TABLE {schema}.t (id int PRIMARY KEY, name varchar(10) DEFAULT 'none')")
    hook.insert_rows(f"{schema}.t", [(1, "old"), (5, "kept")], ["id", "name"])
    return f"{schema}.t"


@pytest.fixture
def source(sandbox: Any, schema: str) -> str:
    sandbox.put(f"{schema}/in/1.json", '{"id": 1, "name": "new"}\n{"id": 2, "name": "second"}')
    return f"{schema}/in/"


@pytest.mark.can("connect")
def test_c9_the_hook_connects(hook: RedshiftSQLHook) -> None:
    assert hook.test_connection() == (True, "Connection successfully tested")
    with closing(hook.get_conn()) as connection:
        assert connection.cursor().execute("SELECT current_database()").fetchone()[0] == "dev"


@pytest.mark.can("DDL", "insert", "transactions", "introspection")
def test_c9_the_hook_runs_lists_and_finds_rows_and_keys(hook: RedshiftSQLHook, schema: str) -> None:
    hook.run([f"CREATE TABLE {schema}.t (a int, b varchar(5), PRIMARY KEY (b, a)) DISTKEY (a)",
              f"INSERT INTO {schema}.t VALUES (1, 'x')"])  # fmt: skip
    with pytest.raises(Exception, match="nothing"):
        hook.run([f"DELETE FROM {schema}.t", "SELECT * FROM nothing"], autocommit=False)
    assert hook.get_first(f"SELECT count(*) FROM {schema}.t")[0] == 1
    found = hook.get_records(f"SELECT b FROM {schema}.t WHERE a = %s AND b = %s", parameters=(1, "x"))
    assert [list(row) for row in found] == [["x"]]
    assert sorted(hook.get_table_primary_key("t", schema)) == ["a", "b"]


@pytest.mark.can("COPY")
@pytest.mark.parametrize("authorization", AMAZON)
def test_c9_append_copies(hook: RedshiftSQLHook, sandbox: Any, table: str, source: str, authorization: str) -> None:
    load(sandbox, table, source, aws_conn_id=AMAZON[authorization], column_list=["id", "name"])
    assert rows(hook, table) == [(1, "new"), (1, "old"), (2, "second"), (5, "kept")]


@pytest.mark.can("COPY")
def test_c9_append_copies_csv(hook: RedshiftSQLHook, sandbox: Any, table: str, schema: str) -> None:
    sandbox.put(f"{schema}/csv", 'id,name\n7,"a,b"\n')
    load(sandbox, table, f"{schema}/csv", copy_options=["CSV", "IGNOREHEADER 1"])
    assert rows(hook, table)[-1] == (7, "a,b")


@pytest.mark.can("replace", "transactions")
def test_c9_replace_deletes_and_copies_in_one_transaction(
    hook: RedshiftSQLHook, sandbox: Any, table: str, source: str
) -> None:
    load(sandbox, table, source, method="REPLACE")
    assert rows(hook, table) == [(1, "new"), (2, "second")]
    with pytest.raises(Exception, match="does not exist"):
        load(sandbox, table, "nowhere/", method="REPLACE")
    assert rows(hook, table) == [(1, "new"), (2, "second")]


@pytest.mark.can("upsert")
@pytest.mark.parametrize("keys", [None, ["id"]], ids=["primary key", "keys given"])
def test_c9_upsert_replaces_what_has_the_same_key(
    hook: RedshiftSQLHook, sandbox: Any, table: str, source: str, keys: list[str] | None
) -> None:
    load(sandbox, table, source, method="UPSERT", upsert_keys=keys)
    assert rows(hook, table) == [(1, "new"), (2, "second"), (5, "kept")]


@pytest.mark.can("UNLOAD")
@pytest.mark.parametrize("authorization", AMAZON)
def test_c9_unload_writes_the_table(sandbox: Any, table: str, schema: str, authorization: str) -> None:
    unload = RedshiftToS3Operator(
        task_id="unload", s3_bucket=sandbox.bucket, s3_key=f"{schema}/out", schema=schema, table="t",
        redshift_conn_id=WAREHOUSE, aws_conn_id=AMAZON[authorization], include_header=True,
        unload_options=["FORMAT CSV", "PARALLEL OFF"],
    )  # fmt: skip
    unload.execute({})
    assert sandbox.objects(f"{schema}/out/") == {"t_000": b"id,name\n1,old\n5,kept\n"}


@pytest.mark.can("UNLOAD")
def test_c9_unload_writes_a_query_with_quotes(sandbox: Any, table: str, schema: str) -> None:
    unload = RedshiftToS3Operator(
        task_id="unload", s3_bucket=sandbox.bucket, s3_key=f"{schema}/out_", redshift_conn_id=WAREHOUSE,
        aws_conn_id=AMAZON["role"], select_query=f"SELECT name FROM {table} WHERE name = 'kept'", autocommit=True,
        table_as_file_name=False, unload_options=["PARALLEL OFF", "ALLOWOVERWRITE"],
    )  # fmt: skip
    unload.execute({})
    assert sandbox.objects(f"{schema}/out_") == {"000": b"kept\n"}


@pytest.mark.can("errors")
def test_c9_a_task_fails_with_what_redshift_said(sandbox: Any, hook: RedshiftSQLHook, table: str, schema: str) -> None:
    sandbox.put(f"{schema}/bad", '{"id": "x"}')
    with pytest.raises(Exception, match="Check 'stl_load_errors' system table for details"):
        load(sandbox, table, f"{schema}/bad")
    assert hook.get_first("SELECT err_code FROM stl_load_errors ORDER BY starttime DESC LIMIT 1")[0] == 1207


@pytest.mark.can("checks")
def test_c9_the_check_operators_pass_and_fail(table: str) -> None:
    def check(kind: Any, **arguments: Any) -> Any:
        return kind(task_id="check", conn_id=WAREHOUSE, **arguments).execute({})

    check(SQLCheckOperator, sql=f"SELECT count(*) FROM {table}")
    check(SQLValueCheckOperator, sql=f"SELECT count(*) FROM {table}", pass_value=2)
    check(SQLThresholdCheckOperator, sql=f"SELECT max(id) FROM {table}", min_threshold=1, max_threshold="SELECT 9")
    check(SQLColumnCheckOperator, table=table, column_mapping={
        "id": {"null_check": {"equal_to": 0}, "distinct_check": {"equal_to": 2}, "max": {"leq_to": 5}}})  # fmt: skip
    check(SQLTableCheckOperator, table=table, checks={"many": {"check_statement": "count(*) > 1"},
                                                      "ids": {"check_statement": "id > 0"}})  # fmt: skip
    with pytest.raises(Exception, match="Test failed"):
        check(SQLCheckOperator, sql=f"SELECT count(*) > 9 FROM {table}")
    with pytest.raises(Exception, match="null_check"):
        check(SQLColumnCheckOperator, table=table, column_mapping={"id": {"null_check": {"equal_to": 1}}})
    with pytest.raises(Exception, match="many"):
        check(SQLTableCheckOperator, table=table, checks={"many": {"check_statement": "count(*) > 9"}})


@pytest.mark.can("checks")
def test_c9_the_interval_check_compares_two_days(hook: RedshiftSQLHook, schema: str) -> None:
    hook.run([f"CREATE TABLE {schema}.days (ds date, n int)",
              f"INSERT INTO {schema}.days VALUES ('2018-11-02', 10), ('2018-11-01', 8)"])  # fmt: skip
    check = SQLIntervalCheckOperator(
        task_id="check", conn_id=WAREHOUSE, table=f"{schema}.days", metrics_thresholds={"sum(n)": 2}, days_back=-1
    )
    check.sql1, check.sql2 = (sql.replace("{{ ds }}", "2018-11-02").replace(
        "{{ macros.ds_add(ds, -1) }}", "2018-11-01") for sql in (check.sql1, check.sql2))  # fmt: skip
    check.execute({})


@pytest.mark.can("insert", "DDL")
def test_c9_the_execute_and_insert_operators_run(hook: RedshiftSQLHook, table: str) -> None:
    script = f"DELETE FROM {table}; INSERT INTO {table} VALUES (3, 'a;b')"
    SQLExecuteQueryOperator(task_id="run", conn_id=WAREHOUSE, sql=script, split_statements=True).execute({})
    SQLInsertRowsOperator(
        task_id="insert", conn_id=WAREHOUSE, table_name="t", schema=table.split(".")[0], rows=[(4, "c")],
        columns=["id", "name"],
    ).execute({})  # fmt: skip
    assert rows(hook, table) == [(3, "a;b"), (4, "c")]


def load(sandbox: Any, table: str, key: str, **arguments: Any) -> None:
    schema, name = table.split(".")
    given = {"aws_conn_id": AMAZON["role"], "copy_options": ["FORMAT AS JSON 'auto'"]} | arguments
    S3ToRedshiftOperator(
        task_id="load", schema=schema, table=name, s3_bucket=sandbox.bucket, s3_key=key, redshift_conn_id=WAREHOUSE,
        **given,
    ).execute({})  # fmt: skip


def rows(hook: RedshiftSQLHook, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in hook.get_records(f"SELECT id, name FROM {table} ORDER BY id, name")]
