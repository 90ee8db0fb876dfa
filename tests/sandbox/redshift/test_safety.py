"""Nothing that a client sends reaches beyond its database, or PostgreSQL without having been understood."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from include.sandbox.redshift import RedshiftConfig, install


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 -- ends at the carriage return\r; DO 'BEGIN END'; --",
        "SELECT 1 AS a\u00a0$$; DO 'BEGIN END'; SELECT 1 AS b\u00a0$$",
        "SELECT $\u0663$ ' $\u0663$ ; DO 'BEGIN END'; -- '",
        r"SELECT B'\'; DO 'BEGIN END'; --'",
        r"SELECT U&'\'; DO 'BEGIN END'; --'",
        "SELECT 'it''s'; /* /* */ ' */ DO 'BEGIN END'; -- '",
        "SELECT $a$ $$ $a$; DO $$BEGIN END$$",
    ],
)
def test_no_statement_hides_in_a_comment_or_literal(cursor: Any, text: str) -> None:
    with pytest.raises(psycopg2.Error, match=r'at or near "DO"|is not supported'):
        cursor.execute(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'a\'b'", "a'b"), ("'it''s'", "it's"), (r"E'a\nb'", "a\nb"), ("'/* x'", "/* x"), ("'-- x'", "-- x"),
        ("'copy t from ''s3://b'''", "copy t from 's3://b'"), ("$$d'q$$", "d'q"), ("$x$a $$ b$x$", "a $$ b"),
        ("$é$ ' $é$", " ' "), ("'a'\n'b'", "ab"), ("/* ' */ '\u00a0' -- '", "\u00a0"),
        ('"éa" FROM (SELECT 1 AS éa)', 1),
    ],
)  # fmt: skip
def test_a_literal_is_what_it_looks_like(cursor: Any, text: str, value: object) -> None:
    cursor.execute(f"SELECT {text}")
    assert cursor.fetchone() == (value,)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("-c standard_conforming_strings=on", "unrecognized configuration parameter"),
        ("--standard-conforming-strings=on", "unrecognized configuration parameter"),
        (r"-c search_path=a\ b -crole=postgres", "unrecognized configuration parameter"),
        ("-c session_replication_role=replica", "unrecognized configuration parameter"),
        ("-c redshift.session=x", "unrecognized configuration parameter"),
        ("-B 1", "start-up option -B"),
        ("-c client_encoding=SJIS", "client_encoding SJIS"),
    ],
)
def test_a_start_up_option_that_redshift_lacks_is_refused(cluster: Any, option: str, message: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=message):
        cluster.psycopg2(options=option)


def test_the_text_is_always_utf8(cluster: Any, cursor: Any) -> None:
    """In other encodings a byte of a character can be a backslash or a quote."""
    with pytest.raises(psycopg2.OperationalError, match="client_encoding BIG5"):
        cluster.psycopg2(client_encoding="BIG5")
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="client_encoding sjis"):
        cursor.execute("SET client_encoding TO sjis")
    cursor.execute("SET client_encoding TO 'utf-8'; SELECT 'é'")
    assert cursor.fetchone() == ("é",)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT \"set_config\"('standard_conforming_strings', 'on', false)",
        "SELECT \"query_to_xml\"('SELECT 1', true, true, '')",
        "SELECT pg_catalog.\"pg_read_file\"('/etc/passwd')", "SELECT \"lo_import\"('/etc/passwd')",
        "SELECT * FROM pg_ls_waldir()", "SELECT * FROM \"pg_ls_dir\"('/')", "SELECT current_setting('data_directory')",
        "SELECT lo_from_bytea(0, 'x')", "SELECT pg_notify('a', 'b')", "SELECT \"pg_advisory_lock\"(1)",
        "INSERT INTO redshift.load_files (query) VALUES (1)", "LOCK redshift.loads", "SELECT * FROM redshift.loads",
        "DELETE FROM pg_catalog.pg_class", "CREATE TABLE pg_catalog.x (a int)", "DROP SCHEMA redshift CASCADE",
        "SET SESSION AUTHORIZATION postgres", "GRANT pg_execute_server_program TO awsuser", "GRANT postgres TO awsuser",
        "ALTER USER postgres PASSWORD 'Sandbox123'",
    ],
)  # fmt: skip
def test_what_the_owner_may_not_reach_is_denied(cursor: Any, sql: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.FeatureNotSupported)):
        cursor.execute(sql)


# Each reads or writes a file, runs a program or loads code in PostgreSQL, or changes a setting that is not Redshift's.
REACHING = [
    "pg_read_file('/etc/passwd')", "pg_read_binary_file('/etc/passwd')", "pg_ls_dir('/')", 
    "pg_stat_file('/etc/passwd')",
    "lo_import('/etc/passwd')", "lo_export(1, '/tmp/x')", "pg_ls_logdir()", "pg_current_logfile()", "pg_reload_conf()",
    "set_config('role', 'postgres', false)", "query_to_xml('SELECT 1', true, true, '')", 
    "dblink('host=/tmp', 'SELECT 1')",
    "pg_rotate_logfile()", "pg_hba_file_rules()", "pg_show_all_file_settings()", "database_to_xml(true, true, '')",
]  # fmt: skip
MALFORMED = (psycopg2.errors.WrongObjectType, psycopg2.errors.InvalidTableDefinition)  # a column of rows
DENIED = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.FeatureNotSupported, psycopg2.errors.UndefinedFunction)


@pytest.mark.parametrize("call", REACHING)
@pytest.mark.parametrize(
    "form",
    [
        "SELECT {0}", "SELECT pg_catalog.{0}", 'SELECT "pg_catalog"."{1}"{2}', "SELECT * FROM {0}",
        "PREPARE reach AS SELECT {0}; EXECUTE reach", 
        "BEGIN; DECLARE reach CURSOR FOR SELECT {0}; FETCH ALL FROM reach",
        "CREATE VIEW reach AS SELECT {0} AS a; SELECT a FROM reach", "CREATE TEMP TABLE reach AS SELECT {0} AS a",
        "EXPLAIN SELECT {0}", "SELECT U&\"\\0070g_catalog\".{0}",
    ],
)  # fmt: skip
def test_no_function_reaches_files_programs_or_settings(cluster: Any, cursor: Any, form: str, call: str) -> None:
    name, parenthesis, arguments = call.partition("(")
    try:
        cursor.execute(form.format(call, name, parenthesis + arguments))
    except psycopg2.Error as error:
        assert isinstance(error, (*DENIED, *MALFORMED)), error  # noqa: PT017 - EXPLAIN executes nothing
        cursor.execute("ROLLBACK")
    else:
        assert form.startswith("EXPLAIN"), "it was executed"


@pytest.mark.parametrize(
    "sql",
    [
        "COPY t TO PROGRAM 'id'", "COPY t FROM PROGRAM 'id'", "COPY t FROM '/etc/passwd'", "COPY t TO '/tmp/x'",
        "COPY (SELECT 1) TO '/tmp/x'", "COPY t FROM STDIN", "LOAD 'dblink'", "LOAD '/tmp/x.so'", 
        "CREATE EXTENSION dblink",
        "ALTER SYSTEM SET archive_command TO 'id'", "DO $$BEGIN END$$", "DO LANGUAGE plpython3u 'import os'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so'", "CREATE LANGUAGE plpython3u",
        "CREATE FUNCTION f() RETURNS int AS 'SELECT 1' LANGUAGE internal", "CREATE TABLESPACE x LOCATION '/tmp'",
        "CREATE SERVER s FOREIGN DATA WRAPPER file_fdw", "CREATE FOREIGN TABLE f (a int) SERVER s",
        "CREATE SUBSCRIPTION s CONNECTION 'host=/tmp' PUBLICATION p", "CREATE EVENT TRIGGER e ON ddl_command_start",
        "SET session_preload_libraries TO 'x'", "SET local_preload_libraries TO 'x'", 
        "SET dynamic_library_path TO '/tmp'",
        "SET log_statement TO 'all'", "SET ROLE postgres", "SET session_replication_role TO replica",
        "SET allow_system_table_mods TO on", "SET \"standard_conforming_strings\" TO on", "SET backslash_quote TO on",
        "UPDATE pg_settings SET setting = 'on' WHERE name = 'standard_conforming_strings'", "CREATE DATABASE x",
        "UPDATE pg_catalog.pg_settings SET setting = 'all' WHERE name = 'log_statement'", 
        "SELECT * FROM airflow.public.dag",
        "ALTER ROLE awsuser SUPERUSER", "CREATE USER x SUPERUSER", "GRANT pg_read_server_files TO awsuser",
        "ALTER USER awsuser SET log_statement TO 'all'", "SELECT * INTO OUTFILE '/tmp/x'",
    ],
)  # fmt: skip
def test_no_statement_reaches_files_programs_or_settings(cursor: Any, sql: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    refused = (*DENIED, psycopg2.errors.SyntaxError, psycopg2.errors.UndefinedObject, psycopg2.errors.InternalError)
    with pytest.raises(refused):
        cursor.execute(sql)


def test_a_temporary_table_does_not_shadow_the_catalogue(cluster: Any, schema: str, cursor: Any) -> None:
    user = f"u_{schema}"
    cursor.execute(f"CREATE TABLE t (a int); CREATE USER {user} PASSWORD 'Sandbox123'")
    cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {user}")
    try:
        other = cluster.psycopg2(user, "Sandbox123").cursor()
        call = f"SELECT redshift.keep_design('{schema}.t'::regclass, '{{}}')"
        with pytest.raises(psycopg2.errors.FeatureNotSupported, match="not supported"):
            other.execute(call)
        other.connection.close()
        host, port = cluster.config.backend_address
        direct = psycopg2.connect(host=host, port=port, user=user, password="Sandbox123", dbname=cluster.database)
        with closing(direct):
            direct.cursor().execute("""CREATE TEMP TABLE pg_class AS
                SELECT c.oid, u.usesysid AS relowner, c.relname FROM pg_catalog.pg_class c, pg_user u
                WHERE u.usename = current_user""")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="must be owner"):
                direct.cursor().execute(call)
    finally:
        cursor.execute(f"REVOKE USAGE ON SCHEMA {schema} FROM {user}; DROP USER {user}")


def test_the_other_databases_are_closed_to_the_owner(cluster: Any) -> None:
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(cluster.postgres.dsn("postgres", "awsuser", cluster.password))


def test_a_password_is_not_logged(cluster: Any, start: Any, tmp_path: Path) -> None:
    password, log = "Aa1" + secrets.token_hex(8), tmp_path / "log"
    address = {"host": "127.0.0.1", "dbname": "dev", "user": "awsuser"}
    port, stop = start(cluster.config, log)
    with closing(psycopg2.connect(port=port, **address, password=cluster.password)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"CREATE USER u_{password} PASSWORD '{password}'; DROP USER u_{password}")
        for failing in ("CREATE USER awsuser PASSWORD '{}'", "CREATE USER u PASSWORD '{}' VALID NEVER",
                        "ALTER USER nobody_at_all PASSWORD '{}'", "CREATE USER u PASSWORD '{}' (",
                        "CREATE USER u PASSWORD '{}", "CREATE USER u PASSWORD '{}' CREATEUSER"):  # fmt: skip
            with pytest.raises(psycopg2.Error):
                cursor.execute(failing.format(password))
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(port=port, **address, password=password)
    stop()
    for written in (log, cluster.postgres.log_file):
        assert password not in written.read_text().replace(f"u_{password}", "")
        assert cluster.password not in written.read_text()


@pytest.fixture
def older(cluster: Any) -> Any:
    """A database with an older edition of the catalogue and a user's table in it."""
    name = f"older_{secrets.token_hex(4)}"
    config = RedshiftConfig(cluster.postgres.dsn("postgres"), "127.0.0.1", 0, database=name)
    install(config, f"owner_{name}", "secret")
    with closing(psycopg2.connect(config.superuser_dsn())) as connection, connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE redshift.loads RENAME COLUMN session TO process; COMMENT ON SCHEMA redshift IS 'older'"
        )
        cursor.execute("""
            CREATE TABLE redshift.designs (table_id oid PRIMARY KEY, design jsonb NOT NULL);
            CREATE TABLE redshift.constraints (table_id oid, name text, type text, columns text[], target_id oid);
            CREATE TABLE oldest (a int); INSERT INTO oldest VALUES (1);
            INSERT INTO redshift.designs VALUES ('oldest'::regclass, '{"style": "ALL"}');
            INSERT INTO redshift.constraints VALUES ('oldest'::regclass, 'oldest_pkey', 'PRIMARY KEY', '{a}', NULL)
        """)
        for right in ("int", "date"):
            cursor.execute(f"""
                CREATE FUNCTION redshift.join_text(int, {right}) RETURNS text LANGUAGE sql
                    AS 'SELECT $1::text || $2::text';
                CREATE OPERATOR pg_catalog.|| (LEFTARG = int, RIGHTARG = {right}, FUNCTION = redshift.join_text)
            """)
        cursor.execute(f"SET SESSION AUTHORIZATION owner_{name}")
        cursor.execute("CREATE TABLE kept (a int, b timestamp DEFAULT getdate()); INSERT INTO kept VALUES (1)")
        design = '{"distkey": "a", "sortkeys": [], "encodings": {}, "constraints": []}'
        cursor.execute("SELECT pg_catalog.redshift_record_table('kept', %s)", (design,))
        cursor.execute("CREATE VIEW mine AS SELECT fnv_hash(a), a || current_date FROM kept")
        connection.commit()
    yield config
    with closing(psycopg2.connect(config.superuser_dsn("postgres"))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"DROP DATABASE {name}")
        connection.cursor().execute(f"DROP ROLE owner_{name}")
        # a cluster serves one database: installing this one has closed that of the other tests
        connection.cursor().execute("GRANT CONNECT, TEMPORARY ON DATABASE dev TO PUBLIC")


def test_an_older_catalogue_is_replaced_and_the_users_tables_stay(older: RedshiftConfig) -> None:
    install(older, f"owner_{older.database}", "secret")
    with closing(psycopg2.connect(older.superuser_dsn())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT a, b IS NOT NULL, 'a' || 1, 1 || 1 FROM kept, mine")
        assert cursor.fetchall() == [(1, True, "a1", "11")]
        cursor.execute("SELECT diststyle, pg_last_copy_id() FROM svv_table_info WHERE \"table\" = 'kept'")
        assert cursor.fetchall() == [("KEY(a)", -1)]
        cursor.execute(
            "SELECT diststyle, constraint_name, column_name FROM svv_table_info JOIN "
            "information_schema.key_column_usage ON \"table\" = table_name WHERE table_name = 'oldest'"
        )
        assert cursor.fetchall() == [("ALL", "oldest_pkey", "a")]


def test_a_catalogue_that_cannot_be_replaced_says_what_to_do(older: RedshiftConfig) -> None:
    with closing(psycopg2.connect(older.superuser_dsn())) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE VIEW depends AS SELECT * FROM svv_table_info")
        connection.commit()
    with pytest.raises(
        RuntimeError, match=r"another version of the sandbox.*public.depends depends on view svv_table_info.*make clean"
    ):
        install(older, f"owner_{older.database}", "secret")
