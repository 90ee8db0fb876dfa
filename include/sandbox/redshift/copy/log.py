"""What a COPY leaves behind for the load views, outside the client's transaction (AWS: r_STL_LOAD_ERRORS)."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

import psycopg2

from include.sandbox.redshift.config import RedshiftConfig

SHOWN = 1024


@dataclass
class LoadError:
    """One value or record that did not load.

    Args:
        file: S3 URL.
        line: line of the record's end.
        column: the column, empty when the record itself is at fault.
        type: its type's short name.
        length: its length as shown.
        position: offset in the value.
        raw_line: the record.
        raw_value: the value.
        code: Redshift's error code.
        reason: what is wrong.
        fields: every column up to the failing one, for stl_loaderror_detail.
    """

    file: str
    line: int
    column: str
    type: str
    length: str
    position: int
    raw_line: str
    raw_value: str
    code: int
    reason: str
    fields: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Replacement:
    """One row in which ACCEPTINVCHARS replaced characters.

    Args:
        file: S3 URL.
        line: line of the record's end.
        column: the first column with one.
        raw_line: the record.
    """

    file: str
    line: int
    column: str
    raw_line: str


@dataclass
class FileRead:
    """One file that was read.

    Args:
        file: S3 URL.
        etag: S3's entity tag.
        modified: when the object was last written, ISO 8601.
        bytes: its size in S3.
        lines: lines scanned.
        errors: records that did not load.
        replacements: rows in which characters were replaced.
    """

    file: str
    etag: str
    modified: str
    bytes: int
    lines: int = 0
    errors: int = 0
    replacements: list[Replacement] = field(default_factory=list)


@dataclass
class LoadRecord:
    """One COPY, as the load views show it.

    Args:
        query: the query id.
        session: the stand-in's own id of the session.
        pid: process id of the session.
        username: name of the Redshift user.
        table_id: oid of the target.
        table_name: its name.
        source: the text after FROM.
        started: when it began, ISO 8601 UTC.
        ended: when it ended, ISO 8601 UTC.
        status: completed or aborted.
        rows: rows loaded.
        message: why it failed, or None.
        format: JSON, Text or Parquet.
    """

    query: int
    session: str
    pid: int
    username: str
    table_id: int
    table_name: str
    source: str
    started: str = field(default_factory=lambda: now())
    ended: str = ""
    status: str = "running"
    rows: int = 0
    message: str | None = None
    format: str = "JSON"

    def finish(self, status: str, rows: int, message: str | None) -> None:
        """Closes the record."""
        self.status, self.rows, self.message, self.ended = status, rows, message, now()

    def json(self, files: list[FileRead], errors: list[LoadError]) -> str:
        """Returns it with its files and errors, as the catalogue's functions take it."""
        key = {"query": self.query}
        return json.dumps(
            {
                "load": asdict(self),
                "files": [asdict(item) | key for item in files],
                "errors": [asdict(item) | key for item in errors],
                "replacements": [asdict(item) | key for file in files for item in file.replacements],
            }
        )


class LoadLog:
    """Writes load records on a connection of the stand-in's own: a rollback of the client's leaves them.

    Args:
        config: where PostgreSQL is.
    """

    def __init__(self, config: RedshiftConfig) -> None:
        self._config = config
        self._connection: Any = None
        self._lock = threading.Lock()

    def next_query(self) -> int:
        """Returns a new query id."""
        return int(self._call("SELECT nextval('redshift.query_id')"))

    def write(self, record: str) -> None:
        """Keeps a finished record."""
        self._call("SELECT redshift.log_load(%s::jsonb)", record)

    def _call(self, sql: str, *parameters: str) -> Any:
        with self._lock:
            try:
                return self._once(sql, *parameters)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connection = None  # PostgreSQL was restarted: once more on a new connection
                return self._once(sql, *parameters)

    def _once(self, sql: str, *parameters: str) -> Any:
        if self._connection is None:
            # READ COMMITTED, so that nobody who reads the log conflicts with its writer: system tables are not isolated
            # (AWS: c_serial_isolation).
            options = r"-c search_path=pg_catalog -c default_transaction_isolation=read\ committed"
            self._connection = psycopg2.connect(self._config.superuser_dsn(), options=options)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return (cursor.fetchone() or [None])[0]


def now() -> str:
    """Returns the time as the load views show it: UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat(" ")


def shown(text: str) -> str:
    """Returns a line or value as STL_LOAD_ERRORS shows it: multibyte characters as dots, 1024 bytes at most."""
    return "".join(c if c.isascii() and c != "\0" else "." for c in text[:SHOWN])
