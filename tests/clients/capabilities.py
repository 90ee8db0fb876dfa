"""What each client can do with Redshift; `make test-clients` shows a gap where none of a client's tests shows it."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = (
    "connect", "DDL", "insert", "types", "transactions", "COPY", "UNLOAD", "upsert", "replace", "introspection",
    "errors", "cancel", "checks", "snapshot",
)  # fmt: skip
DRIVER = "connect DDL insert types transactions COPY UNLOAD upsert introspection errors"


@dataclass(frozen=True)
class Client:
    """A client of Redshift, driven by tests/clients/test_NAME.py.

    Args:
        can: its capabilities, of COLUMNS.
        environment: name of its pins in tests/clients/requirements; empty if it is installed next to Airflow.
    """

    can: frozenset[str]
    environment: str = ""


def _client(can: str, environment: str = "") -> Client:
    return Client(frozenset(can.split()), environment)


# One row a module of tests, in the order of the matrix.
CLIENTS = {
    "psycopg2": _client(f"{DRIVER} cancel"),
    "psycopg3": _client(f"{DRIVER} cancel"),
    "asyncpg": _client("connect DDL insert types transactions COPY UNLOAD upsert introspection errors cancel"),
    "redshift_connector": _client(f"{DRIVER} replace"),
    "psql": _client(f"{DRIVER} cancel"),
    "airflow": _client("connect DDL insert transactions COPY UNLOAD upsert replace introspection errors checks"),
    "sqlalchemy": _client("connect DDL insert types transactions COPY UNLOAD introspection errors", "sqlalchemy"),
    "dbt": _client("connect DDL insert upsert replace introspection errors checks snapshot", "dbt"),
    "awswrangler": _client("connect DDL insert types COPY UNLOAD upsert replace introspection", "awswrangler"),
    "dlt": _client("connect DDL insert types COPY upsert replace introspection", "dlt"),
}
