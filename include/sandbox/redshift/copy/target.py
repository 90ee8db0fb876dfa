"""The table that a COPY loads, as the client's own session sees it."""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.redshift.backend import Backend
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.convert import Column
from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.identifiers import literal


@dataclass(frozen=True)
class Target:
    """A COPY's target.

    Args:
        oid: the table's oid.
        columns: the columns that COPY fills, in order.
        user: name of the session's user.
        pid: process id of the session.
        timeout: its statement_timeout in seconds; 0 for none.
    """

    oid: int
    columns: list[Column]
    user: str
    pid: int
    timeout: float


async def find_target(command: CopyCommand, backend: Backend) -> Target:
    """Looks up the target.

    Raises:
        RedshiftError: there is no such table or column, or an IDENTITY column is in the list.
    """
    found = await backend.rows(f"SELECT * FROM pg_catalog.redshift_copy_target({literal(command.table)})")  # noqa: S608 - quoted
    if not found:
        raise RedshiftError(f"Cannot COPY into nonexistent table {command.name}")
    oid, user, pid = int(found[0][0] or 0), str(found[0][1]), int(found[0][2] or 0)
    known, identities = dict[str, Column](), set[str]()
    for _, _, _, name, kind, length, scale, not_null, identity, _ in found:
        known[str(name)] = Column(str(name), str(kind), int(length or 0), int(scale or 0), not_null == "t")
        if identity == "t":
            identities.add(str(name))
    chosen = command.columns or tuple(name for name in known if name not in identities)
    for name in chosen:
        if name not in known:
            raise RedshiftError(f'column "{name}" of relation "{command.name}" does not exist', "42703")
        if name in identities:
            raise RedshiftError(f'cannot load the IDENTITY column "{name}" without EXPLICIT_IDS', "0A000")
    if len(set(chosen)) < len(chosen):
        raise RedshiftError("a column is named twice in the column list", "42701")
    return Target(oid, [known[name] for name in chosen], user, pid, float(found[0][-1] or 0))
