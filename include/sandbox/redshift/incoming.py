"""What has arrived on a connection and nobody has taken yet, message by message."""

from __future__ import annotations

from struct import Struct

from include.sandbox.redshift.errors import ProtocolError
from include.sandbox.redshift.wire import Frame

# A longer message than this is not ours: a statement is at most 16 MB on Redshift (AWS: r_INSERT_30).
LONGEST = 1 << 28
HEADER = Struct("!BI")
QUERY, SHORT = ord("Q"), 1 << 13
# RowDescription, rows, CommandComplete and ReadyForQuery; before them what the simple protocol does not have,
# ParseComplete and BindComplete.
READY, UNASKED, EXPECTED = ord("Z"), b"12", b"12TDCZ"


class Incoming:
    """The bytes that have arrived.

    Args:
        longest: size of the longest message that is taken.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._buffer = bytearray()

    def _whole(self) -> int:
        """Returns the size of the next message if all of it has arrived, else 0."""
        if len(self._buffer) < HEADER.size:
            return 0
        length: int = HEADER.unpack_from(self._buffer)[1]
        if not 4 <= length <= self.longest:
            raise ProtocolError(f"invalid message length: {length}")
        return length + 1 if len(self._buffer) > length else 0

    def buffered(self) -> Frame | None:
        """Takes the next message if all of it has arrived.

        Raises:
            ProtocolError: what has arrived is none.
        """
        if not (size := self._whole()):
            return None
        taken = Frame(bytes(self._buffer[:1]), bytes(self._buffer[HEADER.size : size]))
        del self._buffer[:size]
        return taken

    def lone_query(self) -> str:
        """Returns the text of a short simple Query if that is all that has arrived, else nothing."""
        buffer = self._buffer
        size = len(buffer) - 1
        if not HEADER.size <= size <= SHORT or buffer[0] != QUERY or buffer.find(0, HEADER.size) != size:
            return ""
        try:
            return buffer[HEADER.size : size].decode() if HEADER.unpack_from(buffer)[1] == size else ""
        except UnicodeDecodeError:
            return ""

    def whole_answer(self) -> bytes:
        """Takes what answers a lone query if it is all there, and short, and holds rows and no more.

        Returns:
            The messages that answer a simple Query, up to ReadyForQuery; nothing if there is anything else.
        """
        buffer, at, start, kind, size = self._buffer, 0, 0, 0, len(self._buffer)
        if size > SHORT:
            return b""
        while at + HEADER.size <= size:
            kind, length = HEADER.unpack_from(buffer, at)
            if kind not in EXPECTED:
                return b""
            at += length + 1
            if kind in UNASKED:
                start = at
        if at != size or kind != READY:
            return b""
        taken = bytes(buffer[start:])
        buffer.clear()
        return taken

    @property
    def empty(self) -> bool:
        """Whether all that has arrived is taken."""
        return not self._buffer

    def clear(self) -> None:
        """Takes all that has arrived."""
        self._buffer.clear()

    def run_of(self, kinds: bytes) -> bytes:
        """Takes all whole messages at the front that are of some types, encoded."""
        buffer, at, size, unpack = self._buffer, 0, len(self._buffer) - HEADER.size, HEADER.unpack_from
        while at <= size:
            kind, length = unpack(buffer, at)
            if kind not in kinds or at + length >= size + HEADER.size:
                break
            at += length + 1
        if not at:
            return b""
        taken = bytes(memoryview(buffer)[:at])
        del buffer[:at]
        return taken

    def arrived(self) -> bytes:
        """Returns the type of the next message if all of it has arrived, else nothing."""
        return bytes(self._buffer[:1]) if self._whole() else b""
