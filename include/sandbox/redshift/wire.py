"""Messages of the PostgreSQL frontend/backend protocol, version 3 (PostgreSQL: Message Formats)."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
PROTOCOL_3_0 = 196608
CHUNK = 1 << 18
# A longer message than this is not ours: a statement is at most 16 MB on Redshift (AWS: r_INSERT_30).
LONGEST = 1 << 28


@dataclass(frozen=True)
class Frame:
    """One message.

    Args:
        kind: the message type byte, e.g. b"Q".
        body: what follows the length.
    """

    kind: bytes
    body: bytes

    def encode(self) -> bytes:
        """Returns the message as it goes over the wire."""
        return frame(self.kind, self.body)


class Channel:
    """One side of the relay: whole messages in, bytes out.

    Args:
        reader: stream from the peer.
        writer: stream to the peer.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._pending: asyncio.Task[bytes] | None = None

    def buffered(self) -> Frame | None:
        """Takes the next message if all of it has arrived."""
        if len(self._buffer) < 5:
            return None
        (length,) = struct.unpack_from("!I", self._buffer, 1)
        if not 4 <= length <= LONGEST:
            raise ConnectionError(f"a message of {length} bytes is not the PostgreSQL protocol")
        if len(self._buffer) < length + 1:
            return None
        taken = Frame(bytes(self._buffer[:1]), bytes(self._buffer[5 : length + 1]))
        del self._buffer[: length + 1]
        return taken

    def rows(self) -> bytes:
        """Takes all DataRow messages that have arrived up to the next one of another type, encoded."""
        at, size = 0, len(self._buffer)
        while size - at >= 5 and self._buffer[at] == ord("D"):
            end = at + 1 + int.from_bytes(self._buffer[at + 1 : at + 5], "big")
            if end > size:
                break
            at = end
        taken = bytes(self._buffer[:at])
        del self._buffer[:at]
        return taken

    def arrived(self) -> bytes:
        """Returns the type of the next message if all of it has arrived, else nothing."""
        if len(self._buffer) < 5 or len(self._buffer) < struct.unpack_from("!I", self._buffer, 1)[0] + 1:
            return b""
        return bytes(self._buffer[:1])

    async def next(self) -> Frame:
        """Waits for the next message.

        Raises:
            ConnectionError: the peer closed the connection.
        """
        while (taken := self.buffered()) is None:
            self.take_in(await self.reading())
        return taken

    def reading(self) -> asyncio.Task[bytes]:
        """Returns the one pending read, to be waited for together with others; `take_in` its result."""
        if self._pending is None:
            self._pending = asyncio.ensure_future(self._reader.read(CHUNK))
        return self._pending

    def take_in(self, chunk: bytes) -> None:
        """Adds what the pending read gave.

        Raises:
            ConnectionError: it gave nothing, the peer is gone.
        """
        self._pending = None
        if not chunk:
            raise ConnectionError("connection closed by the peer")
        self._buffer += chunk

    async def untyped(self) -> bytes:
        """Reads a message without a type byte, as those that open a connection are; returns its body."""
        (length,) = struct.unpack("!I", await self._reader.readexactly(4))
        if not 8 <= length <= 10_000:
            raise ConnectionError("not the PostgreSQL protocol")
        return await self._reader.readexactly(length - 4)

    def send(self, data: bytes) -> None:
        """Queues bytes for the peer."""
        self._writer.write(data)

    async def drain(self) -> None:
        """Waits until the peer has taken enough of what is queued."""
        await self._writer.drain()

    async def close(self) -> None:
        """Closes the connection after what is queued has gone out."""
        if self._pending is not None:
            self._pending.cancel()
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """Returns a message of a type and a body."""
    return kind + struct.pack("!I", len(body) + 4) + body


def text(value: str) -> bytes:
    """Returns a string as the protocol has it: UTF-8, ended by a zero byte."""
    return value.encode("utf-8", "surrogateescape") + b"\0"


def query(sql: str) -> bytes:
    """Returns a simple Query message."""
    return frame(b"Q", text(sql))


def parse(name: str, sql: str, types: bytes) -> bytes:
    """Returns a Parse message; `types` is the encoded list of parameter types, with its count."""
    return frame(b"P", text(name) + text(sql) + types)


def single(sql: str) -> bytes:
    """Returns the messages that run one statement without parameters and give its rows as text."""
    unnamed = text("")
    return b"".join([
        parse("", sql, b"\0\0"), frame(b"B", unnamed + unnamed + bytes(6)), frame(b"D", b"P" + unnamed),
        frame(b"E", unnamed + bytes(4)), frame(b"S"),
    ])  # fmt: skip


def report(kind: bytes, fields: dict[str, str]) -> bytes:
    """Returns an ErrorResponse (b"E") or a NoticeResponse (b"N")."""
    return frame(kind, b"".join(key.encode() + text(value) for key, value in fields.items()) + b"\0")


def info(message: str) -> bytes:
    """Returns a notice of severity INFO, which is what Redshift sends."""
    return report(b"N", {"S": "INFO", "C": "00000", "M": message})


def fields_of(body: bytes) -> dict[str, str]:
    """Returns the fields of an ErrorResponse's or NoticeResponse's body."""
    parts = body.decode("utf-8", "replace").split("\0")
    return {part[0]: part[1:] for part in parts if part}


def strings(body: bytes, count: int) -> tuple[list[str], bytes]:
    """Splits zero-terminated strings off the front of a body; returns them and the rest."""
    found = []
    for _ in range(count):
        value, _, body = body.partition(b"\0")
        found.append(value.decode("utf-8", "surrogateescape"))
    return found, body


def ready(status: str) -> bytes:
    """Returns ReadyForQuery with the transaction status I, T or E."""
    return frame(b"Z", status.encode())


def command_complete(tag: str) -> bytes:
    """Returns CommandComplete."""
    return frame(b"C", text(tag))


def row_of(body: bytes) -> list[str | None]:
    """Returns the values of a DataRow's body in text format."""
    (count,) = struct.unpack_from("!H", body)
    values: list[str | None] = []
    at = 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return values


def startup(parameters: dict[str, str]) -> bytes:
    """Returns a StartupMessage."""
    body = struct.pack("!I", PROTOCOL_3_0) + b"".join(text(k) + text(v) for k, v in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body
