"""SHOW DATABASES, SCHEMAS, TABLES, COLUMNS, CONSTRAINTS and GRANTS: queries of the catalogue (AWS: r_SHOW_TABLES)."""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, name_of
from include.sandbox.redshift.sql.statement import Statement


@dataclass(frozen=True)
class Form:
    """One SHOW command.

    Args:
        view: the view of the catalogue that answers it.
        parts: the columns that the qualified name behind the command's words stands for, its last part last.
        like: the column that LIKE filters.
    """

    view: str
    parts: tuple[str, ...] = ()
    like: str = ""


TABLE = ("database_name", "schema_name", "table_name")
GRANT = ("database_name", "schema_name", "object_name")
EXPORTED = ("pk_database_name", "pk_schema_name", "pk_table_name")
IMPORTED = ("fk_database_name", "fk_schema_name", "fk_table_name")
FORMS = {
    "databases": Form("show_databases", like="database_name"),
    "schemas from database": Form("show_schemas", TABLE[:1], "schema_name"),
    "tables from schema": Form("show_tables", TABLE[:2], "table_name"),
    "tables from database": Form("show_tables", TABLE[:1], "table_name"),
    "columns from table": Form("show_columns", TABLE, "column_name"),
    "columns from database": Form("show_columns", TABLE[:1], "column_name"),
    "constraints primary keys from table": Form("show_primary_keys", TABLE),
    "constraints foreign keys from table": Form("show_foreign_keys", IMPORTED),
    "constraints foreign keys exported from table": Form("show_foreign_keys", EXPORTED),
    "grants on table": Form("show_grants", GRANT),
    "column grants on table": Form("show_column_grants", TABLE, "column_name"),
    "procedures from schema": Form("show_procedures", TABLE[:2], "procedure_name"),
    "functions from schema": Form("show_functions", TABLE[:2], "function_name"),
}  # fmt: skip


def show_objects(statement: Statement) -> Plan | None:
    """Translates a SHOW command about objects; None when the statement is another SHOW.

    Raises:
        RedshiftError: something follows the command that does not belong to it.
    """
    words = [token.value for token in statement.tokens[1:7] if token.kind == "word"]
    for text, form in FORMS.items():
        count = len(text.split())
        if words[:count] == text.split():
            return _query(statement, form, 1 + count)
    return None


def _query(statement: Statement, form: Form, at: int) -> Plan:
    found = []
    if form.parts:
        values, at = _name(statement, at)
        if len(values) > len(form.parts):
            raise statement.error(at - 1)
        found = [f"{part} = {value}" for part, value in zip(form.parts[-len(values) :], values)]  # noqa: B905
    if form.like and statement[at].is_word("like"):
        found.append(f"{form.like} LIKE {statement.render(at + 1, at + 1)}")
        at += 2
    limit = ""
    if statement[at].is_word("limit") and statement[at + 1].kind == "number":
        limit = f" LIMIT {statement[at + 1].value}"
        at += 2
    if at < len(statement):
        raise statement.error(at)
    where = f" WHERE {' AND '.join(found)}" if found else ""
    return Plan(f"SELECT * FROM redshift.{form.view}{where}{limit}", "SHOW")  # noqa: S608 - the parts are literals


def _name(statement: Statement, at: int) -> tuple[list[str], int]:
    """Reads a qualified name, whose parts may be parameters (redshift_connector binds them), as SQL expressions."""
    values = []
    while True:
        token = statement[at]
        if not (token.is_name or token.kind in ("parameter", "string")):
            raise statement.error(at)
        values.append(statement.render(at, at) if token.kind == "parameter" else literal(name_of(token)))
        if not statement[at + 1].is_symbol("."):
            return values, at + 1
        at += 2
