"""CREATE VIEW, also WITH NO SCHEMA BINDING, and the views that have to follow a change of what they read."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, qualified
from include.sandbox.redshift.sql.objects import refused
from include.sandbox.redshift.sql.statement import Statement

UNBOUND = ["with", "no", "schema", "binding"]


def create_view(statement: Statement) -> Plan:
    """Translates CREATE [OR REPLACE] VIEW name [(columns)] AS query [WITH NO SCHEMA BINDING]."""
    replaces = statement[1].is_word("or")
    if replaces and not statement[3].is_word("view"):
        return refused(statement)
    name, at = qualified(statement, 4 if replaces else 2)
    columns = (at, statement.closing(at)) if statement[at].is_symbol("(") else None
    at = columns[1] + 1 if columns else at
    if not statement[at].is_word("as"):
        raise statement.error(at)
    if [token.value for token in statement.tokens[-4:]] == UNBOUND:
        return _late_binding_view(statement, name, columns, at + 1, replaces=replaces)
    if statement[-1 + len(statement)].is_word("option"):
        raise statement.error(len(statement) - 1)
    return Plan(statement.render(), "CREATE", after=(rebind(name),))


def _late_binding_view(
    statement: Statement, name: str, columns: tuple[int, int] | None, first: int, *, replaces: bool
) -> Plan:
    """A view of a text that is read when the view is (AWS: r_CREATE_VIEW)."""
    _check_qualified(statement, first)
    query = statement.render(first, len(statement) - 5)
    if columns:
        query = f"SELECT * FROM ({query}) AS query {statement.render(*columns)}"  # noqa: S608 - the client's own query
    return Plan(
        f"CREATE VIEW {name} AS SELECT", "CREATE",
        before=(f"SELECT pg_catalog.redshift_drop_view({literal(name)})",) if replaces else (),
        after=(f"SELECT pg_catalog.redshift_fill_view({literal(name)}, {literal(query)})", rebind(name)),
    )  # fmt: skip


def _check_qualified(statement: Statement, first: int) -> None:
    """The tables of a late-binding view are named with their schema."""
    queries = {statement[at - 1].value for at in range(first, len(statement))
               if statement[at].is_word("as") and statement[at + 1].is_symbol("(")}  # fmt: skip
    for at in range(first, len(statement)):
        is_table = statement[at - 1].is_word("from", "join") and statement[at].is_name
        if is_table and not statement[at + 1].is_symbol(".", "(") and statement[at].value not in queries:
            raise RedshiftError(
                "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING."
            )


def rebind(name: str) -> str:
    """Returns what finds the columns of late-binding views again, after a table or view of this name has changed."""
    return f"SELECT pg_catalog.redshift_rebind({literal(name.rpartition('.')[2].strip(chr(34)))})"
