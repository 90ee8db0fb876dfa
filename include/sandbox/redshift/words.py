"""PostgreSQL's errors in Redshift's words."""

from __future__ import annotations

from include.sandbox.redshift import absent
from include.sandbox.redshift.errors import INTERNAL_ERROR, NOT_SUPPORTED, detail_block, violation

# Prefix of the names of the CHECK constraints that count bytes: VARCHAR(n) is n bytes (AWS: r_Character_types).
BYTE_LIMIT_PREFIX = "byte limit of "
# PostgreSQL's own catalogue is the only thing with unique keys: two sessions created the same object at once.
CREATED_TWICE = {"pg_namespace_nspname_index": ("42P06", "Schema"), "pg_class_relname_nsp_index": ("42P07", "Relation"),
                 "pg_type_typname_nsp_index": ("42P07", "Relation")}  # fmt: skip
FIELDS = {"S", "C", "M", "D", "H", "F", "L", "R"}  # amazon-redshift-utils#716 shows a packet of Redshift's
CONFLICT = "could not complete because of conflict with concurrent transaction"


def in_redshift_words(fields: dict[str, str], statement: str = "", serializable: int | None = None) -> dict[str, str]:
    """Rewrites PostgreSQL's error fields to what Redshift reports for the same mistake.

    Args:
        fields: fields of PostgreSQL's ErrorResponse.
        statement: first word of the statement, upper case.
        serializable: process id of a session under SERIALIZABLE isolation; None under SNAPSHOT.

    Returns:
        The fields for the client: those that Redshift sends, without `P`, an offset in the translated text.
    """
    state, message = fields.get("C", ""), fields.get("M", "")
    changes = (
        _of_a_value(fields, state, message)
        or _of_a_statement(fields, state, message, statement)
        or _of_a_conflict(fields, state, message, serializable)
        or absent.refusal(state, message)
        or {}
    )
    changed = {key: value for key, value in fields.items() if key in FIELDS} | changes
    return {key: value for key, value in changed.items() if value}


def _of_a_value(fields: dict[str, str], state: str, message: str) -> dict[str, str]:
    """A value that does not fit; an empty field is left out."""
    if state == "22001" or fields.get("n", "").startswith(BYTE_LIMIT_PREFIX):
        limit = "Value too long for character type"
        return {"C": INTERNAL_ERROR, "M": limit, "D": detail_block(limit, 8001, message or limit, 0)}
    if state == "22003" and message.startswith("numeric field overflow"):
        return {"C": INTERNAL_ERROR, "M": "Numeric data overflow"}  # AWS: r_numeric_computations201
    if state == "23502" and "c" in fields:
        # SQLSTATE unsettled among clients' sources; dlt maps this text from an internal error.
        return {"C": INTERNAL_ERROR, "M": f"Cannot insert a NULL value into column {fields['c']}"}
    if state == "428C9" and "OVERRIDING" in fields.get("H", ""):
        return {"C": NOT_SUPPORTED, "M": "cannot set an identity column to a value", "D": "", "H": ""}  # embulk#486
    return {}


def _of_a_statement(fields: dict[str, str], state: str, message: str, statement: str) -> dict[str, str]:
    """What PostgreSQL says of a table that it looks for, or of MERGE."""
    if state == "42P01" and statement == "COPY":
        table = message.split('"')[1::2] or [""]
        return {"C": INTERNAL_ERROR, "M": f"Cannot COPY into nonexistent table {table[0].rpartition('.')[2]}"}
    if state == "42P01" and message.startswith("missing FROM-clause entry"):
        # Whether it is a column of SUPER and what follows a path into it, PostgreSQL does not say.
        return {"H": fields.get("H", "A path into a SUPER column is not supported in the sandbox.")}
    if state == "21000" and statement == "MERGE":
        return {"C": INTERNAL_ERROR, "M": "Found multiple matches to update the same tuple."}
    return {}


def _of_a_conflict(fields: dict[str, str], state: str, message: str, serializable: int | None) -> dict[str, str]:
    """Transactions that cannot both be."""
    if state == "40001" and serializable is not None:
        return {"H": ""} | violation(serializable)
    if state == "40001" or message.startswith("tuple concurrently "):
        # The text that SNAPSHOT isolation gives; clients retry on it (AWS: c_serial_isolation).
        return {"C": INTERNAL_ERROR, "M": CONFLICT}
    if fields.get("n") in CREATED_TWICE:
        code, what = CREATED_TWICE[fields["n"]]
        return {"C": code, "M": f"{what} already exists: another session has just created it"}
    return {}
