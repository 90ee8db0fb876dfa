"""Where the sandbox is known to differ from Redshift: a test here fails when it no longer does."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest


def one(cursor: Any, sql: str) -> Any:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def test_differs_trailing_blanks_of_varchar_count_in_comparisons(cursor: Any) -> None:
    assert one(cursor, "SELECT 'a '::varchar = 'a'::varchar") is False  # AWS: r_Character_types says true


def test_differs_a_number_is_not_compared_with_a_varchar(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a varchar(9)); INSERT INTO t VALUES ('1')")
    with pytest.raises(psycopg2.errors.UndefinedFunction):  # AWS: c_Supported_data_types compares them as text
        cursor.execute("SELECT 1 FROM t WHERE a = 1")


def test_differs_names_are_at_most_63_bytes_long(cursor: Any) -> None:
    with pytest.raises(psycopg2.errors.NameTooLong):  # AWS: r_names allows 127
        cursor.execute(f"CREATE TABLE {'n' * 64} (a int)")


def test_differs_text_made_by_create_table_as_has_no_length(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t AS SELECT 'a' || 'b' AS a")
    assert one(cursor, "SELECT type FROM pg_table_def WHERE tablename = 't'") == "text"


def test_differs_a_literal_in_a_super_column_is_read_as_json(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (s super); INSERT INTO t VALUES ('{\"a\": 1}')")  # on Redshift a string of that text
    assert one(cursor, "SELECT json_typeof(s) FROM t") == "object"


def test_differs_a_late_binding_view_reads_with_its_readers_rights(cluster: Any, cursor: Any, schema: str) -> None:
    user = f"u_{schema}"
    cursor.execute(f"CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM {schema}.t WITH NO SCHEMA BINDING")
    cursor.execute(f"CREATE USER {user} PASSWORD 'Sandbox123'; GRANT USAGE ON SCHEMA {schema} TO {user}; "
                   f"GRANT SELECT ON v TO {user}")  # fmt: skip
    try:
        other = cluster.psycopg2(user, "Sandbox123")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            other.cursor().execute(f"SELECT * FROM {schema}.v")
        other.close()
    finally:
        cursor.execute(f"DROP VIEW v; REVOKE USAGE ON SCHEMA {schema} FROM {user}; DROP USER {user}")


def test_differs_what_was_altered_and_written_when_is_not_known(cursor: Any, schema: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    cursor.execute(f"SHOW TABLES FROM SCHEMA {schema}")
    columns = [found.name for found in cursor.description]
    row = dict(zip(columns, cursor.fetchone(), strict=True))
    assert row["last_altered_time"] is None
    assert row["last_modified_time"] is None


@pytest.mark.parametrize("sql", ["SELECT * FROM t PIVOT (count(*) FOR a IN (1, 2))", "SELECT * EXCLUDE (a) FROM t",
                                 "CREATE TABLE u (a varbyte)",
                                 "CREATE PROCEDURE p() AS $$ BEGIN END $$ LANGUAGE plpgsql",
                                 "CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'd' IAM_ROLE 'r'",
                                 "CREATE TABLE u (a varchar COLLATE CASE_INSENSITIVE)"])  # fmt: skip
def test_differs_what_redshift_has_and_the_sandbox_has_not_is_refused(cursor: Any, sql: str) -> None:
    cursor.execute("CREATE TABLE t (a int)")
    with pytest.raises(psycopg2.errors.FeatureNotSupported):
        cursor.execute(sql)
