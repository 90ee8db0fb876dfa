"""The TCP server: answers what opens a connection, runs sessions, passes on cancel requests."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from contextlib import suppress

from include.sandbox.redshift import wire
from include.sandbox.redshift.channel import Bell, Channel
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy.load import Loader
from include.sandbox.redshift.errors import (
    INTERNAL_ERROR,
    PROTOCOL_VIOLATION,
    SHUT_DOWN,
    TOO_MANY_CONNECTIONS,
    BackendGoneError,
    ClientGoneError,
    ProtocolError,
    RedshiftError,
    fatal,
)
from include.sandbox.redshift.lobby import Lobby
from include.sandbox.redshift.login import Login, connect
from include.sandbox.redshift.session import Session

logger = logging.getLogger(__name__)

WAITING = 1024  # connections that wait to be taken
LOGIN_SECONDS = 20.0  # a client answers at once; PostgreSQL gives up after 60 (authentication_timeout)
CANCEL_SECONDS = 5.0
CROWDED = fatal("too many connections have not signed in: this was the oldest of them", TOO_MANY_CONNECTIONS)


class Server:
    """The sandbox Redshift's listener.

    Args:
        config: where to listen and what lies behind.
    """

    def __init__(self, config: RedshiftConfig) -> None:
        self._config = config
        self._login = Login(config, Loader(config))
        self._lobby = Lobby()
        self._sessions: dict[bytes, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, on_ready: Callable[[int], None]) -> None:
        """Serves until cancelled; open sessions end with it.

        Args:
            on_ready: called with the TCP port once clients can connect.
        """
        loop = asyncio.get_running_loop()
        config = self._config
        listener = await loop.create_server(
            lambda: Channel(Bell(), made=self._begin), config.host, config.port, backlog=WAITING
        )
        try:
            on_ready(listener.sockets[0].getsockname()[1])
            await asyncio.Event().wait()
        finally:
            listener.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, client: Channel) -> None:
        task = asyncio.get_running_loop().create_task(self._accept(client))
        self._tasks.add(task)
        self._lobby.enter(client, task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, client: Channel) -> None:
        last: dict[str, str] = {}
        expelled = False
        try:
            try:
                session = await asyncio.wait_for(self._greet(client), LOGIN_SECONDS)
            finally:
                expelled = self._lobby.leave(client)
            if session is not None:
                await self._serve(session)
        except RedshiftError as error:
            last = error.fields()
        except BackendGoneError as error:
            last = error.fields
        except ProtocolError as error:
            last = fatal(str(error), PROTOCOL_VIOLATION).fields()
        except asyncio.TimeoutError:
            last = fatal("canceling authentication due to timeout", "57014").fields()
        except ConnectionError as error:
            logger.debug("connection ended: %s", error)
        except asyncio.CancelledError:
            last = (CROWDED if expelled else fatal("the sandbox is shutting down", SHUT_DOWN)).fields()
        except Exception as error:
            logger.exception("a session failed")
            last = fatal(f"the sandbox failed: {error!r}", INTERNAL_ERROR).fields()
        finally:
            if last:
                client.send(wire.report(b"E", last | {"S": "FATAL"}))
            await client.close()

    async def _greet(self, client: Channel) -> Session | None:
        """Answers what opens a connection: encryption is declined, a cancel request is passed on."""
        while True:
            body = await client.untyped()
            (code,) = struct.unpack_from("!I", body)
            if code in (wire.SSL_REQUEST, wire.GSSENC_REQUEST):
                client.send(b"N")
            elif code == wire.CANCEL_REQUEST:
                await self._cancel(body[4:])
                return None
            elif code >> 16 == 3:
                await self._lobby.turn(client)
                return await self._login.open(client, body[4:], minor=code & 0xFFFF)
            else:
                raise fatal(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}", "0A000")

    async def _serve(self, session: Session) -> None:
        self._sessions[session.key] = session
        try:
            await session.run()
        except ClientGoneError:
            await self._cancel(session.key)
            raise
        finally:
            del self._sessions[session.key]
            await session.backend.channel.close()

    async def _cancel(self, key: bytes) -> None:
        """Cancels what a session runs, in the stand-in (COPY) and in PostgreSQL."""
        if key in self._sessions:
            self._sessions[key].cancel()
        with suppress(RedshiftError, asyncio.TimeoutError):
            await asyncio.wait_for(self._signal(key), CANCEL_SECONDS)

    async def _signal(self, key: bytes) -> None:
        backend = await connect(self._config, Bell())
        try:
            backend.send(struct.pack("!II", 8 + len(key), wire.CANCEL_REQUEST) + key)
            with suppress(BackendGoneError):  # PostgreSQL closes the connection once it has sent the signal
                await backend.next()
        finally:
            await backend.close()
