"""The errors that the sandbox Redshift raises itself, and those of PostgreSQL in Redshift's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from include.sandbox.redshift import absent

INTERNAL_ERROR = "XX000"
SYNTAX_ERROR = "42601"
NOT_SUPPORTED = "0A000"
UNDEFINED_SETTING = "42704"
FAILED_TRANSACTION = "25P02"
IN_A_TRANSACTION = "25001"
NOT_UTF8 = "22021"
PROTOCOL_VIOLATION = "08P01"
SHUT_DOWN = "57P01"
CANNOT_CONNECT_NOW = "57P03"

# Prefix of the names of the CHECK constraints that count bytes: VARCHAR(n) is n bytes (AWS: r_Character_types).
BYTE_LIMIT_PREFIX = "byte limit of "

# PostgreSQL's own catalogue is the only thing with unique keys: two sessions created the same object at once.
CREATED_TWICE = {"pg_namespace_nspname_index": ("42P06", "Schema"), "pg_class_relname_nsp_index": ("42P07", "Relation"),
                 "pg_type_typname_nsp_index": ("42P07", "Relation")}  # fmt: skip
FIELDS = {"S", "C", "M", "D", "H", "F", "L", "R"}  # amazon-redshift-utils#716 shows a packet of Redshift's
CONFLICT = "could not complete because of conflict with concurrent transaction"
RULE = "-----------------------------------------------"


@dataclass
class RedshiftError(Exception):
    """An error as the client gets it.

    Args:
        message: the primary message.
        sqlstate: five characters.
        detail: secondary text, or None.
        hint: what to do about it, or None.
        severity: ERROR, or FATAL when the connection ends.
    """

    message: str
    sqlstate: str = INTERNAL_ERROR
    detail: str | None = None
    hint: str | None = None
    severity: str = "ERROR"

    def __str__(self) -> str:
        return self.message

    def fields(self) -> dict[str, str]:
        """Returns the fields of the ErrorResponse message."""
        found = {"S": self.severity, "C": self.sqlstate, "M": self.message}
        if self.detail is not None:
            found["D"] = self.detail
        if self.hint is not None:
            found["H"] = self.hint
        return found | {"F": "sandbox", "L": "0", "R": "redshift"}


@dataclass
class BackendError(Exception):
    """An error that PostgreSQL reported to a statement of the stand-in's own.

    Args:
        fields: the ErrorResponse's fields by their one-letter type.
    """

    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.fields.get("M", "")

    @property
    def fatal(self) -> bool:
        """Whether PostgreSQL closes the connection after it."""
        return self.fields.get("S") in {"FATAL", "PANIC"}


class ProtocolError(ConnectionError):
    """A client does not speak the protocol: its connection ends."""


class ClientGoneError(ConnectionError):
    """The client has closed its connection."""


class BackendGoneError(ConnectionError):
    """PostgreSQL has closed the connection.

    Args:
        fields: what it said before, as the client is told.
    """

    def __init__(self, fields: dict[str, str] | None = None) -> None:
        told = fields or RedshiftError("terminating connection: the sandbox's PostgreSQL is gone", SHUT_DOWN).fields()
        super().__init__(told["M"])
        self.fields = told | {"S": "FATAL"}


def fatal(message: str, sqlstate: str) -> RedshiftError:
    """Returns an error that ends the connection."""
    return RedshiftError(message, sqlstate, severity="FATAL")


def unsupported(what: str, hint: str | None = None) -> RedshiftError:
    """Returns the error for what this sandbox does not do, or what Redshift itself does not do."""
    return RedshiftError(f"{what} is not supported", NOT_SUPPORTED, hint=hint)


def syntax_error(near: str, context: str, line: int) -> RedshiftError:
    """Returns Redshift's form of a syntax error, which names the context and the line."""
    return RedshiftError(f'syntax error at or near "{near}" in context "{context}", at line {line}', SYNTAX_ERROR)


def detail_block(error: str, code: int, context: str, query: int) -> str:
    """Returns the DETAIL text in the shape that Redshift's executor gives it."""
    entries = {"error": error, "code": code, "context": context, "query": query, "process": "sandbox"}
    lines = [f"  {name + ':':<10} {value}" for name, value in entries.items()]
    return "\n".join(["", f"  {RULE}", *lines, f"  {RULE}", ""])


def violation(pid: int) -> dict[str, str]:
    """Returns the fields of error 1023 for a session, as far as they are known.

    Redshift names the table and the transactions of the cycle; PostgreSQL tells neither.
    """
    unknown = "which one, and the other transactions of the cycle, the sandbox cannot tell"
    return {"C": INTERNAL_ERROR, "M": "1023", "D": f"Serializable isolation violation on table - {unknown} (pid:{pid})"}


def in_redshift_words(fields: dict[str, str], statement: str = "", serializable: int | None = None) -> dict[str, str]:
    """Rewrites PostgreSQL's error fields to what Redshift reports for the same mistake.

    Args:
        fields: fields of PostgreSQL's ErrorResponse.
        statement: first word of the statement, upper case.
        serializable: process id of a session under SERIALIZABLE isolation; None under SNAPSHOT.

    Returns:
        The fields for the client: those that Redshift sends, without `P`, an offset in the translated text.
    """
    found = {key: value for key, value in fields.items() if key in FIELDS}
    state = found.get("C", "")
    if state == "22001" or fields.get("n", "").startswith(BYTE_LIMIT_PREFIX):
        limit = "Value too long for character type"
        found |= {"C": INTERNAL_ERROR, "M": limit, "D": detail_block(limit, 8001, found.get("M", limit), 0)}
    elif state == "22003" and found.get("M", "").startswith("numeric field overflow"):
        found |= {"C": INTERNAL_ERROR, "M": "Numeric data overflow"}  # AWS: r_numeric_computations201
    elif state == "23502" and "c" in fields:
        # SQLSTATE unsettled among clients' sources; dlt maps this text from an internal error.
        found |= {"C": INTERNAL_ERROR, "M": f"Cannot insert a NULL value into column {fields['c']}"}
    elif state == "428C9" and "OVERRIDING" in found.get("H", ""):
        found = {key: value for key, value in found.items() if key not in {"D", "H"}}
        found |= {"C": NOT_SUPPORTED, "M": "cannot set an identity column to a value"}  # embulk#486
    elif state == "42P01" and statement == "COPY":
        table = found.get("M", "").split('"')[1::2] or [""]
        found |= {"C": INTERNAL_ERROR, "M": f"Cannot COPY into nonexistent table {table[0].rpartition('.')[2]}"}
    elif state == "42P01" and found.get("M", "").startswith("missing FROM-clause entry"):
        # Whether it is a column of SUPER and what follows a path into it, PostgreSQL does not say.
        found.setdefault("H", "A path into a SUPER column is not supported in the sandbox.")
    elif state == "21000" and statement == "MERGE":
        found |= {"C": INTERNAL_ERROR, "M": "Found multiple matches to update the same tuple."}
    elif state == "40001" and serializable is not None:
        found = {key: value for key, value in found.items() if key != "H"} | violation(serializable)
    elif state == "40001" or found.get("M", "").startswith("tuple concurrently "):
        # The text that SNAPSHOT isolation gives; clients retry on it (AWS: c_serial_isolation).
        found |= {"C": INTERNAL_ERROR, "M": CONFLICT}
    elif missing := absent.refusal(state, found.get("M", "")):
        found |= missing
    elif fields.get("n") in CREATED_TWICE:
        code, what = CREATED_TWICE[fields["n"]]
        found |= {"C": code, "M": f"{what} already exists: another session has just created it"}
    return found
