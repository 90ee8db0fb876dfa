"""ALTER DATABASE, which changes the isolation level of the sandbox's one database (AWS: r_ALTER_DATABASE)."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, name_of, quote
from include.sandbox.redshift.sql.statement import Statement

# As PostgreSQL calls them. Its SERIALIZABLE tells conflicts among transactions that are all of that level.
LEVELS = {"serializable": "serializable", "snapshot": "repeatable read"}


def alter_database(statement: Statement) -> Plan:
    """Translates ALTER DATABASE name ISOLATION LEVEL {SERIALIZABLE | SNAPSHOT}; sessions that begin later have it.

    Raises:
        RedshiftError: it changes something else, or the statement is malformed.
    """
    if not statement[2].is_name:
        raise statement.error(2)
    if not statement[3].is_word("isolation"):
        raise unsupported(f"ALTER DATABASE … {statement[3].value.upper()} in the sandbox")
    if not statement[4].is_word("level"):
        raise statement.error(4)
    if not statement[5].is_word(*LEVELS):
        raise statement.error(5)
    if len(statement) > 6:
        raise statement.error(6)
    database, level = name_of(statement[2]), LEVELS[statement[5].value]
    change = f"ALTER DATABASE {quote(database)} SET default_transaction_isolation TO {literal(level)}"
    check = f"SELECT pg_catalog.redshift_check_database({literal(database)})"
    return Plan(change, "ALTER", before=(check,), alone="ALTER DATABASE ISOLATION LEVEL")
