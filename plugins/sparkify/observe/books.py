"""What the warehouse knows: its books are asked by the queries in `include/sql/observe`."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from tenacity import stop_after_attempt

from sparkify import templates, warehouse
from sparkify.connections import typed
from sparkify.errors import message, sqlstate
from sparkify.macros import identifier
from sparkify.observe import WAREHOUSE_CONNECTION
from sparkify.observe.attention import Attention, UnavailableError
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

CONNECT_SECONDS = 5  # a person waits
DEFAULT_PORTS = {"redshift": 5439, "postgres": 5432}
STATEMENT_TIMEOUT = timedelta(seconds=30)
# No such table or schema (PostgreSQL: appendix A): nothing was ever loaded.
NOTHING_YET = ("42P01", "3F000")


@dataclass(frozen=True)
class Books:
    """The open books.

    Args:
        session: in which they are read.
    """

    session: Session

    def ask(self, name: str, **values: object) -> list[dict[str, Any]]:
        """Run one query of `include/sql/observe`.

        Args:
            name: its file, without the ending.
            values: what it binds.

        Returns:
            Its rows, as values by column; times are in UTC. None before the first run has made the tables.

        Raises:
            UnavailableError: the warehouse refuses the query or does not answer.
        """
        try:
            rows = self.session.records(rendered(f"observe/{name}.sql"), values)
        except Exception as error:
            if sqlstate(error) in NOTHING_YET:
                return []
            raise UnavailableError(
                Attention(
                    "The warehouse refused a query",
                    f"observe/{name}.sql failed on connection {WAREHOUSE_CONNECTION!r}: {message(error)}.",
                    "See that the connection's user may read the schema; after an upgrade the next run, or its task "
                    "prepare cleared, brings the tables up to date.",
                )
            ) from error
        return [{column: utc(value) for column, value in row.items()} for row in rows]


@contextmanager
def opened() -> Iterator[Books]:
    """Open the warehouse's books, and close them in the end.

    Raises:
        UnavailableError: the warehouse does not answer within seconds, or lets nobody in.
    """
    with ExitStack() as stack:
        try:
            open_session = warehouse.session(_hook(), WAREHOUSE_CONNECTION, STATEMENT_TIMEOUT, "sparkify.observe")
            session = stack.enter_context(open_session)
        except Exception as error:
            raise UnavailableError(
                Attention(
                    "The warehouse does not answer",
                    f"Connection {WAREHOUSE_CONNECTION!r}: {message(error.__cause__ or error)}.",
                    "See that the warehouse runs and is not paused, that its network lets this host in, and that the "
                    "connection's host, user and password are right. Nothing is lost: runs try again.",
                )
            ) from error
        yield Books(session)


def rendered(name: str, **names: object) -> str:
    """The SQL of a template outside of any run.

    Args:
        name: below `include/sql`.
        names: what it names beside the macros.
    """
    return templates.rendered(name, schema, **names)


def schema() -> str:
    """The schema of the published tables, as the macro of that name tells it to runs."""
    from airflow.sdk import Variable

    return identifier(str(Variable.get("sparkify_schema", "sparkify")))


def utc(value: Any) -> Any:
    """A moment of the warehouse, which keeps all in UTC and does not say so; any other value as it is."""
    return value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value


def _hook() -> DbApiHook:
    """The connection's hook, which gives up after seconds: by itself Redshift's tries five times, without an end."""
    from airflow.sdk import BaseHook

    connection = typed(BaseHook.get_connection(WAREHOUSE_CONNECTION))
    limits = {"redshift": {"timeout": STATEMENT_TIMEOUT.seconds}, "postgres": {"connect_timeout": CONNECT_SECONDS}}
    connection.extra = json.dumps({**limits.get(str(connection.conn_type), {}), **connection.extra_dejson})
    if connection.host:
        # A host that drops what it is sent, as that of a paused cluster may, would be waited for like a statement.
        default = DEFAULT_PORTS.get(str(connection.conn_type), 0)
        socket.create_connection((connection.host, connection.port or default), CONNECT_SECONDS).close()
    hook: Any = connection.get_hook()  # type: ignore[no-untyped-call]  # the SDK does not annotate it
    hook.get_connection = lambda _conn_id: connection
    connect: Callable[..., Any] = type(hook).get_conn
    if hasattr(connect, "retry_with"):
        hook.get_conn = partial(connect.retry_with(stop=stop_after_attempt(1)), hook)
    found: DbApiHook = hook
    return found
