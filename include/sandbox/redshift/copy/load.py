"""COPY, executed inside the client's session and transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy import postgres_rows
from include.sandbox.redshift.copy.authorization import s3_client
from include.sandbox.redshift.copy.command import CopyCommand
from include.sandbox.redshift.copy.formats import Producer, producer
from include.sandbox.redshift.copy.jsonpaths import paths_of
from include.sandbox.redshift.copy.log import LoadLog, LoadRecord
from include.sandbox.redshift.copy.manifest import Source
from include.sandbox.redshift.copy.patience import AnsweredError, Patience
from include.sandbox.redshift.copy.rows import LimitReachedError
from include.sandbox.redshift.copy.sources import Bucket
from include.sandbox.redshift.copy.target import Target, find_target
from include.sandbox.redshift.errors import BackendError, RedshiftError
from include.sandbox.redshift.sql.identifiers import literal
from include.sandbox.redshift.threads import aside

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session

# Batches in memory: PostgreSQL takes one while the next ones are made.
AHEAD = 3


class Loader:
    """Executes COPY commands for all sessions.

    Args:
        config: where S3 and the log are.
    """

    def __init__(self, config: RedshiftConfig) -> None:
        self.config = config
        self._log = LoadLog(config)

    async def load(self, command: CopyCommand, session: Session) -> str:
        """Loads; the session's transaction is open and the target locked.

        Args:
            command: what to load.
            session: whose transaction the rows go into.

        Returns:
            The command tag.

        Raises:
            RedshiftError: nothing was loaded; the load views say what was wrong.
            BackendError: PostgreSQL refused the rows.
        """
        target = await find_target(command, session.backend)
        with Patience(session, target.timeout) as patience:
            return await self._load(command, session, target, patience)

    async def _load(self, command: CopyCommand, session: Session, target: Target, patience: Patience) -> str:
        try:
            bucket, sources, rows = await patience.result(self._prepare, command, target)
        except AnsweredError:  # to no question of ours: it ends the connection
            raise BackendError(wire.fields_of((await session.backend.next()).body)) from None
        query = await aside(self._log.next_query)
        record = LoadRecord(query, session.id, target.pid, target.user, target.oid, command.name, command.source,
                            format=command.format)  # fmt: skip
        try:
            await self._copy(command, session, target, rows.batches(bucket, sources), patience)
        except LimitReachedError:
            message = f"Load into table '{command.name}' failed.  Check 'stl_load_errors' system table for details."
            await self._finish(record, rows, message)
            raise RedshiftError(message) from None
        except (RedshiftError, BackendError) as error:
            await self._finish(record, rows, str(error))
            raise
        await self._remember(session, await self._finish(record, rows))
        self._tell(session, command, rows)
        return "COPY"

    def _prepare(self, command: CopyCommand, target: Target) -> tuple[Bucket, list[Source], Producer]:
        """Reaches S3, reads the jsonpaths file and the manifest; runs off the event loop."""
        bucket = Bucket(s3_client(self.config, command.authorization, command.region, target.user))
        paths = None
        if command.jsonpaths.startswith("s3://"):
            paths = paths_of(bucket.text(command.jsonpaths, "JSONPaths"), command.jsonpaths)
        if paths is not None and len(paths) != len(target.columns):
            raise RedshiftError(
                "Number of jsonpaths and the number of columns should match. "
                f"JSONPath size: {len(paths)}, Number of columns in table or column list: {len(target.columns)}"
            )
        sources = bucket.sources(command.source, manifest=command.manifest)
        return bucket, sources, producer(command, target.columns, paths)

    async def _copy(
        self, command: CopyCommand, session: Session, target: Target, batches: Iterator[bytes], patience: Patience
    ) -> None:
        """Sends the rows by PostgreSQL's COPY; parsing runs off the event loop, some batches ahead."""
        backend = session.backend
        backend.send(wire.query(postgres_rows.statement(command.table, target.columns)))
        answer = await backend.next()
        if answer.kind == b"G":
            try:
                await self._send(session, batches, patience, discard=command.noload)
                backend.send(wire.frame(b"c"))
            except BaseException:
                backend.send(wire.frame(b"f", wire.text("the load failed")))
                await _settled(session)
                raise
            answer = await backend.next()
        failure = wire.fields_of(answer.body) if answer.kind == b"E" else None
        await _settled(session)
        if failure is not None:
            raise BackendError(failure)

    async def _send(self, session: Session, batches: Iterator[bytes], patience: Patience, *, discard: bool) -> None:
        with suppress(AnsweredError):  # PostgreSQL has refused the rows, or was told to cancel
            async with aclosing(patience.each(batches, AHEAD)) as ready:
                async for batch in ready:
                    if not discard:
                        session.backend.send(wire.head(b"d", len(batch)))
                        session.backend.send(batch)
                        await session.backend.channel.drain()

    async def _finish(self, record: LoadRecord, rows: Producer, failure: str | None = None) -> str:
        """Keeps the record of a load; returns it."""
        status, count = ("aborted", 0) if failure else ("completed", rows.rows)
        record.finish(status, count, failure)
        finished = record.json(rows.files, rows.errors)
        await aside(self._log.write, finished)
        return finished

    async def _remember(self, session: Session, record: str) -> None:
        """Shows the load to the client's own transaction, whose snapshot is older than the log's rows."""
        if session.transaction.status == "T":
            await session.backend.rows(f"SELECT pg_catalog.redshift_remember_load({literal(record)})")

    def _tell(self, session: Session, command: CopyCommand, rows: Producer) -> None:
        table = command.name
        loaded = f"Load into table '{table}' completed, {rows.rows} record(s) loaded successfully."
        session.client.send(wire.info(loaded))
        if rows.errors:
            session.client.send(wire.info(
                f"Load into table '{table}' completed, {len(rows.errors)} record(s) could not be loaded.  "
                "Check 'stl_load_errors' system table for details."
            ))  # fmt: skip


async def _settled(session: Session) -> None:
    """Waits until PostgreSQL has left the COPY."""
    while (await session.backend.next()).kind != b"Z":
        pass
