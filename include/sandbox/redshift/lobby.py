"""Where connections wait that have not signed in: bounded, so that they take no place of those who sign in."""

from __future__ import annotations

import asyncio
import time

from include.sandbox.redshift.channel import Channel

# Sockets that have said nothing, or wait for their turn; each costs a file handle.
MOST_WAITING = 256
# Of those that sign in, each of which has a connection to PostgreSQL: it has 300 (`postgres.py`).
MOST_SIGNING_IN = 64
# So long whoever signs in keeps its place while others wait for it; a client answers in milliseconds.
PATIENCE = 3.0


class Lobby:
    """The connections of one listener that have not signed in; where there are too many, the oldest ends."""

    def __init__(self) -> None:
        self._tasks: dict[Channel, asyncio.Task[None]] = {}
        self._waiting: dict[Channel, None] = {}
        self._signing_in: dict[Channel, float] = {}  # and since when
        self._turns: list[asyncio.Future[None]] = []

    def enter(self, client: Channel, task: asyncio.Task[None]) -> None:
        """Takes a connection in; the task that serves it is cancelled where it has to make room."""
        if len(self._waiting) >= MOST_WAITING:
            self._expel(next(iter(self._waiting)))
        self._waiting[client], self._tasks[client] = None, task

    async def turn(self, client: Channel) -> None:
        """Waits until a client may sign in; the newest is the next."""
        while len(self._signing_in) >= MOST_SIGNING_IN:
            oldest, since = next(iter(self._signing_in.items()))
            left = since + PATIENCE - time.monotonic()
            if left <= 0:
                self._expel(oldest)
            else:
                await self._wait(left)
        self._waiting.pop(client, None)
        self._signing_in[client] = time.monotonic()

    def leave(self, client: Channel) -> bool:
        """Lets a connection go that has signed in or ended; returns whether it had to make room for others."""
        self._waiting.pop(client, None)
        if self._signing_in.pop(client, None) is not None and self._turns:
            self._turns.pop().set_result(None)
        return self._tasks.pop(client, None) is None

    def _expel(self, client: Channel) -> None:
        self._waiting.pop(client, None)
        self._signing_in.pop(client, None)
        self._tasks.pop(client).cancel()

    async def _wait(self, seconds: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        await asyncio.wait([turn], timeout=seconds)
        if turn in self._turns:
            self._turns.remove(turn)
