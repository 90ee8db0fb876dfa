"""The catalogue as clients read it: Redshift's views, SHOW, and PostgreSQL's tables with Redshift's columns."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest


@pytest.fixture
def cursor(cluster: Any, schema: str) -> Any:
    connection = cluster.psycopg2(options=f"-csearch_path={schema}")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("""
        CREATE TABLE users (id int PRIMARY KEY DISTKEY, name varchar(20) ENCODE zstd UNIQUE) SORTKEY (id, name);
        CREATE TABLE plays (who int REFERENCES users, at timestamp DEFAULT getdate()) DISTSTYLE ALL;
        CREATE VIEW bound AS SELECT * FROM users
    """)
    cursor.execute(f"CREATE VIEW unbound AS SELECT id, name FROM {schema}.users WITH NO SCHEMA BINDING")
    return cursor


def rows(cursor: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values or None)
    return list(cursor.fetchall())


def test_c5_columns_are_reflected_with_redshifts_attributes(cursor: Any, schema: str) -> None:
    # Everything in which sqlalchemy-redshift 1.0.0 (dialect.py, REFLECTION_SQL) goes beyond PostgreSQL.
    query = f"""
        SELECT n.nspname AS "schema", c.relname AS "table_name", a.attname AS "name", adsrc, attnum,
               format_encoding(a.attencodingtype::integer) AS "encode", a.attisdistkey AS "distkey",
               a.attsortkeyord AS "sortkey", a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS DEFAULT
        FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_catalog.pg_attrdef d ON (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
        WHERE n.nspname !~ '^pg_' AND a.attnum > 0 AND NOT a.attisdropped AND schema = '{schema}'
        UNION
        SELECT view_schema AS "schema", view_name AS "table_name", col_name AS "name", null, col_num, null, null, 0,
               null, null
        FROM pg_get_late_binding_view_cols()
            cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)
        WHERE 1 AND schema = '{schema}' AND table_name = 'unbound'
        UNION
        SELECT c.schemaname AS "schema", c.tablename AS "table_name", c.columnname, null, c.columnnum, null, false,
               0, null, null
        FROM svv_external_columns c JOIN svv_external_schemas s ON s.schemaname = c.schemaname
        WHERE 1 AND schema = '{schema}'
        ORDER BY "schema", "table_name", "attnum"
    """
    found = [row[1:] for row in rows(cursor, query) if row[1] in ("users", "plays", "unbound")]
    assert found == [
        ("plays", "who", None, 1, "az64", False, 0, False, None),
        ("plays", "at", "getdate()", 2, "az64", False, 0, False, "getdate()"),
        ("unbound", "id", None, 1, None, None, 0, None, None),
        ("unbound", "name", None, 2, None, None, 0, None, None),
        ("users", "id", None, 1, "none", True, 1, True, None),
        ("users", "name", None, 2, "zstd", False, 2, False, None),
    ]


def test_c5_relations_are_reflected_with_their_diststyle(cursor: Any, schema: str) -> None:
    query = f"""
        SELECT c.relkind, c.relname,
               CASE c.reldiststyle WHEN 0 THEN 'EVEN' WHEN 1 THEN 'KEY' WHEN 8 THEN 'ALL' END AS style,
               n.nspname AS "schema", trim(trailing ';' from pg_catalog.pg_get_viewdef(c.oid, true)) AS definition,
               pg_catalog.array_to_string(c.relacl, '\\n') AS "privileges"
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'v') AND schema = '{schema}' ORDER BY 1, 2
    """
    found = rows(cursor, query)
    assert [row[:3] for row in found] == [
        ("r", "plays", "ALL"), ("r", "users", "KEY"), ("v", "bound", "EVEN"), ("v", "unbound", "EVEN")
    ]  # fmt: skip
    assert found[3][4] == f"SELECT id, name FROM {schema}.users with no schema binding"


def test_c5_keys_are_reflected_though_nothing_enforces_them(cursor: Any, schema: str) -> None:
    query = f"""
        SELECT c.relname, t.contype, a.attname, pg_catalog.pg_get_constraintdef(t.oid, true)::varchar(512)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_constraint t ON t.conrelid = c.oid
        JOIN pg_catalog.pg_attribute a ON t.conrelid = a.attrelid AND a.attnum = ANY(t.conkey)
        WHERE c.relnamespace = '{schema}'::regnamespace
        UNION SELECT c.tablename, 'p', c.columnname, 'x'::varchar(512) FROM svv_external_columns c
        WHERE array[1::smallint] IS NULL ORDER BY 1, 2
    """
    assert rows(cursor, query) == [
        ("plays", "f", "who", "FOREIGN KEY (who) REFERENCES users(id)"),
        ("users", "p", "id", "PRIMARY KEY (id)"),
        ("users", "u", "name", "UNIQUE (name)"),
    ]


def test_c7_the_primary_key_is_found_in_the_text_of_its_index(cursor: Any, schema: str) -> None:
    # awswrangler reads the columns out of the parenthesis (redshift/_utils.py).
    query = "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = %s ORDER BY indexname DESC LIMIT 1"
    assert rows(cursor, query, schema, "users") == [
        (f"CREATE UNIQUE INDEX users_pkey ON {schema}.users USING btree (id)",)
    ]


def test_c9_the_connector_finds_tables_columns_and_keys(cluster: Any, cursor: Any, schema: str) -> None:
    client = cluster.connector().cursor()
    assert [schema, "dev"] in [list(row) for row in client.get_schemas()]
    tables = client.get_tables(schema_pattern=schema)
    assert {(row[2], row[3]) for row in tables if row[3] != "INDEX"} == {
        ("users", "TABLE"), ("plays", "TABLE"), ("bound", "VIEW"), ("unbound", "VIEW")
    }  # fmt: skip
    assert [row[3] for row in client.get_columns(schema_pattern=schema, tablename_pattern="users")] == ["id", "name"]
    assert [list(row)[2:] for row in client.get_primary_keys(schema=schema, table="users")] == [
        ["users", "id", 1, "users_pkey"]
    ]
    assert [list(row) for row in client.get_catalogs()] == [["dev"]]


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        ("pg_table_def", "schemaname tablename column type encoding distkey sortkey notnull"),
        ("svv_tables", "table_catalog table_schema table_name table_type remarks"),
        ("svv_redshift_tables", "database_name schema_name table_name table_type table_acl remarks"),
        ("svv_all_tables", "database_name schema_name table_name table_type table_acl remarks"),
        ("svv_all_schemas",
         "database_name schema_name schema_owner schema_type schema_acl source_database schema_option"),
        ("svv_redshift_schemas", "database_name schema_name schema_owner schema_type schema_acl schema_option"),
        ("svv_redshift_databases",
         "database_name database_owner database_type database_acl database_options "
         "database_isolation_level"),
        ("svv_redshift_columns",
         "database_name schema_name table_name column_name ordinal_position data_type column_default "
         "is_nullable encoding distkey sortkey column_acl remarks"),
        ("svv_external_schemas", "esoid eskind schemaname esowner databasename esoptions"),
        ("svv_table_info",
         "database schema table_id table encoded diststyle sortkey1 max_varchar sortkey1_enc sortkey_num "
         "size pct_used empty unsorted stats_off tbl_rows skew_sortkey1 skew_rows estimated_visible_rows "
         "risk_event vacuum_sort_benefit"),
        ("stv_tbl_perm", "slice id name rows sorted_rows temp db_id"),
        ("stv_db_isolation_level", "db_name isolation_level"),
        ("svv_relation_privileges",
         "namespace_name relation_name privilege_type identity_id identity_name identity_type admin_option"),
        ("pg_user", "usename usesysid usecreatedb usesuper"),
        ("stl_load_errors",
         "userid slice tbl starttime session query filename line_number colname type col_length position "
         "raw_line raw_field_value err_code err_reason"),
        ("stl_loaderror_detail", "userid slice session query filename line_number field colname value is_null"),
        ("stl_load_commits",
         "userid query slice name filename byte_offset lines_scanned errors curtime status file_format"),
        ("stl_replacements", "userid query slice tbl starttime session filename line_number colname raw_line"),
        ("sys_load_error_detail",
         "user_id query_id transaction_id session_id database_name table_id start_time file_name "
         "line_number column_name column_type column_length position error_code error_message"),
        ("sys_load_history",
         "user_id query_id transaction_id session_id database_name status table_name start_time end_time "
         "duration data_source file_format loaded_rows loaded_bytes source_file_count"),
    ],
)  # fmt: skip
def test_c11_a_view_has_the_documented_columns_in_their_order(cursor: Any, view: str, columns: str) -> None:
    cursor.execute(f"SELECT * FROM {view} LIMIT 0")  # AWS: the page named after each view
    assert [found.name for found in cursor.description][: len(columns.split())] == columns.split()


@pytest.mark.parametrize("view", ["schemas", "databases", "tables", "columns", "partitions"])
def test_c11_there_is_nothing_external(cursor: Any, view: str) -> None:
    assert rows(cursor, f"SELECT * FROM svv_external_{view}") == []


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("SHOW TABLES FROM SCHEMA dev.{schema}", ["bound", "plays", "unbound", "users"]),
        ("SHOW TABLES FROM SCHEMA \"{schema}\" LIKE '%s' LIMIT 5", ["plays", "users"]),
        ("SHOW COLUMNS FROM TABLE dev.{schema}.users", ["users", "users"]),
        ("SHOW COLUMNS FROM TABLE {schema}.plays LIKE 'a%'", ["plays"]),
        ("SHOW CONSTRAINTS PRIMARY KEYS FROM TABLE dev.{schema}.users", ["users"]),
        ("SHOW CONSTRAINTS FOREIGN KEYS FROM TABLE dev.{schema}.plays", ["users"]),
        ("SHOW CONSTRAINTS FOREIGN KEYS EXPORTED FROM TABLE dev.{schema}.users", ["users"]),
        ("SHOW GRANTS ON TABLE dev.{schema}.users", ["users"]),
        ("SHOW FUNCTIONS FROM SCHEMA dev.{schema}", []),
    ],
)
def test_c11_show_lists_objects(cursor: Any, schema: str, show: str, shown: list[str]) -> None:
    cursor.execute("GRANT SELECT ON users TO PUBLIC")
    assert sorted(row[2] for row in rows(cursor, show.format(schema=schema))) == shown


def test_c11_show_names_databases_and_schemas(cursor: Any, schema: str) -> None:
    assert [row[0] for row in rows(cursor, "SHOW DATABASES")] == ["dev"]
    assert [row[:2] for row in rows(cursor, "SHOW SCHEMAS FROM DATABASE dev LIKE %s", schema)] == [("dev", schema)]
    cursor.execute(f"SHOW TABLES FROM SCHEMA dev.{schema}")
    assert [found.name for found in cursor.description] == [
        "database_name", "schema_name", "table_name", "table_type", "table_acl", "remarks", "owner", 
        "last_altered_time", "last_modified_time", "dist_style", "table_subtype",
    ]  # fmt: skip


def test_c11_comments_are_shown_as_remarks(cursor: Any, schema: str) -> None:
    said = {"users": "who plays", "bound": "it's bound", "unbound": "not bound", "plays": None}
    cursor.execute("""COMMENT ON TABLE users IS 'who plays'; COMMENT ON VIEW bound IS 'it''s bound';
                      COMMENT ON VIEW unbound IS 'not bound'""")
    for view, its_schema in (("svv_tables", "table_schema"), ("svv_redshift_tables", "schema_name"),
                             ("svv_all_tables", "schema_name")):  # fmt: skip
        assert dict(rows(cursor, f"SELECT table_name, remarks FROM {view} WHERE {its_schema} = %s", schema)) == said
    shown = rows(cursor, f"SHOW TABLES FROM SCHEMA {schema}")
    assert {row[2]: row[5] for row in shown} == said

    cursor.execute("COMMENT ON COLUMN users.name IS 'in full'; COMMENT ON COLUMN bound.id IS 'of whom'")
    for view, its_schema in (("svv_columns", "table_schema"), ("svv_redshift_columns", "schema_name"),
                             ("svv_all_columns", "schema_name")):  # fmt: skip
        found = rows(cursor, f"SELECT table_name, column_name, remarks FROM {view} WHERE {its_schema} = %s "
                             "AND remarks IS NOT NULL ORDER BY 1", schema)  # fmt: skip
        assert found == [("bound", "id", "of whom"), ("users", "name", "in full")]
    assert [row[11] for row in rows(cursor, "SHOW COLUMNS FROM TABLE users")] == [None, "in full"]


def test_c11_show_takes_bound_parameters(cluster: Any, cursor: Any, schema: str) -> None:
    client = cluster.connector().cursor()  # its metadata API binds names and patterns (metadataAPIHelper.py)
    client.execute("SHOW TABLES FROM SCHEMA %s.%s LIKE %s", ("dev", schema, "us%"))
    assert [row[2] for row in client.fetchall()] == ["users"]


@pytest.mark.parametrize(
    "sql", ["SHOW TABLE users", "SHOW VIEW bound", "SHOW PARAMETERS OF FUNCTION dev.s.f", "SHOW GRANTS FOR ROLE r"]
)
def test_c11_another_show_is_refused(cursor: Any, sql: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported):
        cursor.execute(sql)


def test_c11_the_stand_ins_own_schema_is_hidden(cursor: Any) -> None:
    for query in ("SELECT 1 FROM pg_namespace WHERE nspname = 'redshift'",
                  "SELECT 1 FROM information_schema.schemata WHERE schema_name = 'redshift'",
                  "SELECT 1 FROM information_schema.tables WHERE table_schema = 'redshift'",
                  'SELECT 1 FROM information_schema."columns" WHERE table_schema = \'redshift\'',
                  "SELECT 1 FROM svv_tables WHERE table_schema = 'redshift'",
                  "SELECT 1 FROM pg_class WHERE relname LIKE 'sort key of %'",
                  "SELECT 1 FROM pg_database WHERE datname <> current_database()"):  # fmt: skip
        assert rows(cursor, query) == [], query


def test_c11_a_name_of_the_catalogue_is_no_table_of_it_everywhere(cursor: Any) -> None:
    cursor.execute(
        "CREATE TABLE names (pg_class varchar, columns int); INSERT INTO names VALUES ('pg_catalog.pg_class', 1)"
    )
    assert rows(cursor, "SELECT pg_class, names.columns FROM names WHERE pg_class = 'pg_catalog.pg_class'") == [
        ("pg_catalog.pg_class", 1)
    ]


def test_c11_a_generic_tool_finds_foreign_keys(cursor: Any, schema: str) -> None:
    # The query that answers "list all foreign keys" everywhere; DBeaver and Tableau ask in its terms.
    query = """
        SELECT tc.constraint_name, kcu.column_name, ccu.table_schema, ccu.table_name, ccu.column_name, rc.delete_rule,
               rc.unique_constraint_name
        FROM information_schema.table_constraints AS tc
        JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name
             AND tc.table_schema = kcu.table_schema
        JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name
             AND ccu.constraint_schema = tc.constraint_schema
        JOIN information_schema.referential_constraints AS rc ON rc.constraint_name = tc.constraint_name
             AND rc.constraint_schema = tc.constraint_schema
        WHERE tc.constraint_type = 'FOREIGN KEY' AND tc.table_schema = %s
    """
    assert rows(cursor, query, schema) == [
        ("plays_who_fkey", "who", schema, "users", "id", "NO ACTION", "users_pkey")
    ]  # fmt: skip
    query = "SELECT constraint_name FROM information_schema.constraint_column_usage WHERE constraint_schema = %s"
    assert not [name for (name,) in rows(cursor, query, schema) if name.startswith("byte limit")]


def test_c11_any_table_of_the_catalogue_is_the_leader_nodes(cursor: Any) -> None:
    # psql 15, du: describe.c, describeRoles.
    query = """
        SELECT r.rolname, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m
                                JOIN pg_catalog.pg_roles b ON m.roleid = b.oid WHERE m.member = r.oid) as memberof
        FROM pg_catalog.pg_roles r WHERE r.rolname = 'awsuser'
    """
    ((name, members),) = rows(cursor, query)
    assert name == "awsuser"
    assert isinstance(members, list)


def test_c11_columns_of_postgresql_8_are_there(cursor: Any, schema: str) -> None:
    query = f"SELECT conname, consrc FROM pg_constraint WHERE conrelid = '{schema}.users'::regclass ORDER BY 1"
    assert rows(cursor, query) == [("users_name_key", None), ("users_pkey", None)]
    query = f"SELECT attname, attisdistkey, attacl FROM pg_attribute_info WHERE attrelid = '{schema}.users'::regclass"
    assert rows(cursor, query + " AND attnum > 0 ORDER BY attnum") == [("id", True, None), ("name", False, None)]
