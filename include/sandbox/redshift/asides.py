"""What PostgreSQL says unasked: values of parameters and notices, as Redshift has them."""

from __future__ import annotations

import re

from include.sandbox.redshift import wire
from include.sandbox.redshift.wire import Frame

# What Redshift reports; PostgreSQL's newer parameters would make drivers take it for what it is not.
REPORTED = {
    "client_encoding", "server_encoding", "DateStyle", "integer_datetimes", "is_superuser", "session_authorization",
    "TimeZone", "application_name",
}  # fmt: skip
VERSION, SERVER_VERSION = "server_version", "8.0.2"
# By it asyncpg knows Redshift, which lacks advisory locks and LISTEN (asyncpg: _detect_server_capabilities).
PADB_REVISION = "1.0.12103"
# VACUUM and ANALYZE of everything: PostgreSQL's catalogues of users and databases are the superuser's.
SKIPPED = re.compile(r'permission denied to (vacuum|analyze) "pg_\w+", skipping it')
MISSING_TABLE = re.compile(r'table (".*") does not exist, skipping')


def reworded(found: Frame) -> bytes:
    """Returns a message of PostgreSQL's for the client; empty if Redshift would not say it."""
    if found.kind == b"S":
        return _parameter(*parameter(found))
    return _notice(wire.fields_of(found.body)) if found.kind == b"N" else found.encode()


def parameter(found: Frame) -> tuple[str, str]:
    """Returns name and value that a ParameterStatus tells."""
    (name, value), _ = wire.strings(found.body, 2)
    return name, value


def _parameter(name: str, value: str) -> bytes:
    if name == VERSION:
        return _status("padb_revision", PADB_REVISION) + _status(VERSION, SERVER_VERSION)
    return _status(name, value) if name in REPORTED else b""


def _status(name: str, value: str) -> bytes:
    return wire.frame(b"S", wire.text(name) + wire.text(value))


def _notice(fields: dict[str, str]) -> bytes:
    if SKIPPED.match(fields.get("M", "")):
        return b""
    if missing := MISSING_TABLE.fullmatch(fields.get("M", "")):
        fields = fields | {"M": f"Table {missing[1]} does not exist and will be skipped"}
    told = {key: value for key, value in fields.items() if key != "V"}
    return wire.report(b"N", told | {"S": "INFO"} if told.get("S") == "NOTICE" else told)
