"""psycopg2 2.9: https://www.psycopg.org/docs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import execute_values

EVENTS = '{"id": 1, "name": "Ana"}\n{"id": 2, "name": "Ben\\u00e9"}\n'


@pytest.fixture
def connection(sandbox: Any, schema: str) -> Iterator[Any]:
    with closing(psycopg2.connect(**sandbox.libpq)) as connection:
        yield connection


@pytest.fixture
def cursor(connection: Any) -> Any:
    return connection.cursor()


@pytest.mark.can("connect")
def test_c1_it_connects_and_resets_its_session(connection: Any, cursor: Any) -> None:
    cursor.execute("SELECT version()")
    assert "Redshift" in cursor.fetchone()[0]
    cursor.execute("SET search_path TO nowhere")
    connection.reset()
    cursor.execute("SHOW search_path")
    assert "nowhere" not in cursor.fetchone()[0]


@pytest.mark.can("connect")
@pytest.mark.parametrize("sslmode", ["disable", "allow", "prefer"])
def test_c1_it_connects_where_tls_is_not_asked_for(sandbox: Any, sslmode: str) -> None:
    with closing(psycopg2.connect(**sandbox.libpq, sslmode=sslmode)) as connection:
        assert not connection.info.ssl_in_use


@pytest.mark.can("connect")
def test_c4_what_it_asks_for_at_the_start_is_honoured(sandbox: Any, schema: str) -> None:
    asked = {"options": f"-csearch_path={schema},public", "application_name": "mine", "client_encoding": "utf-8"}
    with closing(psycopg2.connect(**sandbox.libpq, **asked)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE here (a int); SELECT current_schema()")
        assert cursor.fetchone() == (schema,)
        assert connection.encoding == "UTF8"


@pytest.mark.can("DDL", "insert", "transactions")
def test_m18_what_is_rolled_back_is_gone(connection: Any, cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (id int IDENTITY(0, 1), name varchar(5)) DISTSTYLE ALL SORTKEY (name)")
    connection.commit()
    execute_values(cursor, f"INSERT INTO {schema}.t (name) VALUES %s", [("a",), ("b",)])
    cursor.execute(f"CREATE TABLE {schema}.gone (a int)")
    connection.rollback()
    cursor.execute(f"SELECT count(*) FROM {schema}.t")
    assert cursor.fetchone() == (0,)
    cursor.execute("SELECT 1 FROM svv_tables WHERE table_schema = %s AND table_name = 'gone'", (schema,))
    assert cursor.fetchone() is None


@pytest.mark.can("types")
def test_values_come_back_as_they_were_given(cursor: Any, schema: str) -> None:
    cursor.execute(f"""
        CREATE TABLE {schema}.t (a smallint, b int, c bigint, d numeric(10, 2), e real, f float, g boolean, h char(3),
                                 i varchar(20), j date, k timestamp, l timestamptz)""")  # fmt: skip
    row = (1, 2, 2**40, Decimal("3.14"), 0.5, 0.25, True, "abc", "it's \\ é", date(2018, 11, 1),
           datetime(2018, 11, 1, 1, 2, 3, 456789), datetime(2018, 11, 1, 1, 2, 3, tzinfo=timezone.utc))  # fmt: skip
    cursor.execute(f"INSERT INTO {schema}.t VALUES ({', '.join(['%s'] * 12)})", row)
    cursor.execute(f"INSERT INTO {schema}.t VALUES ({', '.join(['%s'] * 12)})", [None] * 12)
    cursor.execute(f"SELECT * FROM {schema}.t ORDER BY a")
    assert cursor.fetchall() == [row, (None,) * 12]


@pytest.mark.can("COPY", "errors")
def test_m2_copy_loads_and_says_what_it_refused(sandbox: Any, connection: Any, cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (id int, name varchar(10)); COMMIT")
    good, bad = sandbox.put(f"{schema}/good", EVENTS), sandbox.put(f"{schema}/bad", '{"id": "x"}')
    cursor.execute(f"COPY {schema}.t FROM '{good}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    cursor.execute("SELECT pg_last_copy_count()")
    assert cursor.fetchone() == (2,)
    assert connection.notices[-1] == "INFO:  Load into table 't' completed, 2 record(s) loaded successfully.\n"
    connection.commit()
    with pytest.raises(psycopg2.InternalError, match="Load into table 't' failed"):
        cursor.execute(f"COPY {schema}.t FROM '{bad}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
    connection.rollback()
    cursor.execute("SELECT trim(err_reason) FROM stl_load_errors WHERE query = pg_last_copy_id()")
    assert cursor.fetchone()[0].startswith("Invalid digit, Value 'x'")


@pytest.mark.can("UNLOAD")
def test_unload_writes_csv(sandbox: Any, connection: Any, cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (id int, name varchar(10)); INSERT INTO {schema}.t VALUES (1, 'a,b')")
    cursor.execute(f"UNLOAD ('SELECT * FROM {schema}.t') TO 's3://{sandbox.bucket}/{schema}/out_' "
                   f"IAM_ROLE '{sandbox.role}' FORMAT CSV HEADER PARALLEL OFF")  # fmt: skip
    assert sandbox.objects(f"{schema}/out_") == {"000": b'id,name\n1,"a,b"\n'}


@pytest.mark.can("upsert")
def test_m16_merge_updates_and_inserts(cursor: Any, schema: str) -> None:
    cursor.execute(f"""
        CREATE TABLE {schema}.t (id int, name varchar(10)); INSERT INTO {schema}.t VALUES (1, 'old');
        CREATE TEMP TABLE s (LIKE {schema}.t); INSERT INTO s VALUES (1, 'new'), (2, 'second');
        MERGE INTO {schema}.t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name
        WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name)""")
    cursor.execute(f"SELECT * FROM {schema}.t ORDER BY id")
    assert cursor.fetchall() == [(1, "new"), (2, "second")]


@pytest.mark.can("introspection")
def test_c11_it_sees_the_design_of_a_table(cursor: Any, schema: str) -> None:
    cursor.execute(f"SET search_path TO {schema}; CREATE TABLE t (id bigint DISTKEY, at timestamp NOT NULL SORTKEY)")
    cursor.execute('SELECT "column", type, "distkey", "sortkey", "notnull" FROM pg_table_def WHERE schemaname = %s',
                   (schema,))  # fmt: skip
    assert cursor.fetchall() == [
        ("id", "bigint", True, 0, False),
        ("at", "timestamp without time zone", False, 1, True),
    ]


@pytest.mark.can("errors")
@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT * FROM nothing", psycopg2.errors.UndefinedTable),
        ("SELECT 1 FROM", psycopg2.errors.SyntaxError),
        ("VACUUM", psycopg2.errors.ActiveSqlTransaction),
        ("COPY nothing FROM 's3://clients/none' IAM_ROLE default JSON 'auto'", psycopg2.InternalError),
    ],
)
def test_c12_errors_are_of_their_class_and_end_the_transaction(cursor: Any, statement: str, kind: type) -> None:
    cursor.execute("SELECT 1")
    with pytest.raises(kind):
        cursor.execute(statement)
    with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
        cursor.execute("SELECT 1")


@pytest.mark.can("cancel")
def test_c1_a_statement_that_waits_is_cancelled(sandbox: Any, connection: Any, cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (a int)")
    connection.commit()
    cursor.execute(f"LOCK {schema}.t")
    with closing(psycopg2.connect(**sandbox.libpq)) as waiter:
        timer = threading.Timer(0.3, waiter.cancel)
        timer.start()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            waiter.cursor().execute(f"SELECT * FROM {schema}.t")
        timer.join()
        waiter.rollback()
        waiter.cursor().execute("SELECT 1")
