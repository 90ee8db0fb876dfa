"""Makes the embedded PostgreSQL into a Redshift underneath: the database, the user, functions and catalogue views."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.state import SandboxError

CATALOG = Path(__file__).parent / "catalog"
# SNAPSHOT isolation is PostgreSQL's REPEATABLE READ; it holds until ALTER DATABASE chooses another level.
ISOLATION, SNAPSHOT = "default_transaction_isolation", "repeatable read"
# A backslash in a literal is an escape (as in PostgreSQL 8.0).
DATABASE_SETTINGS = {
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "createrole_self_grant": "set, inherit",
    "lock_timeout": "0",
    "deadlock_timeout": "100ms",  # after it autovacuum gives way to a writer that waits for its table
    # CREATE USER … PASSWORD must not end up in PostgreSQL's log, nor when it fails or takes long.
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
}
BUILTIN = 170_000  # the first whose locales do not depend on the system
OLDEST = 160_000  # the first that grants a role its own creations (createrole_self_grant)


def install(config: RedshiftConfig, user: str, password: str) -> None:
    """Creates or completes the database, its user and the catalogue; repeating it changes nothing.

    A catalogue of another edition is replaced: users' tables and their design stay, the record of past loads goes.

    Args:
        config: where PostgreSQL is, and the name of the database.
        user: the Redshift user that owns the database and may create schemas, roles and users.
        password: its password.

    Raises:
        SandboxError: PostgreSQL cannot be reached, is too old or does not let us in as a superuser; or the catalogue is
            of another edition and cannot be replaced.
    """
    try:
        connecting = psycopg2.connect(config.superuser_dsn("postgres"))
    except psycopg2.OperationalError as error:
        raise SandboxError(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
    with closing(connecting) as connection:
        connection.autocommit = True
        _check(connection)
        with connection.cursor() as cursor:
            # The new password is not for the log of a PostgreSQL that writes all statements down.
            cursor.execute("SET log_statement TO none; SET log_min_duration_statement TO -1")
            cursor.execute("SET log_min_error_statement TO panic")
            _user(cursor, user, password)
            _database(cursor, config.database, user)
            _close_other_databases(cursor, config.database)
    with closing(psycopg2.connect(config.superuser_dsn())) as connection:
        with connection.cursor() as cursor:
            _catalogue(cursor, config.database)
        connection.commit()


def _check(connection: Any) -> None:
    version, who = connection.server_version, connection.info
    if version < OLDEST:
        raise SandboxError(
            f"PostgreSQL {version // 10_000} at {who.host}:{who.port} is too old: the sandbox needs 16 or later."
        )
    if who.parameter_status("is_superuser") != "on":
        raise SandboxError(f'The role "{who.user}" is no superuser of the PostgreSQL at {who.host}:{who.port}.')


def _user(cursor: Any, user: str, password: str) -> None:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (user,))
    found = cursor.fetchone()
    if found == (True,):
        raise SandboxError(f'The role "{user}" is a superuser of PostgreSQL: choose another user for Redshift.')
    verb = "ALTER" if found else "CREATE"
    role = sql.SQL(verb + " ROLE {} LOGIN CREATEROLE NOSUPERUSER NOCREATEDB PASSWORD {}")
    cursor.execute(role.format(sql.Identifier(user), sql.Literal(password)))
    # It inherits from the users that it creates (createrole_self_grant), which is what a Redshift superuser needs.
    # PostgreSQL's own roles, which earlier editions granted, reach beyond the database.
    cursor.execute("""
        SELECT roleid::regrole::text FROM pg_auth_members
        WHERE member = (SELECT oid FROM pg_roles WHERE rolname = %s) AND roleid < 16384
    """, (user,))  # fmt: skip
    for (given,) in cursor.fetchall():
        cursor.execute(sql.SQL("REVOKE {} FROM {}").format(sql.SQL(given), sql.Identifier(user)))


def _database(cursor: Any, database: str, user: str) -> None:
    version = cursor.connection.server_version
    name, owner = sql.Identifier(database), sql.Identifier(user)
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
    if not cursor.fetchone():
        # Code point order and Unicode case mapping, as Redshift has them (AWS: c_collation_sequences).
        locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if version >= BUILTIN else "LC_CTYPE 'C.UTF-8'"
        create = "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING UTF8 LC_COLLATE 'C' " + locale
        cursor.execute(sql.SQL(create).format(name, owner))
    cursor.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    cursor.execute("""
        SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
        WHERE d.datname = %s AND s.setrole = 0 AND c LIKE %s
    """, (database, f"{ISOLATION}=%"))  # fmt: skip
    chosen = {} if cursor.fetchone() else {ISOLATION: SNAPSHOT}
    for setting, value in (DATABASE_SETTINGS | chosen).items():
        change = sql.SQL("ALTER DATABASE {} SET {} TO {}")
        values = sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
        cursor.execute(
            change.format(name, sql.Identifier(setting), values if setting == "datestyle" else sql.Literal(value))
        )


def _close_other_databases(cursor: Any, database: str) -> None:
    """Leaves the cluster's other databases, such as Airflow's, to their owners."""
    cursor.execute("SELECT datname FROM pg_database WHERE datname <> %s", (database,))
    for (other,) in cursor.fetchall():
        cursor.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))


def _catalogue(cursor: Any, database: str) -> None:
    scripts = [path.read_text() for path in sorted(CATALOG.glob("*.sql"))]
    edition = hashlib.sha256("".join(scripts).encode()).hexdigest()
    cursor.execute("SELECT obj_description(to_regnamespace('redshift'), 'pg_namespace')")
    if cursor.fetchone() == (edition,):
        return
    # The catalogue's own schemas are open to a superuser that asks for it, in this database only.
    cursor.execute("SET LOCAL allow_system_table_mods TO on")
    cursor.execute("SET LOCAL standard_conforming_strings TO on")
    cursor.execute("SET LOCAL check_function_bodies TO off")
    cursor.execute("SET LOCAL client_min_messages TO warning")
    cursor.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
    try:
        for script in scripts:
            cursor.execute(script)
    except psycopg2.Error as error:
        reason = ": ".join(part for part in (error.diag.message_primary, error.diag.message_detail) if part)
        raise SandboxError(
            f"The database {database} was made by another version of the sandbox, whose catalogue cannot be replaced "
            f"({reason}); `make clean` starts afresh."
        ) from error
    cursor.execute("COMMENT ON SCHEMA redshift IS %s", (edition,))
