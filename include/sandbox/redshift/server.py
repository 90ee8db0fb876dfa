"""The TCP server: opens sessions, relays authentication to PostgreSQL, passes on cancel requests."""

from __future__ import annotations

import asyncio
import logging
import secrets
import struct
from collections.abc import Callable
from contextlib import suppress

from include.sandbox.redshift import wire
from include.sandbox.redshift.backend import ClientGoneError
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy.load import Loader
from include.sandbox.redshift.errors import RedshiftError, in_redshift_words, unsupported
from include.sandbox.redshift.session import Session
from include.sandbox.redshift.sql import settings
from include.sandbox.redshift.wire import Channel, Frame

logger = logging.getLogger(__name__)

# Sent by Amazon's drivers about themselves and to identity providers; PostgreSQL refuses a parameter it does not know.
DRIVER_PARAMETERS = {
    "client_protocol_version", "driver_version", "driver_discovery_version", "driver_token", "os_version",
    "plugin_name", "provider_name", "idp_type",
}  # fmt: skip
GONE = (ConnectionError, asyncio.IncompleteReadError, OSError)


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
        listener = await asyncio.start_server(self._accept, self._config.host, self._config.port)
        try:
            on_ready(listener.sockets[0].getsockname()[1])
            await asyncio.Event().wait()
        finally:
            listener.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        client = Channel(reader, writer)
        try:
            await self._greet(client)
        except RedshiftError as error:  # the connection ends with it
            client.send(wire.report(b"E", error.fields() | {"S": "FATAL"}))
        except GONE as error:
            logger.debug("connection ended: %s", error)
        except asyncio.CancelledError:
            client.send(
                wire.report(b"E", RedshiftError("the sandbox is shutting down", "57P01", severity="FATAL").fields())
            )
        except Exception as error:
            logger.exception("a session failed")
            failure = RedshiftError(f"the sandbox failed: {error!r}", severity="FATAL")
            client.send(wire.report(b"E", failure.fields()))
        finally:
            await client.close()

    async def _greet(self, client: Channel) -> None:
        """Answers what opens a connection: encryption is declined, a cancel request is passed on."""
        while True:
            body = await client.untyped()
            (code,) = struct.unpack_from("!I", body)
            if code in (wire.SSL_REQUEST, wire.GSSENC_REQUEST):
                client.send(b"N")
            elif code == wire.CANCEL_REQUEST:
                return await self._cancel(body[4:])
            elif code >> 16 == 3:
                return await self._open(client, _parameters(body[4:]), minor=code & 0xFFFF)
            else:
                raise _fatal(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}", "0A000")

    async def _open(self, client: Channel, given: dict[str, str], minor: int) -> None:
        if minor:
            # NegotiateProtocolVersion: we speak 3.0, as Redshift does.
            client.send(wire.frame(b"v", struct.pack("!II", 0, 0)))
        identity = secrets.token_hex(16)
        parameters = self._admit(given)
        # As a start-up option it survives RESET ALL, which drivers send between the users of a pooled connection.
        parameters["options"] = f"{parameters.get('options', '')} -c redshift.session={identity}".strip()
        backend = Channel(*await asyncio.open_connection(*self._config.backend_address))
        try:
            backend.send(wire.startup(parameters))
            await self._authenticate(client, backend, amazon="driver_version" in given)
            session = Session(client, backend, self._loader, identity)
            key = await self._settle(session, backend)
            self._sessions[key] = session
            try:
                await session.run()
            except ClientGoneError:
                await self._cancel(key)
                raise
            finally:
                del self._sessions[key]
        finally:
            await backend.close()

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
                backend.send((await client.next()).encode())

    async def _settle(self, session: Session, backend: Channel) -> bytes:
        """Relays the parameters up to the first ReadyForQuery; returns the key by which clients cancel."""
        key = b""
        while (found := await backend.next()).kind != b"Z":
            if found.kind == b"E":
                raise _refused(found)
            if found.kind == b"K":
                key = found.body
                (session.pid,) = struct.unpack_from("!I", key)
            if found.kind == b"S" and found.body == b"is_superuser\0on\0":
                raise _fatal("the sandbox's PostgreSQL superuser cannot connect here: use the Redshift user", "28000")
            session.relay(found)
        ((level,),) = await session.backend.rows("SHOW default_transaction_isolation")
        session.serializable = level == "serializable"
        session.client.send(found.encode())
        return key

    async def _cancel(self, key: bytes) -> None:
        """Cancels what a session runs, in the stand-in (COPY) and in PostgreSQL."""
        if key in self._sessions:
            self._sessions[key].cancelled.set()
        with suppress(*GONE):
            reader, writer = await asyncio.open_connection(*self._config.backend_address)
            writer.write(struct.pack("!II", 8 + len(key), wire.CANCEL_REQUEST) + key)
            await reader.read()  # PostgreSQL closes the connection once it has sent the signal
            writer.close()


def _parameters(body: bytes) -> dict[str, str]:
    values = [part.decode("utf-8", "surrogateescape") for part in body.rstrip(b"\0").split(b"\0")]
    return dict(zip(values[::2], values[1::2]))  # noqa: B905 - the last value may be empty


def _fatal(message: str, sqlstate: str) -> RedshiftError:
    return RedshiftError(message, sqlstate, severity="FATAL")


def _refused(found: Frame) -> RedshiftError:
    fields = in_redshift_words(wire.fields_of(found.body))
    return _fatal(fields.get("M", "connection refused"), fields.get("C", "08004"))
