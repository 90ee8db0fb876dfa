"""What is not of the protocol ends its connection and nothing else: no line in the log, session or socket is left."""

from __future__ import annotations

import os
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sandbox.redshift import wire

SOON = 20.0
# Of what is sent: bytes before the login, whole messages after it, and bytes after it.
SHARES = {"strange": 19, "framed": 30, "broken": 1}
OPENING = [
    wire.startup({"user": "awsuser", "database": "dev"}),
    wire.startup({"user": "awsuser", "database": "dev", "options": "-c x=y"}),
    struct.pack("!II", 8, wire.SSL_REQUEST), struct.pack("!II", 8, wire.GSSENC_REQUEST),
    struct.pack("!IIII", 16, wire.CANCEL_REQUEST, 1, 2), wire.startup({"user": "nobody", "database": "other"}),
    wire.frame(b"p", b"SCRAM-SHA-256\0\0\0\0\x20n,,n=,r=abcdefghijklmnopqrstuvwxyz"), wire.query("SELECT 1"),
]  # fmt: skip
SESSION = [
    *map(wire.query, (
        "SELECT 1", "SELECT a, 'x' FROM (SELECT 1 AS a) t WHERE a = 1; SELECT 2", "BEGIN", "COMMIT", "ROLLBACK",
        "CREATE TEMP TABLE hostile (a int DISTKEY, b varchar(10) ENCODE zstd)", "INSERT INTO hostile VALUES (1, 'b')",
        "SELECT nvl(a, 1), dateadd(day, 1, '2018-01-01') FROM hostile", "DROP TABLE IF EXISTS hostile",
        "SHOW search_path",
        "MERGE INTO hostile USING x ON hostile.a = x.a WHEN MATCHED THEN DELETE", "SET query_group TO 'q'", "",
        "DECLARE c CURSOR FOR SELECT 1",
        "PREPARE p AS SELECT 1", "EXECUTE p", "FETCH 1 FROM c", "GRANT SELECT ON hostile TO PUBLIC", "TRUNCATE hostile",
    )),
    wire.parse("", "SELECT $1::int", struct.pack("!HI", 1, 23)), wire.parse("s", "SELECT 1", b"\0\0"),
    wire.parse("", "COPY hostile FROM 's3://bucket/none' IAM_ROLE default JSON 'auto'", b"\0\0"),
    wire.frame(b"B", b"\0\0" + struct.pack("!HHHi", 0, 1, 4, 1) + b"1234" + b"\0\0"),
    wire.frame(b"B", b"p\0s\0" + bytes(6)),
    wire.frame(b"D", b"S\0"), wire.frame(b"D", b"Pp\0"), wire.frame(b"E", b"\0" + bytes(4)),
    wire.frame(b"E", b"p\0" + bytes(4)),
    wire.frame(b"C", b"Ss\0"), wire.frame(b"C", b"P\0"), wire.frame(b"S"), wire.frame(b"H"),
    wire.frame(b"F", bytes(10)),
    wire.frame(b"d", b"1\n"), wire.frame(b"c"), wire.frame(b"f", b"no\0"), wire.frame(b"p", b"secret\0"),
    wire.frame(b"X"),
]  # fmt: skip


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Changes, drops, doubles or inserts some bytes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randint(0, len(changed)), chance.randint(0, len(changed))
        start, end = min(at, other), min(max(at, other), min(at, other) + 8)
        new = chance.choice((b"", chance.randbytes(4), changed[start:end] * 2, b"\0", b"'", b"\xff", b"("))
        changed[start:end] = new
    return bytes(changed)


def session(chance: random.Random) -> list[tuple[bytes, bytes]]:
    found = [(message[:1], message[5:]) for message in chance.choices(SESSION, k=chance.randint(1, 4))]
    return [(kind, mutated(chance, body) if chance.random() < 0.7 else body) for kind, body in found]


def framed(chance: random.Random) -> bytes:
    """Messages with their right lengths, and now and then of another type."""
    return b"".join(
        wire.frame(bytes([chance.randrange(256)]) if chance.random() < 0.05 else kind, body)
        for kind, body in session(chance)
    )


def broken(chance: random.Random) -> bytes:
    """A session in which anything may be changed, lengths too, or mere noise."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randint(1, 60))
    return mutated(chance, b"".join(wire.frame(*message) for message in session(chance)))


def strange(chance: random.Random) -> bytes:
    """What opens a connection, changed."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randint(1, 60))
    return mutated(chance, b"".join(chance.choices(OPENING, k=chance.randint(1, 2))))


class Victim:
    """A stand-in of the test's own, with its log, and connections to it."""

    def __init__(self, cluster: Any, port: int, log: Path) -> None:
        self.cluster, self.port, self.log = cluster, port, log
        self._open: list[Any] = []
        self._number = 0
        (self.process,) = (
            child for child in psutil.Process().children()
            if any(found.laddr.port == port for found in child.net_connections("tcp") if found.status == "LISTEN")
        )  # fmt: skip

    def logged_in(self) -> tuple[Any, socket.socket]:
        """A driver that has logged in, and the socket that it uses."""
        driver = psycopg2.connect(host="127.0.0.1", port=self.port, user="awsuser", password=self.cluster.password,
                                  dbname="dev", options="-c statement_timeout=5000")  # fmt: skip
        raw = socket.socket(fileno=os.dup(driver.fileno()))
        raw.settimeout(SOON)
        return driver, raw

    def strange(self, data: bytes) -> None:
        with closing(socket.create_connection(("127.0.0.1", self.port), SOON)) as raw:
            self._to_the_end(raw, data)

    def broken(self, data: bytes) -> None:
        driver, raw = self.logged_in()
        with closing(driver), closing(raw):
            self._to_the_end(raw, data)

    def framed(self, data: bytes) -> None:
        """Sends messages on a connection that is used until it ends; a last query tells that they are answered."""
        if not self._open:
            self._open += self.logged_in()
        raw = self._open[1]
        self._number += 1
        end, said = f"probe {self._number}".encode(), b""
        probe = wire.frame(b"S") + wire.query(f"ROLLBACK; SELECT 'probe {self._number}'")
        with suppress(ConnectionError):
            raw.sendall(data + probe)
            while end not in said:
                more = raw.recv(1 << 16)
                if not more:
                    break
                said = said[-100:] + more
        if end not in said:
            for opened in (self._open.pop(), self._open.pop()):
                opened.close()

    def _to_the_end(self, raw: socket.socket, data: bytes) -> None:
        with suppress(ConnectionError):
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(1 << 16):
                pass

    def backends(self) -> int:
        with (
            closing(psycopg2.connect(self.cluster.postgres.dsn("postgres"))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'awsuser'")
            return int(cursor.fetchone()[0])

    def state(self) -> tuple[int, int]:
        """Clients of the stand-in, and sessions of its user in PostgreSQL."""
        found = self.process.net_connections("tcp")
        return sum(one.laddr.port == self.port for one in found), self.backends()


@pytest.fixture
def victim(cluster: Any, start: Any, tmp_path: Path) -> Iterator[Victim]:
    log = tmp_path / "log"
    port, stop = start(cluster.config, log)
    try:
        yield Victim(cluster, port, log)
    finally:
        stop()


def attack(victim: Victim, inputs: int) -> None:
    """Sends so many inputs, and looks at what is left."""
    victim.framed(b"")
    before, rounds = victim.state(), inputs // sum(SHARES.values())

    @settings(max_examples=rounds, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**64))
    def send(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        for how, times in SHARES.items():
            for _ in range(times):
                getattr(victim, how)(globals()[how](chance))
        assert victim.process.is_running()
        assert victim.log.read_text() == ""

    send()
    victim.framed(b"")
    deadline = time.monotonic() + SOON
    while (after := victim.state()) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert after == before
    assert victim.log.read_text() == ""


def test_five_thousand_hostile_inputs_end_no_more_than_their_connections(victim: Victim) -> None:
    attack(victim, 5_000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_hostile_inputs_end_no_more_than_their_connections(victim: Victim) -> None:
    attack(victim, 100_000)
