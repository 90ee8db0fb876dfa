"""The stand-in's end of a client's connection to PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from include.sandbox.redshift import wire
from include.sandbox.redshift.answer import ASYNCHRONOUS, PREPARED, Answer
from include.sandbox.redshift.channel import Channel
from include.sandbox.redshift.errors import BackendError
from include.sandbox.redshift.wire import Frame


class Backend:
    """A connection to PostgreSQL on which one message is answered before the next is sent.

    Args:
        channel: the connection, past its start-up.
        client: the client's connection, watched so that a statement ends when its client is gone.
        relay: takes notices and parameter changes, which come at any time.
    """

    def __init__(self, channel: Channel, client: Channel, relay: Callable[[Frame], None]) -> None:
        self.channel = channel
        self.status = "I"
        self._client = client
        self._relay = relay

    async def next(self) -> Frame:
        """Waits for the next message that answers something.

        Raises:
            ClientGoneError: the client closed its connection meanwhile.
            BackendGoneError: PostgreSQL closed the connection.
        """
        while True:
            while (found := self.channel.buffered()) is None:
                await self._wait()
            if found.kind == b"Z":
                self.status = found.body.decode()
            if found.kind in ASYNCHRONOUS:
                self._relay(found)
            else:
                return found

    async def _wait(self) -> None:
        """Waits for PostgreSQL while the client is there; what it has been told goes out first."""
        self._client.flush()
        self.channel.flush()
        self._client.check()
        await self.channel.more()

    def has_answer(self) -> bool:
        """Tells, without waiting, whether an answer has arrived; what is none is relayed.

        Raises:
            ClientGoneError: the client closed its connection meanwhile.
            BackendGoneError: PostgreSQL closed the connection.
        """
        self._client.check()
        while (kind := self.channel.arrived()) and kind in ASYNCHRONOUS:
            if (said := self.channel.buffered()) is not None:
                self._relay(said)
        if not kind:
            self.channel.check()
        return bool(kind)

    def send(self, data: bytes) -> None:
        """Queues bytes for PostgreSQL."""
        self.channel.send(data)

    async def answers(self, last: bytes) -> AsyncIterator[Frame]:
        """Yields what answers a message of the extended protocol.

        Args:
            last: the message types any of which ends the answer.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        while True:
            found = await self.next()
            if found.kind == b"E":
                failure = BackendError(wire.fields_of(found.body))
                if not failure.fatal:
                    await self.sync()
                raise failure
            yield found
            if found.kind in last:
                return

    async def sync(self) -> None:
        """Ends an exchange of the extended protocol, and with it an implicit transaction.

        Raises:
            BackendError: that transaction could not be committed; the connection is in step again.
        """
        self.send(wire.frame(b"S"))
        async for _ in self._until_ready():
            pass

    async def query(self, sql: str) -> AsyncIterator[Frame]:
        """Runs one statement and yields the messages that answer it.

        By the extended protocol, in which PostgreSQL itself refuses more than one statement.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        self.send(wire.single(sql))
        async for found in self._until_ready():
            if found.kind not in PREPARED:
                yield found

    async def _until_ready(self) -> AsyncIterator[Frame]:
        """Yields what comes before ReadyForQuery; an error that is among it is raised at the end.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        failure = None
        while (found := await self.next()).kind != b"Z":
            if found.kind == b"E":
                failure = BackendError(wire.fields_of(found.body))
                if failure.fatal:
                    break
            else:
                yield found
        if failure is not None:
            raise failure

    def ask(self, sql: str) -> Answer:
        """Queues one statement, to be run like that of `query`; returns its answer, of which nothing has arrived."""
        self.send(wire.single(sql))
        return self.answer()

    def answer(self) -> Answer:
        """Returns the answer to the statement that was sent last, of which nothing has been taken."""
        return Answer(self, self._client, self._relay)

    async def relay(self, answer: Answer) -> bytes:
        """Passes an answer on to the client as it comes.

        Returns:
            The message that ends it, CommandComplete or EmptyQueryResponse, encoded.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        while not answer.take():
            if answer.crowded:
                await self._client.drain()  # what arrives meanwhile rings for nobody: it is looked for before waiting
            else:
                await self._wait()
        if answer.failure is not None:
            raise answer.failure
        return answer.last

    async def rows(self, sql: str) -> list[list[str | None]]:
        """Runs a statement of the stand-in's own and returns its rows as text.

        Raises:
            BackendError: PostgreSQL reported an error.
        """
        return [wire.row_of(found.body) async for found in self.query(sql) if found.kind == b"D"]
