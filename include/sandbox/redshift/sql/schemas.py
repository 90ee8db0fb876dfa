"""CREATE, ALTER and DROP SCHEMA."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, name_of
from include.sandbox.redshift.sql.statement import Statement


def create_schema(statement: Statement) -> Plan:
    """Translates CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION user] [QUOTA …]."""
    for index, token in enumerate(statement.tokens):
        if token.is_word("quota") and index > 2:
            raise unsupported("QUOTA of a schema in the sandbox")
        if token.is_word("create", "grant") and index:
            raise statement.error(index)
    checks = _in_this_database(statement, 5 if statement[2].is_word("if") else 2)
    return Plan(statement.render(), "CREATE", before=checks)


def alter_schema(statement: Statement) -> Plan:
    """Translates ALTER SCHEMA name {RENAME TO name | OWNER TO user} (AWS: r_ALTER_SCHEMA)."""
    checks = _in_this_database(statement, 2)
    if statement[3].is_word("quota"):
        raise unsupported("QUOTA of a schema in the sandbox")
    if not (statement[3].is_word("rename", "owner") and statement[4].is_word("to") and len(statement) == 6):
        raise statement.error(3)
    return Plan(statement.render(), "ALTER", before=checks)


def drop_schema(statement: Statement) -> Plan:
    """Translates DROP SCHEMA [IF EXISTS] name [, …] [CASCADE | RESTRICT]."""
    checks = _in_this_database(statement, 4 if statement[2].is_word("if") else 2)
    return Plan(statement.render(), "DROP", before=checks)


def _in_this_database(statement: Statement, first: int) -> tuple[str, ...]:
    """Takes the databases away from qualified names of schemas, as dbt writes them; returns what checks them."""
    dots = [at for at in range(first, len(statement)) if statement[at].is_symbol(".")]
    names = [name_of(statement[at - 1]) for at in dots]
    for at in reversed(dots):
        statement.remove(at - 1, at)
    return tuple(f"SELECT pg_catalog.redshift_check_database({literal(name)})" for name in names)
