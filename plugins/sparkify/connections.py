"""An Airflow connection as it is meant, however it is written: JSON, URI, form, environment, secrets backend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowRuntimeError,
    ErrorType,
)

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

BOOLEANS = {"true": True, "false": False}
# What the PostgreSQL hook reads itself; all else goes to libpq, which takes text (provider: PostgresHook.get_conn).
OF_POSTGRES: Mapping[str, type] = {"iam": bool, "redshift": bool, "is_serverless": bool}


def read_right(hook: DbApiHook, conn_id: str) -> DbApiHook:
    """Have a hook read its connection once, with every value of its extra in the type that is meant.

    A URI gives text, and a text is true to the hook: with ``iam=false`` it would ask IAM for a password.

    Args:
        hook: a Redshift or PostgreSQL hook.
        conn_id: its connection.

    Returns:
        The hook.

    Raises:
        AirflowFailException: a value that cannot be what it has to be, by its name.
    """
    connection = typed(hook.get_connection(conn_id))
    hook.get_connection = lambda _conn_id: connection
    return hook


def typed(connection: Connection) -> Connection:
    """Give the extra's flags and numbers their types.

    Args:
        connection: as Airflow found it; it is changed.

    Raises:
        AirflowFailException: see :func:`read_right`.
    """
    extra = connection.extra_dejson
    types = _of_redshift() if connection.conn_type == "redshift" else OF_POSTGRES
    read = {name: _value(connection.conn_id, name, value, types.get(name)) for name, value in extra.items()}
    if read != extra or any(type(read[name]) is not type(extra[name]) for name in extra):
        connection.extra = json.dumps(read)
    return connection


@contextmanager
def required() -> Iterator[None]:
    """Say how to set a Variable or connection that is missing; none appears by waiting.

    Raises:
        AirflowFailException: one is missing. Airflow says the same if its own API server has not answered.
    """
    advice = "then clear this task with everything downstream of it. A retry would not find it."
    try:
        yield
    except AirflowNotFoundException as error:
        raise AirflowFailException(
            f"A connection is missing, or cannot be read: {error}. Set it in the UI below Admin, Connections, or by "
            f"`airflow connections add --help`; a port is a number, and in a URI every special character of user and "
            f"password is written as %XX; {advice}"
        ) from error
    except AirflowRuntimeError as error:
        if error.error.error != ErrorType.VARIABLE_NOT_FOUND:
            raise
        raise AirflowFailException(
            f"A Variable is missing: {(error.error.detail or {}).get('message', error)}. Set it in the UI below "
            f"Admin, Variables, or by `airflow variables set --help`; {advice}"
        ) from error


def _value(conn_id: str, name: str, value: Any, wanted: type | None) -> Any:
    if wanted not in (bool, int) or not isinstance(value, str):
        return value
    text = value.strip().lower()
    if wanted is bool and text in BOOLEANS:
        return BOOLEANS[text]
    if wanted is int and text.isascii() and text.isdecimal():
        return int(text)
    right = "true or false" if wanted is bool else "a whole number"
    raise AirflowFailException(
        f"Connection {conn_id!r}: {name} in its extra is {value!r}; write {right}, in JSON without quotes."
    )


@cache
def _of_redshift() -> Mapping[str, type]:
    """The types that redshift_connector asks for, by the names of its parameters."""
    import redshift_connector

    hints = get_type_hints(redshift_connector.connect)
    return {name: (get_args(hint) or (hint,))[0] for name, hint in hints.items() if name != "return"}
