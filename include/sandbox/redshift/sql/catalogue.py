"""Sends what reads PostgreSQL's catalogue to the views that show it as Redshift does (`catalog/07_leader_node.sql`)."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.lexer import lower
from include.sandbox.redshift.sql.query import queries
from include.sandbox.redshift.sql.statement import Statement

TABLES = {
    "pg_catalog": frozenset({
        "pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_database", "pg_group", "pg_index",
        "pg_indexes", "pg_namespace", "pg_proc", "pg_sequence", "pg_sequences", "pg_tables", "pg_user",
        "pg_views",
    }),
    "information_schema": frozenset({
        "columns", "constraint_column_usage", "referential_constraints", "schemata", "sequences", "tables", "views",
    }),
}  # fmt: skip
FUNCTIONS = frozenset({"pg_get_constraintdef", "pg_get_expr", "pg_get_indexdef", "pg_get_viewdef"})
OURS = "redshift"
# What the names of system tables and views begin with (AWS: cm_chap_system-tables).
SYSTEM = ("pg_", "stl_", "stv_", "svl_", "svv_", "svcs_", "sys_")
# A clause of a query begins with one of these; within FROM, a comma is followed by a table.
CLAUSES = {"select", "from", "where", "group", "having", "order", "limit", "union", "intersect", "except", "on", "set"}


def redirect(statement: Statement) -> bool:
    """Puts the views in the place of the tables and functions; returns whether there was any.

    A statement with one of them runs on Redshift's leader node, which is a PostgreSQL and knows arrays.
    """
    clauses, found = [""], False
    for index, token in enumerate(statement.tokens):
        if token.is_symbol("("):
            clauses.append("")
        elif token.is_symbol(")"):
            del clauses[max(1, len(clauses) - 1) :]
        elif token.is_word(*CLAUSES):
            clauses[-1] = token.value
        elif token.is_name and _is_catalogue(statement, index, clauses[-1]):
            found = True
    return found


def writes(statement: Statement) -> bool:
    """Whether a statement writes a table, which is on the compute nodes."""
    makes_table = statement.verb == "CREATE" and not any(token.is_word("view") for token in statement.tokens[1:4])
    return makes_table or statement.verb in {"INSERT", "UPDATE", "DELETE", "MERGE"}


def on_compute_nodes() -> RedshiftError:
    """Returns the error for what only the leader node knows (AWS: c_sql-functions-leader-node)."""
    return RedshiftError(
        "Specified types or functions (one per INFO message) not supported on Redshift tables.", "0A000",
        hint="PostgreSQL's catalogue is on the leader node only: read it by a query of its own.",
    )  # fmt: skip


def reads_tables(statement: Statement) -> bool:
    """Returns whether a statement reads a user's table or view, and so does not run on the leader node alone."""
    named = _with_queries(statement)
    return statement.verb in ("UPDATE", "DELETE") or any(
        _is_users(statement, at + 1, named)
        for found in queries(statement)
        if "from" in found.clauses
        for at in statement.level(*found.clauses["from"])
        if statement[at].is_word("from", "join") or statement[at].is_symbol(",")
    )


def _is_users(statement: Statement, at: int, with_queries: set[str]) -> bool:
    last = at
    while statement[last].is_name and statement[last + 1].is_symbol("."):
        last += 2
    name = lower(statement[last].value)
    if not statement[last].is_name or statement[last + 1].is_symbol("("):
        return False
    if last > at:
        return lower(statement[last - 2].value) not in TABLES
    return not name.startswith(SYSTEM) and name not in with_queries


def _with_queries(statement: Statement) -> set[str]:
    """Returns the names of a statement's WITH queries."""
    found = set()
    for at, token in enumerate(statement.tokens):
        if token.is_name:
            last = statement.closing(at + 1) if statement[at + 1].is_symbol("(") else at
            if statement[last + 1].is_word("as") and statement[last + 2].is_symbol("("):
                found.add(lower(token.value))
    return found


def _is_catalogue(statement: Statement, index: int, clause: str) -> bool:
    name, before = lower(statement[index].value), statement[index - 1]
    qualified = before.is_symbol(".") and statement[index - 2].is_name
    schema = lower(statement[index - 2].value) if qualified else ""
    if name in FUNCTIONS and statement[index + 1].is_symbol("(") and schema in ("", "pg_catalog"):
        statement.replace(index - 2 if schema else index, index, f"{OURS}.{name}")
        return True
    if schema and name in TABLES.get(schema, ()):
        statement.replace(index - 2, index, f"{OURS}.{name}")
        return True
    if schema == "pg_catalog" and name.startswith("pg_") and statement[index - 3].is_word("from", "join"):
        return True  # it is shown as it is: pg_roles, for psql
    is_table = before.is_word("from", "join") or (before.is_symbol(",", "(") and clause == "from")
    if not schema and is_table and name in TABLES["pg_catalog"] and not statement[index + 1].is_symbol(".", "("):
        statement.replace(index, index, f"{OURS}.{name}")
        return True
    return False
