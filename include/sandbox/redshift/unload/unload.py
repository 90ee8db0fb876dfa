"""UNLOAD, executed inside the client's session and transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy.authorization import s3_client
from include.sandbox.redshift.copy.patience import Patience
from include.sandbox.redshift.sql.identifiers import quote
from include.sandbox.redshift.unload.command import UnloadCommand
from include.sandbox.redshift.unload.files import Files
from include.sandbox.redshift.unload.result import fields_of, rows_of
from include.sandbox.redshift.unload.writer import Writer

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session

# By a cursor, so that what fails in S3 leaves no rows of PostgreSQL's unread. So many rows are in memory at once.
CURSOR = '"sandbox unload"'
FETCHED = 1000
NUMBER = '"sandbox row"'


async def unload(command: UnloadCommand, session: Session, config: RedshiftConfig) -> str:
    """Unloads the result of a query; the session's transaction is open.

    Args:
        command: what to unload.
        session: whose query it is.
        config: where S3 is.

    Returns:
        The command tag.

    Raises:
        RedshiftError: S3 refuses, or the result cannot be written so.
        BackendError: PostgreSQL refused the query.
    """
    limit = "extract(epoch FROM current_setting('statement_timeout')::interval)"
    ((user, seconds),) = await session.backend.rows(f"SELECT current_user, {limit}")
    with Patience(session, float(seconds or 0), listening=False) as patience:
        files = await patience.result(_files, command, config, str(user))
        rows = await _write(command, session, files, patience)
    await session.backend.rows(f"SELECT pg_catalog.redshift_remember_unload({rows})")
    session.client.send(wire.info(f"UNLOAD completed, {rows} record(s) unloaded successfully."))
    return "UNLOAD"


async def _write(command: UnloadCommand, session: Session, files: Files, patience: Patience) -> int:
    """Writes the files; returns the number of rows in them."""
    await session.backend.rows(f"DECLARE {CURSOR} NO SCROLL CURSOR FOR {_sorted(command)}")
    writer: Writer | None = None
    try:
        while True:
            described, bodies = await _fetch(session)
            if writer is None:
                fields = fields_of(described)
                writer = Writer(command, files, fields[:-1] if command.partition else fields)
            if not bodies:
                break
            await patience.result(writer.add, rows_of(bodies))
        await patience.result(writer.finish)
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise
    await session.backend.rows(f"CLOSE {CURSOR}")
    return writer.rows


def _files(command: UnloadCommand, config: RedshiftConfig, user: str) -> Files:
    """Reaches S3 and looks what is there; runs off the event loop."""
    files = Files(s3_client(config, command.authorization, command.region, user), command)
    files.prepare()
    return files


def _sorted(command: UnloadCommand) -> str:
    """Returns the query; with PARTITION BY, by partition, otherwise in its order, and the number of a row last."""
    if not command.partition:
        return command.query
    keys = ", ".join(map(quote, command.partition))
    numbered = f"SELECT q.*, row_number() OVER () AS {NUMBER} FROM ({command.query}) AS q"  # noqa: S608 - the client's
    return f"SELECT * FROM ({numbered}) AS n ORDER BY {keys}, {NUMBER}"  # noqa: S608 - quoted


async def _fetch(session: Session) -> tuple[bytes, list[bytes]]:
    """Returns what PostgreSQL's RowDescription and DataRow messages say of the next rows."""
    described, bodies = b"", list[bytes]()
    async for found in session.backend.query(f"FETCH {FETCHED} FROM {CURSOR}"):
        if found.kind == b"T":
            described = found.body
        elif found.kind == b"D":
            bodies.append(found.body)
    return described, bodies
