"""TCP ports that nobody else gets, from the moment they are chosen until the sandbox ends."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress


class HeldPort:
    """A port that this process holds for a server that it starts.

    Two sockets hold it. One is bound to the port and does not listen: the system gives the port to nobody who asks for
    any, nor to who does not share addresses; the server itself can bind it, as servers set SO_REUSEADDR (Linux:
    socket(7)). So could another sandbox's server; therefore the UDP port of the same number, which is not shared,
    stands for the right to use it among all sandboxes of the machine.

    Args:
        host: address to listen on.
        wanted: the port; 0 for any free one.

    Raises:
        OSError: somebody has the port.
    """

    def __init__(self, host: str, wanted: int) -> None:
        self._sockets = [socket.socket(), socket.socket(type=socket.SOCK_DGRAM)]
        try:
            # without it a port would be taken for a minute after its last connection (TIME_WAIT)
            self._sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sockets[0].bind((host, wanted))
            self.number = int(self._sockets[0].getsockname()[1])
            self._sockets[1].bind((host, self.number))
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Lets others have it."""
        for one in self._sockets:
            one.close()


def hold(host: str, wanted: Iterable[int]) -> HeldPort:
    """Holds the first of the wanted ports that is free, else any."""
    for port in wanted:
        with suppress(OSError):
            return HeldPort(host, port)
    while True:
        with suppress(OSError):  # another sandbox has the UDP port of that number
            return HeldPort(host, 0)


def is_served(host: str, port: int) -> bool:
    """Tells whether anybody listens on a port."""
    with suppress(OSError), socket.create_connection((host, port), timeout=5):
        return True
    return False
