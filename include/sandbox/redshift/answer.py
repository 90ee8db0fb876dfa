"""What PostgreSQL answers to a statement, as far as it has arrived: the short and the long way both read it here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.channel import Channel
from include.sandbox.redshift.errors import BackendError
from include.sandbox.redshift.wire import Frame

if TYPE_CHECKING:
    from include.sandbox.redshift.backend import Backend

ASYNCHRONOUS = b"NSA"
# ParseComplete, BindComplete and NoData, which the simple protocol does not have.
PREPARED = b"12n"
ROWS = b"TD"
# Fewer bytes go out together with what follows them.
ROWS_AT_ONCE = 1 << 13


class Answer:
    """What PostgreSQL answers to a statement, passed on to the client as far as it has arrived.

    Args:
        backend: the connection on which it arrives.
        client: gets the rows.
        relay: takes notices and parameter changes.
    """

    def __init__(self, backend: Backend, client: Channel, relay: Callable[[Frame], None]) -> None:
        self.last = b""
        self.failure: BackendError | None = None
        self.crowded = self._ended = False
        self._backend, self._client, self._relay = backend, client, relay

    def take(self) -> bool:
        """Takes what has arrived; tells whether it is all, and `crowded` whether the client must take some first."""
        channel = self._backend.channel
        self.crowded = False
        while not self._ended:
            channel.run_of(PREPARED)
            if rows := channel.run_of(ROWS):
                self._client.send(rows)
                self.crowded |= len(rows) > ROWS_AT_ONCE
            elif (found := channel.buffered()) is None:
                return self.failure is not None and self.failure.fatal
            elif found.kind == b"Z":
                self._backend.status = found.body.decode()
                self._ended = True
            elif found.kind in ASYNCHRONOUS:
                self._relay(found)
            elif found.kind == b"E":
                self.failure = BackendError(wire.fields_of(found.body))
            else:
                self.last = found.encode()
        return True
