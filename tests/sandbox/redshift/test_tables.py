"""DDL: Redshift's attributes are kept and shown, its limits hold."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import time, timezone
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
import redshift_connector


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())


def test_m14_the_design_of_a_table_is_shown(cursor: Any) -> None:
    cursor.execute("""
        CREATE TABLE plays (id int IDENTITY(0,1), at timestamp NOT NULL ENCODE az64, who bigint, level varchar)
        BACKUP NO DISTSTYLE KEY DISTKEY (who) COMPOUND SORTKEY (at, who)
    """)
    shown = rows(cursor, 'SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def')
    assert shown == [
        ("id", "integer", "az64", False, 0, True),
        ("at", "timestamp without time zone", "az64", False, 1, True),
        ("who", "bigint", "none", True, 2, False),
        ("level", "character varying(256)", "lzo", False, 0, False),
    ]
    cursor.execute("INSERT INTO plays (at) VALUES (getdate())")
    info = "SELECT diststyle, sortkey1, sortkey_num FROM svv_table_info WHERE \"table\" = 'plays'"
    assert rows(cursor, info) == [("KEY(who)", "at", 2)]


@pytest.mark.parametrize(
    ("types", "encoding"),
    [
        ("smallint integer bigint decimal(8,2) date timestamp timestamptz", "az64"), ("char(3) varchar(3)", "lzo"),
        ("boolean real float8", "none"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("create", ["CREATE TABLE", "CREATE TEMP TABLE"])
def test_m14_a_column_without_encode_has_that_of_its_type(
    cursor: Any, create: str, types: str, encoding: str
) -> None:  # AWS: c_Compression_encodings
    columns = [f"c{number} {declared}" for number, declared in enumerate(types.split())]
    cursor.execute(f"{create} t ({', '.join(columns)}, r int ENCODE raw, s int) SORTKEY (s)")
    shown = [(encoding,)] * len(columns) + [("none",), ("none",)]
    if "TEMP" not in create:
        assert rows(cursor, "SELECT encoding FROM pg_table_def WHERE tablename = 't'") == shown
        assert rows(cursor, "SELECT encoding FROM svv_redshift_columns WHERE schema_name = current_schema() "
                            "ORDER BY ordinal_position") == shown  # fmt: skip
    assert rows(cursor, "SELECT format_encoding(attencodingtype::int) FROM pg_attribute "
                        "WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum") == shown  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "encoded"),  # amazon-redshift-utils#562
    [("a int", "Y, AUTO(ENCODE)"), ("a int ENCODE zstd, b int", "Y"), ("a int ENCODE raw", "N")],
)
def test_m14_a_table_without_encode_is_encoded_automatically(cursor: Any, columns: str, encoded: str) -> None:
    cursor.execute(f"CREATE TABLE t ({columns}, s int SORTKEY); INSERT INTO t (a) VALUES (1)")
    assert rows(cursor, "SELECT encoded, sortkey1_enc FROM svv_table_info WHERE schema = current_schema()") == [
        (encoded, "none")
    ]


def test_m15_keys_are_informational_and_shown(cursor: Any) -> None:
    cursor.execute("CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE)")
    cursor.execute("""CREATE TABLE "time" (at timestamp, who int REFERENCES users (id), level varchar(8),
                      PRIMARY KEY (at, who), FOREIGN KEY (who) REFERENCES users)""")
    cursor.execute("INSERT INTO users VALUES (1, 'a'), (1, 'a')")
    cursor.execute("INSERT INTO time VALUES (getdate(), 99)")
    keys = """
        SELECT c.table_name, c.constraint_type, k.column_name
        FROM information_schema.table_constraints c
        JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
        WHERE c.table_schema = current_schema() ORDER BY 1, 2, k.ordinal_position
    """
    assert rows(cursor, keys) == [
        ("time", "FOREIGN KEY", "who"), ("time", "PRIMARY KEY", "at"), ("time", "PRIMARY KEY", "who"),
        ("users", "PRIMARY KEY", "id"), ("users", "UNIQUE", "email"),
    ]  # fmt: skip


def test_m15_not_null_is_enforced(cursor: Any) -> None:
    cursor.execute("CREATE TABLE users (id int PRIMARY KEY, name varchar NOT NULL)")
    with pytest.raises(psycopg2.InternalError, match="Cannot insert a NULL value into column name"):
        cursor.execute("INSERT INTO users VALUES (1, NULL)")
    with pytest.raises(psycopg2.InternalError, match="Cannot insert a NULL value into column id"):
        cursor.execute("INSERT INTO users (name) VALUES ('a')")


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ("varchar", "character varying(256)"), ("text", "character varying(256)"),
        ("varchar(max)", "character varying(65535)"), ("nvarchar(7)", "character varying(7)"), ("char", "character(1)"),
        ("bpchar", "character(256)"), ("numeric", "numeric(18,0)"), ("decimal(8,2)", "numeric(8,2)"),
        ("numeric(5)", "numeric(5,0)"), ("float", "double precision"), ("float4", "real"), ("float(24)", "real"),
        ("float(53)", "double precision"), ("int8", "bigint"),
        ("timestamptz", "timestamp with time zone"), ("timestamp without time zone", "timestamp without time zone"),
        ("bool", "boolean"),
    ],
)  # fmt: skip
def test_m15_types_have_redshifts_defaults(cursor: Any, declared: str, shown: str) -> None:
    cursor.execute(f"CREATE TABLE t (a {declared})")
    assert rows(cursor, "SELECT type FROM pg_table_def") == [(shown,)]


def test_m8_character_lengths_are_bytes(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a varchar(4), b char(4))")
    cursor.execute("INSERT INTO t VALUES ('éé', 'abcd')")
    for values in ("('ééé', '')", "('abcde', '')", "('', 'é')"):
        with pytest.raises(psycopg2.InternalError, match="Value too long for character type"):
            cursor.execute(f"INSERT INTO t VALUES {values}")
    cursor.execute("CREATE TABLE u AS SELECT a FROM t")
    cursor.execute("CREATE TABLE v (LIKE t)")
    for table in ("u", "v"):
        with pytest.raises(psycopg2.InternalError, match="Value too long"):
            cursor.execute(f"INSERT INTO {table} (a) VALUES ('ééé')")


def test_m16_a_table_like_another_takes_its_design_and_not_its_keys(cursor: Any) -> None:
    cursor.execute("CREATE TABLE a (x int PRIMARY KEY DISTKEY SORTKEY, y int DEFAULT 7)")
    cursor.execute("CREATE TABLE #b (LIKE a INCLUDING DEFAULTS); CREATE TABLE c (LIKE a)")
    cursor.execute("INSERT INTO #b (x) VALUES (1); INSERT INTO c (x) VALUES (1)")
    assert rows(cursor, "SELECT #b.y, c.y FROM #b, c") == [(7, None)]
    assert rows(cursor, "SELECT distkey, sortkey FROM pg_table_def WHERE tablename = 'c' AND \"column\" = 'x'") == [
        (True, 1)
    ]
    assert rows(cursor, "SELECT count(*) FROM information_schema.table_constraints WHERE table_name = 'c'") == [(0,)]


@pytest.fixture
def indexed(cluster: Any, schema: str) -> Iterator[Callable[[str], list[str]]]:
    """The columns of a table's indexes, which the stand-in does not show."""
    with closing(psycopg2.connect(cluster.config.superuser_dsn())) as connection:
        connection.autocommit = True
        direct = connection.cursor()

        def columns(table: str) -> list[str]:
            direct.execute(f"SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid "
                           f"WHERE i.indrelid = '{schema}.{table}'::regclass ORDER BY a.attnum")  # fmt: skip
            return [name for (name,) in direct.fetchall()]

        yield columns


@pytest.mark.parametrize(
    ("create", "columns"),
    [
        ("CREATE TABLE t (a int, b int) SORTKEY (b, a)", ["b", "a"]),
        ('CREATE TABLE t ("select" varchar(2400) SORTKEY)', ["select"]),
        ("CREATE TABLE t (a int, b numeric(38, 5), c varchar(2000), d varchar(1000)) COMPOUND SORTKEY (b, c, d, a)",
         ["b", "c"]),
        ("CREATE TABLE s (a int SORTKEY); CREATE TABLE t (LIKE s)", ["a"]),
        ("CREATE TABLE t SORTKEY (b) AS SELECT 1 AS a, 2 AS b", ["b"]),
        ("CREATE TABLE t SORTKEY (b) AS SELECT 1 AS a, 'x' || 'y' AS b", []),
        ("CREATE TABLE t (a varchar(max) SORTKEY)", []),
        ("CREATE TABLE t (a int, b int) INTERLEAVED SORTKEY (a, b)", []),
        ("CREATE TABLE t (a int PRIMARY KEY)", []),
        ("CREATE TABLE t (a int); CREATE TEMP TABLE t (a int SORTKEY)", []),
    ],
)  # fmt: skip
def test_a_sort_key_is_indexed_as_far_as_any_row_fits(
    cursor: Any, indexed: Callable[[str], list[str]], create: str, columns: list[str]
) -> None:
    cursor.execute(create)
    assert indexed("t") == columns
    shown = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname <> 't_pkey'"
    assert rows(cursor, shown) == []


def test_the_longest_sort_key_that_is_indexed_takes_every_value(
    cursor: Any, indexed: Callable[[str], list[str]]
) -> None:
    cursor.execute("CREATE TABLE t (a varchar(2496) SORTKEY); CREATE TABLE u (a varchar(2497) SORTKEY)")
    assert (indexed("t"), indexed("u")) == (["a"], [])
    cursor.execute("INSERT INTO t VALUES (%s)", (secrets.token_urlsafe(1872),))


def test_a_range_of_the_sort_key_does_not_read_the_whole_table(cursor: Any) -> None:
    digits = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
    cursor.execute("CREATE TABLE t (a int, b int) SORTKEY (a)")
    cursor.execute(f"""INSERT INTO t SELECT v.n + 5 * w.n + 25 * x.n + 125 * y.n + 625 * z.n, 1
                       FROM {digits} v, {digits} w, {digits} x, {digits} y, {digits} z""")
    cursor.execute("ANALYZE t; EXPLAIN SELECT * FROM t WHERE a BETWEEN 100 AND 120")
    assert "Index Scan" in str(cursor.fetchall())


def test_m14_an_existing_table_keeps_its_design(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int DISTKEY); INSERT INTO t VALUES (1)")
    cursor.execute("CREATE TABLE IF NOT EXISTS t (a int, b int SORTKEY) DISTSTYLE ALL")
    assert rows(cursor, "SELECT diststyle, sortkey_num FROM svv_table_info WHERE \"table\" = 't'") == [("KEY(a)", 0)]


def test_m14_a_column_is_added_and_dropped(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    cursor.execute("ALTER TABLE t ADD COLUMN b varchar(4) DEFAULT 'x' ENCODE zstd")
    assert rows(cursor, "SELECT a, b FROM t") == [(1, "x")]
    assert rows(cursor, "SELECT encoding FROM pg_table_def WHERE \"column\" = 'b'") == [("zstd",)]
    cursor.execute("ALTER TABLE t DROP COLUMN b")
    assert rows(cursor, "SELECT * FROM t") == [(1,)]


def test_m14_the_design_is_altered(cursor: Any, indexed: Callable[[str], list[str]]) -> None:
    cursor.execute("CREATE TABLE t (a int DISTKEY SORTKEY, b varchar(4), c int); INSERT INTO t VALUES (1, '', 1)")
    for change in (
        "ALTER COLUMN b ENCODE zstd",
        "ALTER DISTSTYLE KEY DISTKEY c",
        "ALTER SORTKEY (c, b)",
        "RENAME COLUMN c TO d",
    ):
        cursor.execute(f"ALTER TABLE t {change}")
    assert rows(cursor, 'SELECT "column", encoding, distkey, sortkey FROM pg_table_def') == [
        ("a", "az64", False, 0), ("b", "zstd", False, 2), ("d", "none", True, 1)
    ]  # fmt: skip
    assert indexed("t") == ["c", "b"]  # as it was called when it was indexed
    with pytest.raises(psycopg2.errors.FeatureNotSupported, match="distribution key or in the sort key"):
        cursor.execute("ALTER TABLE t DROP COLUMN d")
    cursor.execute("ALTER TABLE t ALTER SORTKEY NONE; ALTER TABLE t ALTER DISTSTYLE EVEN; ALTER TABLE t DROP COLUMN d")
    assert rows(cursor, "SELECT diststyle, sortkey_num FROM svv_table_info WHERE \"table\" = 't' "
                        "AND schema = current_schema()") == [("EVEN", 0)]  # fmt: skip


def test_m15_keys_are_declared_and_forgotten_later(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int NOT NULL, b int); INSERT INTO t VALUES (1, 1), (1, 1)")
    cursor.execute("ALTER TABLE t ADD PRIMARY KEY (a); ALTER TABLE t ADD CONSTRAINT twice UNIQUE (b)")
    keys = """SELECT constraint_name FROM information_schema.table_constraints
              WHERE table_schema = current_schema() ORDER BY 1"""
    assert rows(cursor, keys) == [("t_pkey",), ("twice",)]
    cursor.execute("ALTER TABLE t DROP CONSTRAINT twice")
    assert rows(cursor, keys) == [("t_pkey",)]
    with pytest.raises(psycopg2.Error, match="must be NOT NULL"):
        cursor.execute("ALTER TABLE t ADD PRIMARY KEY (b)")


def test_m15_only_the_length_of_a_varchar_is_altered(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a varchar(4), b int, c varchar(4) DEFAULT 'x'); INSERT INTO t (a) VALUES ('abcd')")
    cursor.execute("ALTER TABLE t ALTER COLUMN a TYPE varchar(6)")
    cursor.execute("INSERT INTO t (a) VALUES ('ééé')")
    for change in ("a TYPE varchar(5)", "b TYPE bigint", "c TYPE varchar(9)"):
        with pytest.raises(psycopg2.Error):
            cursor.execute(f"ALTER TABLE t ALTER COLUMN {change}")
    with pytest.raises(psycopg2.InternalError, match="Value too long"):
        cursor.execute("INSERT INTO t (a) VALUES ('éééé')")


def test_m16_append_moves_the_rows_of_a_table(cursor: Any) -> None:
    cursor.execute(
        "CREATE TABLE t (a int, b int); CREATE TABLE s (a int, b int, c int); INSERT INTO s VALUES (1, 2, 3)"
    )
    with pytest.raises(psycopg2.Error, match="differ in c"):
        cursor.execute("ALTER TABLE t APPEND FROM s")
    cursor.execute("ALTER TABLE t APPEND FROM s IGNOREEXTRA")
    assert rows(cursor, "SELECT t.a, t.b, (SELECT count(*) FROM s) FROM t") == [(1, 2, 0)]


def test_m14_identity_columns_fill_themselves(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id bigint IDENTITY(5, 5), a int)")
    cursor.execute("INSERT INTO t (a) VALUES (1), (2)")
    assert rows(cursor, "SELECT count(DISTINCT id), min(id) >= 5 FROM t") == [(2, True)]
    with pytest.raises(psycopg2.errors.FeatureNotSupported) as told:  # embulk#486
        cursor.execute("INSERT INTO t VALUES (1, 1)")
    diagnostics = told.value.diag
    assert (diagnostics.message_primary, diagnostics.message_detail, diagnostics.message_hint) == (
        "cannot set an identity column to a value", None, None
    )  # fmt: skip


def test_m14_an_identity_column_shows_no_sequence(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id int IDENTITY(1, 1), a int); GRANT ALL ON t TO PUBLIC")
    cursor.execute("CREATE TEMP TABLE u (id int IDENTITY(1, 1), a int); INSERT INTO u (a) VALUES (1)")
    cursor.execute("INSERT INTO t (a) VALUES (1)")
    for nowhere in ("pg_class WHERE relkind = 'S'", "pg_sequences", "pg_catalog.pg_sequence",
                    "information_schema.sequences"):  # fmt: skip
        assert rows(cursor, f"SELECT count(*) FROM {nowhere}") == [(0,)], nowhere
    for name in ("t_id_seq", "u_id_seq"):
        with pytest.raises(psycopg2.Error):
            cursor.execute(f"SELECT * FROM {name}")


def test_m14_an_identity_is_shown_as_a_default(cluster: Any, cursor: Any, schema: str) -> None:
    cursor.execute("""CREATE TABLE t (a int DEFAULT 7, id bigint IDENTITY(-5, 10),
                                      other int GENERATED BY DEFAULT AS IDENTITY(0, 1), plain int)""")
    oid = rows(cursor, "SELECT 't'::regclass::oid FROM pg_class LIMIT 1")[0][0]
    # sqlalchemy-redshift: dialect.py, IDENTITY_RE; how the other begins: redshift_connector, cursor.py.
    shown = ["7", f"\"identity\"({oid}, 0, '-5,10'::text)", f"default_identity({oid}, 0, '0,1'::text)", None]
    for query in (
        "SELECT column_default FROM information_schema.columns WHERE table_schema = %s ORDER BY ordinal_position",
        "SELECT column_default FROM svv_columns WHERE table_schema = %s ORDER BY ordinal_position",
        "SELECT column_default FROM svv_all_columns WHERE schema_name = %s ORDER BY ordinal_position",
        "SELECT column_default FROM svv_redshift_columns WHERE schema_name = %s ORDER BY ordinal_position",
        """SELECT d.adsrc FROM pg_attribute a LEFT JOIN pg_attrdef d ON (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
           JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = %s AND c.relname = 't' AND a.attnum > 0 ORDER BY a.attnum""",
        """SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a
           LEFT JOIN pg_attrdef d ON (a.attrelid, a.attnum, true) = (d.adrelid, d.adnum, a.atthasdef)
           JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = %s AND c.relname = 't' AND a.attnum > 0 ORDER BY a.attnum""",
    ):
        cursor.execute(query, [schema])
        assert [default for (default,) in cursor.fetchall()] == shown, query
    cursor.execute("SHOW COLUMNS FROM TABLE t")
    assert [row[5] for row in cursor.fetchall()] == shown
    columns = cluster.connector().cursor().get_columns(schema_pattern=schema, tablename_pattern="t")
    assert [row[22] for row in columns] == ["NO", "NO", "YES", "NO"]  # IS_AUTOINCREMENT


def test_comments_views_and_database_qualified_names_work(cursor: Any, schema: str) -> None:
    cursor.execute(f'CREATE TABLE dev.{schema}.t (a int, "Level" varchar)')
    cursor.execute("COMMENT ON TABLE t IS 'it''s; here'; CREATE VIEW v AS SELECT level, \"LEVEL\" AS l2 FROM t")
    assert rows(cursor, f"SELECT level, l2 FROM dev.{schema}.v") == []
    assert rows(cursor, "SELECT obj_description('t'::regclass)") == [("it's; here",)]


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("CREATE TABLE x (a int DISTKEY, b int DISTKEY)", "42601"),
        ("CREATE TABLE x (a int DISTKEY) DISTSTYLE ALL", "42601"),
        ("CREATE TABLE x (a int) DISTSTYLE KEY", "42601"),
        ("CREATE TABLE x (a int SORTKEY) SORTKEY (a)", "42601"),
        ("CREATE TABLE x (a int) DISTKEY (b)", "42703"),
        ("CREATE TABLE x (a int ENCODE zip)", "0A000"),
        ("CREATE TABLE x (a serial)", "0A000"),
        ("CREATE TABLE x (a jsonb)", "0A000"),
        ("CREATE TABLE x (a uuid)", "0A000"),
        ("CREATE TABLE x (a int[])", "42601"),
        ("CREATE TABLE x (a varchar(65536))", "22023"),
        ("CREATE TABLE x (a numeric(39, 2))", "22023"),
        ("CREATE TABLE x (a int CHECK (a > 0))", "42601"),
        ("CREATE TABLE x (a int) PARTITION BY RANGE (a)", "42601"),
        ("CREATE TABLE x (a int) INHERITS (y)", "42601"),
        ("CREATE TABLE x (user int)", "42601"),
        ("CREATE TABLE x (tag int)", "42601"),
        ("CREATE TABLE user (a int)", "42601"),
        ("CREATE INDEX i ON x (a)", "0A000"),
        ("CREATE SEQUENCE s", "0A000"),
        ("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "0A000"),
        ("CREATE EXTENSION vector", "0A000"),
        ("ALTER TABLE x SET SCHEMA y", "0A000"),
        ("ALTER TABLE x DROP COLUMN a, DROP COLUMN b", "42601"),
        ("ALTER TABLE x DROP a CASCADE, SET UNLOGGED", "42601"),
        ("ALTER TABLE x DROP COLUMN IF EXISTS a", "42601"),
        ("ALTER TABLE x OWNER TO awsuser, ENABLE ROW LEVEL SECURITY", "42601"),
        ("CREATE GROUP x 'y'", "42601"),
        ("CREATE GROUP x WITH USER awsuser z", "42601"),
        ("CREATE GROUP x USER", "42601"),
    ],
)
def test_m15_what_redshift_does_not_take_is_refused(cursor: Any, sql: str, state: str) -> None:
    with pytest.raises(psycopg2.Error) as refused:
        cursor.execute(sql)
    assert refused.value.pgcode == state


@pytest.mark.parametrize("name", ["a\\", "a'b", "a\\''); SELECT 1; --", 'a"b', "a.b", '."'])
def test_a_name_may_hold_anything(cursor: Any, name: str) -> None:
    table = '"' + name.replace('"', '""') + '"'
    cursor.execute(f"CREATE TABLE {table} AS SELECT 1 AS x; ALTER TABLE {table} ADD COLUMN y varchar(2) DEFAULT 'z'")
    cursor.execute(f"CREATE VIEW v AS SELECT * FROM {table}; ALTER TABLE {table} RENAME TO t; SELECT x, y FROM v")
    assert cursor.fetchall() == [(1, "z")]
    cursor.execute(f"DROP VIEW v; ALTER TABLE t RENAME TO {table}; COMMENT ON TABLE {table} IS 'kept'")
    cursor.execute(f"INSERT INTO {table} VALUES (2); DELETE {table}")
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchall() == [(0,)]


def test_a_dropped_table_leaves_no_record(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a int PRIMARY KEY DISTKEY); DROP TABLE t")
    assert rows(cursor, "SELECT count(*) FROM information_schema.table_constraints WHERE table_name = 't' "
                        "AND table_schema = current_schema()") == [(0,)]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES ('NaN')", "INSERT INTO t VALUES ('NaN'::float8)", "UPDATE t SET a = 'NaN'",
        "SELECT 'NaN'::numeric(10, 2)", "SELECT 'NaN'::numeric", "SELECT numeric 'NaN'", "SELECT cast('nan' AS dec(9))",
    ],
)  # fmt: skip
def test_m15_a_numeric_is_a_number(cluster: Any, cursor: Any, schema: str, sql: str) -> None:
    cursor.execute("CREATE TABLE t (a numeric(10, 2), f float); INSERT INTO t VALUES (1.005, 'NaN'), (NULL, 0)")
    with pytest.raises(psycopg2.errors.InvalidTextRepresentation, match='invalid input syntax for type numeric: "NaN"'):
        cursor.execute(sql)
    with pytest.raises(redshift_connector.ProgrammingError, match="invalid input syntax for type numeric"):
        cluster.connector().cursor().execute(f"INSERT INTO {schema}.t (a) VALUES (%s)", (Decimal("NaN"),))
    cursor.execute("SELECT a, f::text FROM t")
    assert cursor.fetchall() == [(Decimal("1.01"), "NaN"), (None, "0")]


def test_m20_a_collation_of_postgresqls_is_refused(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (a varchar COLLATE case_sensitive, b varchar COLLATE CS)")
    with pytest.raises(psycopg2.errors.SyntaxError):
        cursor.execute('CREATE TABLE u (a varchar COLLATE "C")')


def test_m15_a_timetz_is_in_utc(cluster: Any, cursor: Any, schema: str) -> None:
    # AWS: r_Datetime_types.
    cursor.execute("CREATE TABLE t (a timetz, b time with time zone)")
    cursor.execute("INSERT INTO t VALUES ('01:02:03+02', '20:41:19 UTC'), ('18:02:03-05', '23:02:03')")
    source = cluster.put(f"{schema}/x", "01:02:03+02|23:30 EST\n23:02:03|00:00:00.5-0030\n")
    cursor.execute(f"COPY t FROM '{source}' IAM_ROLE default")
    found = rows(cursor, "SELECT a::text, b::text FROM t ORDER BY b")
    assert found == [("23:02:03+00", b) for b in ("00:30:00.5+00", "04:30:00+00", "20:41:19+00", "23:02:03+00")]
    assert rows(cursor, "SELECT count(DISTINCT a), timetz '01:02:03+02'::text, '1:00+2'::timetz::text FROM t") == [
        (1, "23:02:03+00", "23:00:00+00")
    ]
    connector = cluster.connector().cursor()
    connector.execute(f"SELECT a FROM {schema}.t LIMIT 1")
    assert connector.fetchone() == [time(23, 2, 3, tzinfo=timezone.utc)]
    assert rows(cursor, f"SELECT DISTINCT type FROM pg_table_def WHERE schemaname = '{schema}'") == [
        ("time with time zone",)
    ]
