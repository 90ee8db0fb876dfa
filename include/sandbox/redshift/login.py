"""Logging in: what a client may ask for at the start, and the password, which PostgreSQL checks."""

from __future__ import annotations

import asyncio
import secrets
import struct

from include.sandbox.redshift import wire
from include.sandbox.redshift.channel import Bell, Channel
from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.copy.load import Loader
from include.sandbox.redshift.errors import (
    CANNOT_CONNECT_NOW,
    BackendGoneError,
    ProtocolError,
    RedshiftError,
    fatal,
    unsupported,
)
from include.sandbox.redshift.incoming import LONGEST
from include.sandbox.redshift.session import Session
from include.sandbox.redshift.sql import settings
from include.sandbox.redshift.wire import Frame
from include.sandbox.redshift.words import in_redshift_words

# Sent by Amazon's drivers about themselves and to identity providers; PostgreSQL refuses a parameter it does not know.
DRIVER_PARAMETERS = {
    "client_protocol_version", "driver_version", "driver_discovery_version", "driver_token", "os_version",
    "plugin_name", "provider_name", "idp_type",
}  # fmt: skip
# A value has 1 GB at most in PostgreSQL, and a row a few of them.
LONGEST_ANSWER = (1 << 31) - 1


class Login:
    """Opens sessions.

    Args:
        config: where PostgreSQL is, and the database that exists.
        loader: executes COPY in the sessions.
    """

    def __init__(self, config: RedshiftConfig, loader: Loader) -> None:
        self._config = config
        self._loader = loader

    async def open(self, client: Channel, startup: bytes, minor: int) -> Session:
        """Logs a client in at PostgreSQL.

        Args:
            client: its connection.
            startup: the parameters in its StartupMessage.
            minor: of the protocol's version 3 that it speaks.

        Returns:
            Its session, ready for the first query.

        Raises:
            RedshiftError: the database or a parameter does not exist, or PostgreSQL refuses the user or is gone.
            ProtocolError: the client sent what is not of the protocol.
        """
        given = _parameters(startup)
        if minor:
            # NegotiateProtocolVersion: we speak 3.0, as Redshift does.
            client.send(wire.frame(b"v", struct.pack("!II", 0, 0)))
        identity = secrets.token_hex(16)
        parameters = self._admit(given)
        # As a start-up option it survives RESET ALL, which drivers send between the users of a pooled connection.
        driver = " -c redshift.driver=amazon" if "driver_version" in given else ""
        parameters["options"] = f"{parameters.get('options', '')} -c redshift.session={identity}{driver}".strip()
        backend = await connect(self._config, client.bell)
        try:
            backend.send(wire.startup(parameters))
            await self._authenticate(client, backend, amazon="driver_version" in given)
            client.longest = LONGEST
            session = Session(client, backend, self._loader, identity)
            await self._settle(session, backend)
        except BaseException as error:
            await backend.close()
            if isinstance(error, BackendGoneError):
                raise _unreachable("it closed the connection") from error
            raise
        return session

    def _admit(self, given: dict[str, str]) -> dict[str, str]:
        """Returns the start-up parameters for PostgreSQL.

        Raises:
            RedshiftError: the database does not exist, or Redshift does not know a parameter.
        """
        database = given.get("database", given.get("user", ""))
        if database != self._config.database:
            raise fatal(f'database "{database}" does not exist', "3D000")
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
                raise fatal("the sandbox's PostgreSQL superuser cannot connect here: use the Redshift user", "28000")
            session.relay(found)
        ((level,),) = await session.backend.rows("SHOW default_transaction_isolation")
        session.serializable = level == "serializable"
        session.client.send(found.encode())


async def connect(config: RedshiftConfig, bell: Bell) -> Channel:
    """Returns a new connection to PostgreSQL, whose arrivals ring the bell.

    Raises:
        RedshiftError: it cannot be reached.
    """

    def made() -> Channel:
        return Channel(bell, LONGEST_ANSWER, BackendGoneError)

    try:
        loop, (host, port) = asyncio.get_running_loop(), config.backend_address
        if host.startswith("/"):  # PostgreSQL: the folder of its Unix-domain sockets
            _, backend = await loop.create_unix_connection(made, f"{host}/.s.PGSQL.{port}")
        else:
            _, backend = await loop.create_connection(made, host, port)
    except OSError as error:
        raise _unreachable(error) from error
    return backend


def _unreachable(why: object) -> RedshiftError:
    return fatal(f"the sandbox's PostgreSQL cannot be reached: {why}", CANNOT_CONNECT_NOW)


def _parameters(body: bytes) -> dict[str, str]:
    """Returns the parameters of a StartupMessage: names and values, each ended by a zero byte, and one more."""
    parts = body.split(b"\0")
    if len(parts) % 2 or parts[-2:] != [b"", b""]:
        raise ProtocolError("invalid startup packet layout: expected terminator as last byte")
    values, _ = wire.strings(body, len(parts) - 2)
    return dict(zip(values[::2], values[1::2], strict=True))


def _refused(found: Frame) -> RedshiftError:
    fields = in_redshift_words(wire.fields_of(found.body))
    return fatal(fields.get("M", "connection refused"), fields.get("C", "08004"))
