"""The two connections of a session: whole messages in, bytes out, and one bell that both of them ring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from include.sandbox.redshift.errors import ClientGoneError, ProtocolError
from include.sandbox.redshift.incoming import Incoming
from include.sandbox.redshift.wire import Frame

# More than this is not read ahead: the peer waits, as with a socket that nobody reads.
AHEAD = 1 << 20
# What opens a connection is short, and comes from anybody (PostgreSQL: MAX_STARTUP_PACKET_LENGTH).
LONGEST_AT_START = 10_000
CLOSING_SECONDS = 5.0


class Bell:
    """Wakes the one task that waits for whatever happens next in a session."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wakes the task if it waits."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def heard(self, seconds: float | None = None) -> None:
        """Waits for a ring, or for some seconds; look before it for what has happened already."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self.ring)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()


class Channel(Incoming, asyncio.Protocol):
    """One side of the relay.

    Args:
        bell: rung when something has arrived, or when the peer is gone.
        longest: size of the longest message that is taken.
        lost: what is raised when the peer is gone.
        made: called with the channel once it is connected.
    """

    def __init__(
        self,
        bell: Bell,
        longest: int = LONGEST_AT_START,
        lost: type[ConnectionError] = ClientGoneError,
        made: Callable[[Channel], None] | None = None,
    ) -> None:
        super().__init__(longest)
        self.bell = bell
        self.gone = False
        self.arrival: Callable[[], bool] | None = None
        self._made, self._lost_error = made, lost
        self._out: list[bytes] = []
        self._transport: asyncio.Transport
        self._reading = True
        self._writable, self._lost = asyncio.Event(), asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(AHEAD)
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._buffer += data
        if len(self._buffer) > AHEAD:
            self._transport.pause_reading()
            self._reading = False
        if self.arrival is None or not self.arrival():
            self.bell.ring()

    def eof_received(self) -> None:
        """Called by the event loop; it then closes the connection."""
        self._leave()

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by the event loop."""
        self._lost.set()
        self._leave()

    def pause_writing(self) -> None:
        """Called by the event loop."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Called by the event loop."""
        self._writable.set()

    def _leave(self) -> None:
        self.gone = True
        self._writable.set()
        self.bell.ring()

    def listen(self) -> None:
        """Reads on, if too much had been read ahead."""
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()

    async def more(self) -> None:
        """Waits until more has arrived here, or anything else has rung the bell.

        Raises:
            ConnectionError: the peer is gone.
        """
        self.check()
        self.listen()
        await self.bell.heard()

    async def next(self) -> Frame:
        """Waits for the next message.

        Raises:
            ProtocolError: what arrives is none.
            ConnectionError: the peer closed the connection.
        """
        while (taken := self.buffered()) is None:
            self.flush()
            await self.more()
        return taken

    async def untyped(self) -> bytes:
        """Waits for a message without a type byte, as those that open a connection are; returns its body."""
        while len(self._buffer) < 4 or len(self._buffer) < int.from_bytes(self._buffer[:4], "big"):
            if len(self._buffer) >= 4:
                self._check_start()
            self.flush()
            await self.more()
        length = self._check_start()
        body = bytes(self._buffer[4:length])
        del self._buffer[:length]
        return body

    def _check_start(self) -> int:
        length = int.from_bytes(self._buffer[:4], "big")
        if not 8 <= length <= LONGEST_AT_START:
            raise ProtocolError("invalid length of startup packet")
        return length

    def send(self, data: bytes) -> None:
        """Queues bytes for the peer; they go out with `flush` or `drain`, which whoever waits calls before."""
        self._out.append(data)

    def flush(self) -> None:
        """Hands what is queued to the network, unless the peer is gone."""
        if self._out:
            if not self._transport.is_closing():
                self._transport.writelines(self._out)
            self._out.clear()

    async def drain(self) -> None:
        """Flushes, and waits until the peer has taken enough of it.

        Raises:
            ConnectionError: the peer is gone.
        """
        self.flush()
        if not self._writable.is_set():
            await self._writable.wait()
        self.check()

    def check(self) -> None:
        """Raises what was given for it if the peer is gone."""
        if self.gone:
            raise self._lost_error

    async def close(self) -> None:
        """Closes the connection after what is queued has gone out, if the peer takes it."""
        self.flush()
        self._transport.close()
        try:
            await asyncio.wait_for(self._lost.wait(), CLOSING_SECONDS)
        except asyncio.TimeoutError:
            self._transport.abort()
