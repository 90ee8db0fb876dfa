"""The TCP server: opens sessions, relays authentication to PostgreSQL, passes on cancel requests."""

from __future__ import annotations

import asyncio
import logging
import secrets
import struct
from collections.abc import Callable
from contextlib import suppress

from include.sandbox.redshift import wire
from include.sandbox.redshift.channel import Bell, Channel
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy.load import Loader
from include.sandbox.redshift.errors import (
    CANNOT_CONNECT_NOW,
    INTERNAL_ERROR,
    PROTOCOL_VIOLATION,
    SHUT_DOWN,
    BackendGoneError,
    ClientGoneError,
    ProtocolError,
    RedshiftError,
    in_redshift_words,
    unsupported,
)
from include.sandbox.redshift.incoming import LONGEST
from include.sandbox.redshift.session import Session
from include.sandbox.redshift.sql import settings
from include.sandbox.redshift.wire import Frame

logger = logging.getLogger(__name__)

# Sent by Amazon's drivers about themselves and to identity providers; PostgreSQL refuses a parameter it does not know.
DRIVER_PARAMETERS = {
    "client_protocol_version", "driver_version", "driver_discovery_version", "driver_token", "os_version",
    "plugin_name", "provider_name", "idp_type",
}  # fmt: skip
# A value has 1 GB at most in PostgreSQL, and a row a few of them.
LONGEST_ANSWER = (1 << 31) - 1
WAITING = 1024  # connections that wait to be taken
LOGIN_SECONDS = 60.0  # PostgreSQL: authentication_timeout
CANCEL_SECONDS = 5.0


class Server:
    """The sandbox Redshift's listener.

    Args:
        config: where to listen and what lies behind.
    """

    def __init__(self, config: RedshiftConfig) -> None:
        self._config = config
        self._loader = Loader(config)
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
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, client: Channel) -> None:
        last: dict[str, str] = {}
        try:
            session = await asyncio.wait_for(self._greet(client), LOGIN_SECONDS)
            if session is not None:
                await self._serve(session)
        except RedshiftError as error:
            last = error.fields()
        except BackendGoneError as error:
            last = error.fields
        except ProtocolError as error:
            last = _fatal(str(error), PROTOCOL_VIOLATION).fields()
        except asyncio.TimeoutError:
            last = _fatal("canceling authentication due to timeout", "57014").fields()
        except ConnectionError as error:
            logger.debug("connection ended: %s", error)
        except asyncio.CancelledError:
            last = _fatal("the sandbox is shutting down", SHUT_DOWN).fields()
        except Exception as error:
            logger.exception("a session failed")
            last = _fatal(f"the sandbox failed: {error!r}", INTERNAL_ERROR).fields()
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
                return await self._open(client, _parameters(body[4:]), minor=code & 0xFFFF)
            else:
                raise _fatal(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}", "0A000")

    async def _open(self, client: Channel, given: dict[str, str], minor: int) -> Session:
        """Logs the client in at PostgreSQL."""
        if minor:
            # NegotiateProtocolVersion: we speak 3.0, as Redshift does.
            client.send(wire.frame(b"v", struct.pack("!II", 0, 0)))
        identity = secrets.token_hex(16)
        parameters = self._admit(given)
        # As a start-up option it survives RESET ALL, which drivers send between the users of a pooled connection.
        driver = " -c redshift.driver=amazon" if "driver_version" in given else ""
        parameters["options"] = f"{parameters.get('options', '')} -c redshift.session={identity}{driver}".strip()
        backend = await self._connect(client.bell)
        try:
            backend.send(wire.startup(parameters))
            await self._authenticate(client, backend, amazon="driver_version" in given)
            client.longest = LONGEST
            session = Session(client, backend, self._loader, identity)
            await self._settle(session, backend)
        except BaseException:
            await backend.close()
            raise
        return session

    async def _connect(self, bell: Bell) -> Channel:
        def made() -> Channel:
            return Channel(bell, LONGEST_ANSWER, BackendGoneError)

        try:
            loop, (host, port) = asyncio.get_running_loop(), self._config.backend_address
            if host.startswith("/"):  # PostgreSQL: the folder of its Unix-domain sockets
                _, backend = await loop.create_unix_connection(made, f"{host}/.s.PGSQL.{port}")
            else:
                _, backend = await loop.create_connection(made, host, port)
        except OSError as error:
            raise _fatal(f"the sandbox's PostgreSQL cannot be reached: {error}", CANNOT_CONNECT_NOW) from error
        return backend

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

    def _admit(self, given: dict[str, str]) -> dict[str, str]:
        """Returns the start-up parameters for PostgreSQL.

        Raises:
            RedshiftError: the database does not exist, or Redshift does not know a parameter.
        """
        database = given.get("database", given.get("user", ""))
        if database != self._config.database:
            raise _fatal(f'database "{database}" does not exist', "3D000")
        if "replication" in given:
            raise unsupported("replication")
        admitted = {"user": given.get("user", ""), "database": database}
        for name, value in given.items():
            if name == "options":
                admitted[name] = settings.options(value)
            elif name not in DRIVER_PARAMETERS | {"user", "database"} and not name.startswith("_pq_."):
                admitted[settings.start_up(name, value)] = value
        return admitted

    async def _authenticate(self, client: Channel, backend: Channel, *, amazon: bool) -> None:
        """Relays the password exchange: PostgreSQL checks it, the stand-in never sees a password."""
        while True:
            asked = await backend.next()
            if asked.kind == b"E":
                raise _refused(asked)
            (code,) = struct.unpack_from("!I", asked.body)
            # Amazon's driver takes the empty name that ends the list of SASL mechanisms for a mechanism, and fails.
            body = asked.body[:-1] if amazon and code == 10 else asked.body
            client.send(wire.frame(asked.kind, body))
            if code == 0:
                return
            if code != 12:  # after AuthenticationSASLFinal the server goes on by itself
                if (answer := await client.next()).kind != b"p":
                    raise ProtocolError(f"expected password response, got message type {answer.kind!r}")
                backend.send(answer.encode())

    async def _settle(self, session: Session, backend: Channel) -> None:
        """Relays the parameters and the key by which clients cancel, up to the first ReadyForQuery."""
        while (found := await backend.next()).kind != b"Z":
            if found.kind == b"E":
                raise _refused(found)
            if found.kind == b"K":
                session.key = found.body
                (session.pid,) = struct.unpack_from("!I", found.body)
            if found.kind == b"S" and found.body == b"is_superuser\0on\0":
                raise _fatal("the sandbox's PostgreSQL superuser cannot connect here: use the Redshift user", "28000")
            session.relay(found)
        ((level,),) = await session.backend.rows("SHOW default_transaction_isolation")
        session.serializable = level == "serializable"
        session.client.send(found.encode())

    async def _cancel(self, key: bytes) -> None:
        """Cancels what a session runs, in the stand-in (COPY) and in PostgreSQL."""
        if key in self._sessions:
            self._sessions[key].cancel()
        with suppress(RedshiftError, asyncio.TimeoutError):
            await asyncio.wait_for(self._signal(key), CANCEL_SECONDS)

    async def _signal(self, key: bytes) -> None:
        backend = await self._connect(Bell())
        try:
            backend.send(struct.pack("!II", 8 + len(key), wire.CANCEL_REQUEST) + key)
            with suppress(BackendGoneError):  # PostgreSQL closes the connection once it has sent the signal
                await backend.next()
        finally:
            await backend.close()


def _parameters(body: bytes) -> dict[str, str]:
    """Returns the parameters of a StartupMessage: names and values, each ended by a zero byte, and one more."""
    parts = body.split(b"\0")
    if len(parts) % 2 or parts[-2:] != [b"", b""]:
        raise ProtocolError("invalid startup packet layout: expected terminator as last byte")
    values, _ = wire.strings(body, len(parts) - 2)
    return dict(zip(values[::2], values[1::2], strict=True))


def _fatal(message: str, sqlstate: str) -> RedshiftError:
    return RedshiftError(message, sqlstate, severity="FATAL")


def _refused(found: Frame) -> RedshiftError:
    fields = in_redshift_words(wire.fields_of(found.body))
    return _fatal(fields.get("M", "connection refused"), fields.get("C", "08004"))
