"""Makes the embedded PostgreSQL into a Redshift underneath: the database, the user, functions and catalogue views."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from include.sandbox.redshift.config import RedshiftConfig

CATALOG = Path(__file__).parent / "catalog"
# SNAPSHOT isolation is PostgreSQL's REPEATABLE READ; a backslash in a literal is an escape (as in PostgreSQL 8.0).
DATABASE_SETTINGS = {
    "default_transaction_isolation": "repeatable read",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "createrole_self_grant": "set, inherit",
    "lock_timeout": "0",
    "deadlock_timeout": "100ms",  # after it autovacuum gives way to a writer that waits for its table
}
# What stands in for a Redshift superuser: sees and signals everything in the database, and reaches no file or program.
USER_ROLES = ("pg_read_all_data", "pg_write_all_data", "pg_monitor", "pg_signal_backend", "pg_maintain")


def install(config: RedshiftConfig, user: str, password: str) -> None:
    """Creates or completes the database, its user and the catalogue; repeating it changes nothing.

    Args:
        config: where PostgreSQL is, and the name of the database.
        user: the Redshift user that owns the database and may create schemas, roles and users.
        password: its password.
    """
    with closing(psycopg2.connect(config.superuser_dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            _user(cursor, user, password)
            _database(cursor, config.database, user)
    with closing(psycopg2.connect(config.superuser_dsn())) as connection:
        with connection.cursor() as cursor:
            _catalogue(cursor, user)
        connection.commit()


def _user(cursor: Any, user: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
    verb = "ALTER" if cursor.fetchone() else "CREATE"
    role = sql.SQL(verb + " ROLE {} LOGIN CREATEROLE NOSUPERUSER NOCREATEDB PASSWORD {}")
    cursor.execute(role.format(sql.Identifier(user), sql.Literal(password)))
    for given in USER_ROLES:
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(given), sql.Identifier(user)))


def _database(cursor: Any, database: str, user: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(user)
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
    if not cursor.fetchone():
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    cursor.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    for setting, value in DATABASE_SETTINGS.items():
        change = sql.SQL("ALTER DATABASE {} SET {} TO {}")
        values = sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
        cursor.execute(
            change.format(name, sql.Identifier(setting), values if setting == "datestyle" else sql.Literal(value))
        )


def _catalogue(cursor: Any, user: str) -> None:
    # The catalogue's own schemas are open to a superuser that asks for it, in this database only.
    cursor.execute("SET LOCAL allow_system_table_mods TO on")
    cursor.execute("SET LOCAL standard_conforming_strings TO on")
    cursor.execute("SET LOCAL check_function_bodies TO off")
    cursor.execute("SET LOCAL client_min_messages TO warning")
    for script in sorted(CATALOG.glob("*.sql")):
        cursor.execute(script.read_text())
    cursor.execute("""
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.relkind = 'v' AND c.oid >= 16384 AND c.relnamespace = 'pg_catalog'::regnamespace
    """)
    for (view,) in cursor.fetchall():
        cursor.execute(sql.SQL("GRANT SELECT ON {} TO PUBLIC").format(sql.SQL(view)))
    cursor.execute("REVOKE ALL ON ALL TABLES IN SCHEMA redshift FROM PUBLIC")
    cursor.execute("GRANT USAGE ON SCHEMA redshift TO PUBLIC")
    cursor.execute(
        "GRANT SELECT ON information_schema.table_constraints, information_schema.key_column_usage TO PUBLIC"
    )
    cursor.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")  # AWS: r_Schemas_and_tables, everybody has it there
    cursor.execute("REVOKE EXECUTE ON FUNCTION redshift.log_load(jsonb) FROM PUBLIC")
    cursor.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(user)))
