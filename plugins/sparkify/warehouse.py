"""A connection to the warehouse that is used one transaction at a time."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlparse
from airflow.sdk.exceptions import AirflowFailException

from sparkify.errors import explained

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

log = logging.getLogger(__name__)

INSERT = re.compile(r"insert into (\S+)", re.IGNORECASE)
NAME = re.compile(r"%\((?P<name>\w+)\)s")
PERCENT = re.compile(f"%%|{NAME.pattern}|%")
BATCH = 500  # rows in one INSERT: their values stay far below the protocol's 32,767 parameters

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]


@dataclass
class Session:
    """One open connection.

    Attributes:
        connection: the driver's connection (redshift_connector or psycopg).
        pid: the server's process that serves it, to cancel it by.
        to: the Airflow connection that says where that is; None if nobody asks.
        inserted: how many rows its scripts have inserted, by table as they name it, without quotes.
    """

    connection: Any
    pid: int
    to: Connection | None = None
    inserted: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is run inside, or roll all of it back on any exception."""
        self.connection.autocommit = False
        try:
            yield
            self.connection.commit()
        except BaseException:
            # A lost connection cannot be rolled back, and the server has done so: what was raised first is what counts.
            with suppress(Exception):
                self.connection.rollback()
                self.connection.autocommit = True
            raise
        self.connection.autocommit = True

    def run(self, statement: str, parameters: Parameters | None = None) -> list[Row]:
        """Run one statement.

        Args:
            statement: SQL; values are named as ``%(name)s``.
            parameters: the values, bound by the driver; more may be given than the statement names. In a statement that
                names one, every literal ``%`` is written ``%%``, also within quotes and comments; in one that names
                none it is written as it is.

        Returns:
            The rows that it returned; none for a statement that returns nothing.

        Raises:
            AirflowFailException: a value that the statement names is not given, or it holds a single ``%``.
        """
        return self._execute(statement, parameters)[0]

    def records(self, statement: str, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        """Run a query; see :meth:`run`.

        Returns:
            Its rows, each as values by column.
        """
        rows, _, columns = self._execute(statement, parameters)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def insert(self, table: str, rows: Sequence[Parameters], dated: str = "") -> None:
        """Insert rows, some hundred by one statement.

        Args:
            table: qualified.
            rows: values by column, bound by the driver; all have the same columns.
            dated: a further column, which takes the time of the transaction (AWS: SYSDATE); none if empty.
        """
        columns, now = (f", {dated}", ",sysdate") if dated else ("", "")
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            # A value that a column has in many rows is bound once, and the text is short: the driver reads it letter by
            # letter.
            fields = dict.fromkeys(field for row in batch for field in row.items())
            names = {field: str(number) for number, field in enumerate(fields)}
            listed = [f"({','.join(f'%({names[field]})s' for field in row.items())}{now})" for row in batch]
            values = {name: value for (_, value), name in names.items()}
            self.run(f"insert into {table} ({', '.join(batch[0])}{columns}) values {','.join(listed)}", values)

    def script(self, sql: str, parameters: Parameters | None = None) -> int:
        """Run the statements of a script in order, logging the rows and the time of each.

        Args:
            sql: statements, each ended by a semicolon; what holds only comments or nothing is left out, since the
                driver refuses it ("query was empty").
            parameters: the values that they name.

        Returns:
            How many rows the last statement wrote; 0 for one that writes none.
        """
        written = 0
        for statement in filter(_has_code, sqlparse.split(sql, strip_semicolon=True)):
            began = time.monotonic()
            written = self._execute(statement, parameters)[1]
            title = _title(statement)
            log.info("%s: %d rows, %.2f s", title, written, time.monotonic() - began)
            if found := INSERT.match(title):
                self.inserted[found[1].replace('"', "")] += written
        return written

    def _execute(self, statement: str, parameters: Parameters | None) -> tuple[list[Row], int, list[str]]:
        with closing(self.connection.cursor()) as cursor:
            # the driver reads a statement that it is given values for letter by letter
            if not parameters or not NAME.search(statement):
                cursor.execute(statement)
            else:
                numbered, values = _numbered(statement, parameters)
                if hasattr(cursor, "paramstyle"):
                    cursor.paramstyle = "qmark"  # and no ? stands for anything in Redshift outside of quotes
                    cursor.execute(numbered, values)
                else:
                    cursor.execute(statement, parameters)
            rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
            columns = [str(column[0]) for column in cursor.description or ()]
            return rows, max(cursor.rowcount, 0), columns


def _numbered(statement: str, parameters: Parameters) -> tuple[str, tuple[Any, ...]]:
    """Write ``$1`` for the first name and ``%`` for ``%%``, as psycopg does and redshift_connector does not.

    That takes ``%%`` only outside of quotes, and no name after it (2.2.0, convert_paramstyle). What is numbered already
    it leaves as it is. Its own default, ``%s``, would bind one value once for each place that names it.

    Returns:
        The statement, and the values in the order of their numbers, each once.
    """
    numbers: dict[str, int] = {}

    def written(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None and found[0] == "%":
            near = statement[max(found.start() - 20, 0) : found.end() + 20]
            raise AirflowFailException(f"A statement that names values holds a single % near {near!r}: write it %%.")
        if name is None:
            return "%"
        if name not in parameters:
            raise AirflowFailException(f"A statement names %({name})s, which is not among {sorted(parameters)}.")
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    return PERCENT.sub(written, statement), tuple(parameters[name] for name in numbers)


def _has_code(statement: str) -> bool:
    return bool(sqlparse.format(statement, strip_comments=True).strip("; \t\r\n"))


def _title(statement: str) -> str:
    code = (line for line in statement.splitlines() if line.strip() and not line.startswith("--"))
    return " ".join(next(code, statement).split())


@contextmanager
def session(hook: DbApiHook, conn_id: str, statement_timeout: timedelta, label: str) -> Iterator[Session]:
    """Open a connection in autocommit mode, and close it in the end.

    Args:
        hook: a Redshift or PostgreSQL hook.
        conn_id: the Airflow connection's id, for messages.
        statement_timeout: after which the server cancels a statement (AWS: statement_timeout, in milliseconds).
        label: what the session is for, in letters, digits, `_`, `-` and `.`; Redshift shows it as the query group of
            its statements (AWS: query_group).

    Yields:
        The session.

    Raises:
        AirflowFailException: the login is refused, or the database does not exist.
        AirflowException: the server cannot be reached; a retry may find it.
    """
    to = hook.get_connection(conn_id)
    with explained(conn_id, f"Connecting to {to.host}:{to.port}, database {to.schema!r}, as {to.login!r}"):
        connection = hook.get_conn()
    with closing(connection):
        connection.autocommit = True
        opened = Session(connection, pid=0, to=to)
        opened.pid = int(opened.run("select pg_backend_pid()")[0][0])
        opened.run(f"set statement_timeout to {int(statement_timeout / timedelta(milliseconds=1))}")
        opened.run(f"set query_group to '{label}'")
        yield opened


def cancel(hook: DbApiHook, pid: int) -> None:
    """End the server process that serves a session, and with it the statement that it runs.

    Args:
        hook: a hook of the same connection; another connection is opened by it.
        pid: the process (AWS: PG_TERMINATE_BACKEND).
    """
    with closing(hook.get_conn()) as connection:
        connection.autocommit = True
        Session(connection, pid=0).run("select pg_terminate_backend(%(pid)s)", {"pid": pid})


def unqualified(table: str) -> str:
    """A table's name without its schema and quotes."""
    return table.rsplit(".", 1)[-1].strip('"')
