"""An analyst of the sandbox: a user who may read the star schema and nothing else."""

from __future__ import annotations

from redshift_connector.core import Connection

from include.sandbox.services import SCHEMA, connect, query
from include.sandbox.state import SandboxError, State

ANALYST = "sparkify_analyst"


def connect_as_analyst(state: State) -> Connection:
    """Connects to the sandbox Redshift as the analyst, who is made if missing and granted the reader role.

    Raises:
        SandboxError: nothing has been loaded yet, so there is no role to grant.
    """
    # Redshift asks for upper case, lower case and a digit (AWS: r_CREATE_USER), which a random text may lack.
    password = f"Aa1{state.secret('analyst')}"
    with connect(state) as owner:
        owner.autocommit = True
        if not query(owner, f"select role_name from svv_roles where role_name = '{SCHEMA}_reader'"):  # noqa: S608 - constants
            raise SandboxError(
                "Nothing has been loaded yet, so there is nothing to report: `make run` or `make backfill`."
            )
        there = query(owner, f"select usename from pg_user where usename = '{ANALYST}'")  # noqa: S608 - constants
        # A password cannot be bound here; the stand-in keeps it out of PostgreSQL's log.
        owner.cursor().execute(f"{'alter' if there else 'create'} user {ANALYST} password '{password}'")
        owner.cursor().execute(f"grant role {SCHEMA}_reader to {ANALYST}")
    return connect(state, ANALYST, password)
