"""One client's session: takes its messages in turn, has them translated, and answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.sandbox.redshift import asides, wire
from include.sandbox.redshift.backend import Backend
from include.sandbox.redshift.channel import Channel
from include.sandbox.redshift.errors import (
    FAILED_TRANSACTION,
    IN_A_TRANSACTION,
    BackendError,
    BackendGoneError,
    ProtocolError,
    RedshiftError,
    unsupported,
)
from include.sandbox.redshift.express import Express
from include.sandbox.redshift.extended import Extended
from include.sandbox.redshift.lateral import resolved
from include.sandbox.redshift.mishap import reported
from include.sandbox.redshift.sql.translate import Translator
from include.sandbox.redshift.threads import apart
from include.sandbox.redshift.transaction import Transaction
from include.sandbox.redshift.unload.command import UnloadCommand
from include.sandbox.redshift.unload.unload import unload
from include.sandbox.redshift.wire import Frame
from include.sandbox.redshift.words import in_redshift_words

if TYPE_CHECKING:
    from include.sandbox.redshift.answer import Answer
    from include.sandbox.redshift.copy.load import Loader
    from include.sandbox.redshift.plan import Plan

COPY_LEFTOVERS = {b"d", b"c", b"f"}


class Session:
    """A connected client; its isolation level is what the database's was when it began (AWS: r_ALTER_DATABASE).

    Args:
        client: the client's connection, authenticated.
        channel: its connection to PostgreSQL.
        loader: executes COPY, and knows where S3 is.
        identity: tells it from all other sessions, earlier ones too.
    """

    def __init__(self, client: Channel, channel: Channel, loader: Loader, identity: str) -> None:
        self.client = client
        self.id = identity
        self.backend = Backend(channel, client, self.relay)
        self.transaction = Transaction(self.backend)
        self.translator = Translator()
        self.cancelled = False
        self.key = b""
        self.pid = 0
        self.serializable = False
        self._loader = loader
        self._extended = Extended(self)
        self._express = Express(self)

    def relay(self, found: Frame) -> None:
        """Passes on what PostgreSQL says unasked, as Redshift words it."""
        if found.kind == b"S":
            name, value = asides.parameter(found)
            if name == asides.VERSION:
                self.translator.before_17 = self.transaction.before_17 = int(value[:2]) < 17
        self.client.send(asides.reworded(found))

    def cancel(self) -> None:
        """Ends the COPY that the stand-in executes; PostgreSQL is told by another connection."""
        self.cancelled = True
        self.client.bell.ring()

    async def run(self) -> None:
        """Serves the client until it leaves; what it left open is rolled back by PostgreSQL.

        Raises:
            ProtocolError: the client sent what is not of the protocol.
            ClientGoneError: the client closed its connection without a word.
            BackendGoneError: PostgreSQL closed its connection.
        """
        while (found := await self._next()).kind != b"X":
            self.cancelled = False
            if self._extended.skipping or found.kind not in b"QF":
                if found.kind not in COPY_LEFTOVERS:
                    await self._extended.take(found)
            elif found.kind == b"Q":
                await self._batch(found.body)
            else:
                self.report(unsupported("the function call protocol"))
                self.client.send(wire.ready(self.transaction.status))
            await self.client.drain()

    async def _next(self) -> Frame:
        """Waits for the client's next message, relaying what PostgreSQL says meanwhile (e.g. that it shuts down)."""
        while True:
            await self._express.finish()
            if (found := self.client.buffered()) is not None:
                return found
            while (said := self.backend.channel.buffered()) is not None:
                if said.kind == b"E":
                    raise BackendGoneError(self._words(BackendError(wire.fields_of(said.body))))
                self.relay(said)
            self.client.flush()
            self.backend.channel.check()
            self.backend.channel.listen()  # a long answer may have stopped it, and the short way waits for what comes
            self._express.open = not self._extended.skipping
            try:
                await self.client.more()
            finally:
                self._express.open = False

    async def _batch(self, body: bytes) -> None:
        """Runs a simple Query: its statements in order, in one transaction, up to the first error."""
        verb = ""
        try:
            (text,), rest = wire.strings(body, 1)
            if rest:
                raise ProtocolError("invalid message format")
            statements = await apart(self.translator.split, text, len(text))
            if not statements:
                self.client.send(wire.frame(b"I"))
            for statement in statements:
                plan = await apart(self.translator.translate, statement, len(text))
                plan = await resolved(plan, self)
                verb = plan.verb
                await self._statement(plan, alone=len(statements) == 1)
            await self.transaction.close()
        except (RedshiftError, BackendError) as error:
            await self.fail(error, verb)
            await self.transaction.close()
        self.client.send(wire.ready(self.transaction.status))

    async def finish(self, verb: str, answer: Answer) -> None:
        """Passes on what PostgreSQL answers to a lone plain statement that it has been sent."""
        self.cancelled = False
        try:
            self.client.send(await self.backend.relay(answer))
        except BackendError as error:
            await self.fail(error, verb)
        self.client.send(wire.ready(self.transaction.status))

    async def _statement(self, plan: Plan, *, alone: bool) -> None:
        if plan.controls_transaction and self.transaction.internal:
            if plan.begins_transaction:
                self.transaction.adopt()
                self.client.send(wire.command_complete("BEGIN"))
                return
            await self.transaction.close()
        await self.prepare(plan, alone=alone)
        if plan.load is not None:
            complete = wire.command_complete(await self.load(plan))
        else:
            complete = await self.backend.relay(self.backend.ask(plan.sql))
        await self.conclude(plan)
        self.client.send(wire.command_complete(plan.tag) if plan.tag else complete)

    async def pass_on(self, found: Frame) -> None:
        """Sends an answer to the client, a row together with those that have arrived with it."""
        self.client.send(found.encode())
        if found.kind == b"D":
            self.client.send(self.backend.channel.run_of(b"D"))
            await self.client.drain()

    async def prepare(self, plan: Plan, *, alone: bool = True) -> None:
        """Does what goes before a statement: the transaction it needs, its locks, its checks.

        Raises:
            RedshiftError: the transaction has failed before.
            BackendError: a lock or a check failed.
        """
        if self.transaction.failed and not plan.ends_transaction:
            raise RedshiftError(
                "current transaction is aborted, commands ignored until end of transaction block", FAILED_TRANSACTION
            )
        if plan.alone and (self.backend.status != "I" or not alone):
            raise RedshiftError(f"{plan.alone} cannot run inside a transaction block", IN_A_TRANSACTION)
        if plan.needs_transaction or not (alone or plan.controls_transaction):
            await self.transaction.open()
        await self.transaction.lock(plan.locks)
        for statement in plan.before:
            await self.backend.rows(statement)

    async def load(self, plan: Plan) -> str:
        """Executes COPY or UNLOAD; returns its command tag."""
        if plan.load is None:
            raise TypeError("neither COPY nor UNLOAD")
        with reported(plan.verb):
            if isinstance(plan.load, UnloadCommand):
                return await unload(plan.load, self, self._loader.config)
            return await self._loader.load(plan.load, self)

    async def conclude(self, plan: Plan) -> None:
        """Does what follows a statement: records about tables, the commit that TRUNCATE implies."""
        for statement in plan.after:
            await self.backend.rows(statement)
        if plan.commits and self.backend.status == "T":
            # What ReadyForQuery says after TRUNCATE in a block is not documented; we end the block (AWS: r_TRUNCATE).
            self.transaction.internal = True
            await self.transaction.close()

    async def fail(self, error: RedshiftError | BackendError, verb: str = "") -> None:
        """Reports an error and aborts the transaction, as any error does."""
        self.report(error, verb)
        await self.transaction.fail()

    def report(self, error: RedshiftError | BackendError, verb: str = "") -> None:
        """Sends an error to the client.

        Raises:
            BackendGoneError: it ends the connection, and is the last that the client hears.
        """
        fields = self._words(error, verb)
        if isinstance(error, BackendError) and error.fatal:
            raise BackendGoneError(fields)
        self.client.send(wire.report(b"E", fields))

    def _words(self, error: RedshiftError | BackendError, verb: str = "") -> dict[str, str]:
        if isinstance(error, RedshiftError):
            return error.fields()
        return in_redshift_words(error.fields, verb, self.pid if self.serializable else None)
