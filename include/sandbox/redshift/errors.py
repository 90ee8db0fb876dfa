"""The errors that the sandbox Redshift raises itself."""

from __future__ import annotations

from dataclasses import dataclass, field

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
TOO_COMPLEX = "54001"
TOO_LARGE = "54000"
TOO_MANY_CONNECTIONS = "53300"

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
