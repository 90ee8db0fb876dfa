"""A StatsD server that keeps what it is sent (StatsD: metric types)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

LONGEST = 65_535  # bytes in a UDP packet
END = b""


@dataclass(frozen=True)
class Told:
    """One value that was sent.

    Attributes:
        name: of the metric, with the prefix.
        kind: ``c`` for a counter, ``g`` for a gauge, ``ms`` for a timer.
        value: as it was sent.
        tags: as InfluxDB's flavour of StatsD appends them to the name.
    """

    name: str
    kind: str
    value: float
    tags: Mapping[str, str]

    @classmethod
    def parse(cls, line: str) -> Told:
        """Read one line, e.g. ``airflow.sparkify.publish,dag_id=sparkify:1|c``."""
        named, value = line.rsplit(":", 1)
        name, *tags = named.split(",")
        number, kind = value.split("|")[:2]
        return cls(name, kind, float(number), dict(tag.split("=", 1) for tag in tags))


@dataclass
class StatsdServer:
    """Listens on loopback, on a free port, from entering to leaving the block."""

    told: list[Told] = field(default_factory=list)

    def __enter__(self) -> StatsdServer:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.settle()
        self._socket.close()

    @property
    def environment(self) -> dict[str, str]:
        """What makes Airflow send its metrics here, with tags."""
        settings = {"ON": "True", "HOST": "127.0.0.1", "PORT": str(self._socket.getsockname()[1])}
        named = {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in settings.items()}
        return {**named, "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True"}

    def settle(self) -> None:
        """Take what has been sent so far; on loopback packets arrive in the order in which they are sent."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(END, self._socket.getsockname())
            self._thread.join()

    def of(self, metric: str, **tags: str) -> list[float]:
        """The values that were sent of a metric, by its name without the prefix, with these tags among its own."""
        wanted = (f"airflow.{metric}", tags.items())
        return [told.value for told in self.told if told.name == wanted[0] and wanted[1] <= told.tags.items()]

    def _listen(self) -> None:
        while packet := self._socket.recv(LONGEST):
            self.told.extend(map(Told.parse, packet.decode().splitlines()))
