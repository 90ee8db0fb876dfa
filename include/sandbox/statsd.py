"""A StatsD server that takes what Airflow sends, to look at (StatsD: metric types; the tags are InfluxDB's)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console

from include.sandbox.state import LOOPBACK, SandboxError

PREFIX = "airflow."
LONGEST = 65_535  # bytes in a UDP packet
END = b""
KINDS = {"c": "counter", "g": "gauge", "ms": "timer"}


@dataclass(frozen=True)
class Told:
    """One value that was sent.

    Args:
        name: of the metric, with Airflow's prefix.
        kind: `c` for a counter, `g` for a gauge, `ms` for a timer.
        value: what was sent.
        tags: as they are appended to the name.
    """

    name: str
    kind: str
    value: float
    tags: Mapping[str, str]

    @classmethod
    def parse(cls, line: str) -> Told:
        """Reads one line, e.g. `airflow.sparkify.publish,dag_id=sparkify:1|c`."""
        named, value = line.rsplit(":", 1)
        name, *tags = named.split(",")
        number, kind = value.split("|")[:2]
        return cls(name, kind, float(number), dict(tag.split("=", 1) for tag in tags))


def settings(host: str, port: int) -> dict[str, str]:
    """Returns the environment that makes Airflow send its metrics to an address, with tags."""
    named = {"ON": "True", "HOST": host, "PORT": str(port), "INFLUXDB_ENABLED": "True"}
    return {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in named.items()}


def address(text: str) -> tuple[str, int]:
    """Reads `host:port`.

    Raises:
        SandboxError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SandboxError(f"STATSD={text} is no address: give host:port, e.g. 127.0.0.1:8125.")
    return host, int(port)


@dataclass
class StatsdServer:
    """Listens on loopback from entering to leaving the block.

    Args:
        port: 0 for any free one.
        told: what has arrived, in order.
    """

    port: int = 0
    told: list[Told] = field(default_factory=list)

    def __enter__(self) -> StatsdServer:
        """Starts to listen."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stops."""
        self.settle()
        self._socket.close()

    def settle(self) -> None:
        """Takes what has been sent so far, and nothing more; on loopback packets arrive in the order of sending."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(END, (LOOPBACK, self.port))
            self._thread.join()

    def of(self, metric: str, **tags: str) -> list[float]:
        """Returns the values that were sent of a metric, named without the prefix, with these tags among its own."""
        name, wanted = f"{PREFIX}{metric}", tags.items()
        return [told.value for told in self.told if told.name == name and wanted <= told.tags.items()]

    def _keep(self) -> None:
        self.told.extend(received(self._socket))


def received(listening: socket.socket) -> Iterator[Told]:
    """Yields what arrives, up to an empty packet."""
    while packet := listening.recv(LONGEST):
        yield from map(Told.parse, packet.decode().splitlines())


def show(port: int, console: Console) -> None:
    """Prints the pipeline's metrics as they arrive, until it is interrupted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        try:
            listening.bind((LOOPBACK, port))
        except OSError as error:
            raise SandboxError(
                f"Port {port} cannot be listened on: {error}. Give another: make metrics PORT=…"
            ) from error
        console.print(f"Waiting: make run STATSD={LOOPBACK}:{listening.getsockname()[1]}", highlight=False)
        for told in received(listening):
            if told.name.startswith(f"{PREFIX}sparkify."):
                tags = " ".join(f"{name}={value}" for name, value in told.tags.items())
                console.print(f"{KINDS[told.kind]:<8} {told.name:<34} {told.value:>14,.2f}  {tags}", highlight=False)
