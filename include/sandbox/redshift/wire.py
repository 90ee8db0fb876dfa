"""Messages of the PostgreSQL frontend/backend protocol, version 3 (PostgreSQL: Message Formats)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from include.sandbox.redshift.errors import NOT_UTF8, ProtocolError, RedshiftError

SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
PROTOCOL_3_0 = 196608


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


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """Returns a message of a type and a body."""
    return head(kind, len(body)) + body


def head(kind: bytes, length: int) -> bytes:
    """Returns what goes before a message's body of a length in bytes."""
    return kind + struct.pack("!I", length + 4)


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
    return parse("", sql, b"\0\0") + RUN


# Bind, Describe and Execute of the unnamed statement and portal, without parameters, and Sync.
RUN = frame(b"B", bytes(8)) + frame(b"D", b"P\0") + frame(b"E", bytes(5)) + frame(b"S")


def report(kind: bytes, fields: dict[str, str]) -> bytes:
    """Returns an ErrorResponse (b"E") or a NoticeResponse (b"N")."""
    return frame(kind, b"".join(key.encode() + _shown(value) for key, value in fields.items()) + b"\0")


def _shown(value: str) -> bytes:
    """Returns a string whatever it holds: what a message quotes may have a NUL in it, or be no text at all."""
    return text(value.replace("\0", r"\0").encode("utf-8", "backslashreplace").decode())


def info(message: str) -> bytes:
    """Returns a notice of severity INFO, which is what Redshift sends."""
    return report(b"N", {"S": "INFO", "C": "00000", "M": message})


def fields_of(body: bytes) -> dict[str, str]:
    """Returns the fields of an ErrorResponse's or NoticeResponse's body."""
    parts = body.decode("utf-8", "replace").split("\0")
    return {part[0]: part[1:] for part in parts if part}


def strings(body: bytes, count: int) -> tuple[list[str], bytes]:
    """Splits zero-terminated strings off the front of a body; returns them and the rest.

    Raises:
        ProtocolError: there are fewer.
        RedshiftError: one is not UTF-8, which is the only encoding.
    """
    found = []
    for _ in range(count):
        value, end, body = body.partition(b"\0")
        if not end:
            raise ProtocolError("invalid string in message")
        try:
            found.append(value.decode())
        except UnicodeDecodeError as error:
            wrong = " ".join(f"0x{byte:02x}" for byte in value[error.start : error.end])
            raise RedshiftError(f'invalid byte sequence for encoding "UTF8": {wrong}', NOT_UTF8) from None
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
