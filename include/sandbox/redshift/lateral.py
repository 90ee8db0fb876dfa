"""Asks PostgreSQL which names of a query are no columns, and puts in what they are aliases of (`sql/aliases.py`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.errors import BackendError
from include.sandbox.redshift.sql import aliases
from include.sandbox.redshift.sql.statement import split
from include.sandbox.redshift.threads import apart

if TYPE_CHECKING:
    from include.sandbox.redshift.backend import Backend
    from include.sandbox.redshift.plan import Plan
    from include.sandbox.redshift.session import Session
    from include.sandbox.redshift.sql.translate import Translator

UNDEFINED_COLUMN = "42703"


async def resolved(plan: Plan, session: Session) -> Plan:
    """Returns a plan whose aliases PostgreSQL understands; the same one in nearly all cases."""
    while plan.aliased:
        await session.transaction.lock(plan.locks)  # analysing takes the snapshot, which comes after the locks
        missing = await _missing_column(session.backend, plan.sql)
        expanded = partial(_expanded, session.translator, plan.aliased)
        changed = await apart(expanded, missing, len(plan.aliased)) if missing else None
        if changed is None:
            break
        plan = changed
    return plan


def _expanded(translator: Translator, text: str, name: str) -> Plan | None:
    (statement,) = split(text)
    changed = aliases.expand(statement, name)
    return None if changed is None else translator.translate(*translator.split(changed))


async def _missing_column(backend: Backend, sql: str) -> str | None:
    """Has PostgreSQL analyse a statement, which changes nothing, and returns the column that it did not find."""
    in_block = backend.status == "T"
    if backend.status == "E":
        return None
    if in_block:
        await backend.rows("SAVEPOINT redshift")
    backend.send(wire.parse("", sql, b"\0\0") + wire.frame(b"S"))
    error = None
    while (found := await backend.next()).kind != b"Z":
        if found.kind == b"E":
            error = BackendError(wire.fields_of(found.body))
            if error.fatal:
                raise error
    if in_block:
        await backend.rows("ROLLBACK TO redshift" if error else "RELEASE redshift")
    if error is None or error.fields.get("C") != UNDEFINED_COLUMN:
        return None
    return error.fields.get("M", "").partition('"')[2].rpartition('"')[0]
