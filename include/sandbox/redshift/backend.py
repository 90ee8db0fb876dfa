"""The stand-in's end of a client's connection to PostgreSQL, and the transaction on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from include.sandbox.redshift import wire
from include.sandbox.redshift.channel import Channel
from include.sandbox.redshift.errors import BackendError
from include.sandbox.redshift.wire import Frame

ASYNCHRONOUS = b"NSA"
# ParseComplete, BindComplete and NoData, which the simple protocol does not have.
PREPARED = b"12n"
ROWS = b"TD"
# Fewer bytes go out together with what follows them.
ROWS_AT_ONCE = 1 << 13


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
        """Ends an exchange of the extended protocol, and with it an implicit transaction."""
        self.send(wire.frame(b"S"))
        while (await self.next()).kind != b"Z":
            pass

    async def query(self, sql: str) -> AsyncIterator[Frame]:
        """Runs one statement and yields the messages that answer it.

        By the extended protocol, in which PostgreSQL itself refuses more than one statement.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        self.send(wire.single(sql))
        failure = None
        while (found := await self.next()).kind != b"Z":
            if found.kind == b"E":
                failure = BackendError(wire.fields_of(found.body))
                if failure.fatal:
                    break
            elif found.kind not in PREPARED:
                yield found
        if failure is not None:
            raise failure

    async def relay(self, sql: str) -> bytes:
        """Runs one statement like `query`, and passes its rows on to the client as they come.

        Returns:
            The message that ends the answer, CommandComplete or EmptyQueryResponse, encoded.

        Raises:
            BackendError: PostgreSQL reported an error; the connection is in step again.
        """
        self.send(wire.single(sql))
        last, failure = b"", None
        while True:
            self.channel.run_of(PREPARED)
            if rows := self.channel.run_of(ROWS):
                self._client.send(rows)
                if len(rows) > ROWS_AT_ONCE:
                    await self._client.drain()
            elif (found := self.channel.buffered()) is None:
                await self._wait()
            elif found.kind == b"Z":
                self.status = found.body.decode()
                break
            elif found.kind in ASYNCHRONOUS:
                self._relay(found)
            elif found.kind == b"E":
                failure = BackendError(wire.fields_of(found.body))
                if failure.fatal:
                    break
            else:
                last = found.encode()
        if failure is not None:
            raise failure
        return last

    async def rows(self, sql: str) -> list[list[str | None]]:
        """Runs a statement of the stand-in's own and returns its rows as text.

        Raises:
            BackendError: PostgreSQL reported an error.
        """
        return [wire.row_of(found.body) async for found in self.query(sql) if found.kind == b"D"]


class Transaction:
    """The transaction that a client's statements run in.

    Redshift locks the tables that a statement writes before it takes the snapshot, so that a waiting writer sees what
    it waited for (AWS: c_write_readwrite). PostgreSQL takes the snapshot with the first statement that reads: the
    tables are therefore locked by a statement of their own, and a lone statement gets a transaction of the stand-in's.

    Args:
        backend: the connection.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._locked: set[str] = set()
        self.internal = False

    @property
    def status(self) -> str:
        """What ReadyForQuery tells the client: I, T or E."""
        return "I" if self.internal else self._backend.status

    @property
    def failed(self) -> bool:
        """Whether only ROLLBACK is possible."""
        return self._backend.status == "E"

    async def open(self) -> None:
        """Begins a transaction of the stand-in's own unless the client's is open."""
        if self._backend.status == "I":
            await self._backend.rows("BEGIN")
            self._locked.clear()
            self.internal = True

    def adopt(self) -> None:
        """Makes the stand-in's transaction the client's: it has sent BEGIN inside a batch."""
        self.internal = False

    async def lock(self, tables: Iterable[str]) -> None:
        """Takes Redshift's write lock, which readers do not wait for, once per table and transaction."""
        if self._backend.status != "T":
            return
        for table in tables:
            if table not in self._locked:
                await self._backend.rows(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
                self._locked.add(table)

    async def close(self) -> None:
        """Ends the stand-in's transaction: commits it, or rolls it back after an error.

        Raises:
            BackendError: COMMIT failed.
        """
        if self.internal:
            self.internal = False
            if self._backend.status != "I":  # a COMMIT of the client's may have ended it
                await self._backend.rows("ROLLBACK" if self.failed else "COMMIT")
        if self._backend.status == "I":
            self._locked.clear()

    async def fail(self) -> None:
        """Aborts the transaction after an error that PostgreSQL knows nothing of."""
        if self._backend.status == "T":
            try:
                await self._backend.rows("abort this transaction")
            except BackendError:
                return
