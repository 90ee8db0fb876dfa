"""What is not of the protocol ends its connection and nothing else: no line in the log, session or socket is left."""

from __future__ import annotations

import os
import random
import secrets
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

from include.sandbox.redshift import wire
from include.sandbox.redshift.incoming import LONGEST

SOON = 60.0  # a machine may be busy
# Within half of PostgreSQL's authentication_timeout, after which it ends by itself what a failed login has left.
SETTLED = 30.0
PASSWORD = "Hostile1"
# Behind it no message of less than its length is unfinished, and none that is valid can begin.
TAIL = bytes(1 << 14)
CANCELS = struct.pack("!I", wire.CANCEL_REQUEST)
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


def messages(said: bytes) -> list[tuple[bytes, bytes]]:
    """What was said, by type and body."""
    found = []
    while said:
        (length,) = struct.unpack_from("!I", said, 1)
        assert len(said) > length >= 4, "a message has another length than it says"
        found.append((said[:1], said[5 : length + 1]))
        said = said[length + 1 :]
    return found


def is_fatal(message: tuple[bytes, bytes]) -> bool:
    return message[0] == b"E" and message[1].startswith(b"SFATAL\0")


def is_unfinished(sent: bytes) -> bool:
    """Whether its last message is longer than what there is of it, so that the stand-in rightly waits for more."""
    while len(sent) >= 5:
        (length,) = struct.unpack_from("!I", sent, 1)
        if not 4 <= length <= LONGEST:
            return False
        sent = sent[length + 1 :]
    return True


class Victim:
    """A stand-in of the test's own, with its log and a user of its own, and connections to it."""

    def __init__(self, cluster: Any, port: int, log: Path, user: str) -> None:
        self.cluster, self.port, self.log, self.user = cluster, port, log, user
        self.said = b""
        self._open: list[Any] = []
        self._number = 0
        self.process = next(child for child in psutil.Process().children() if self._listens(child))
        self._bystander = self.logged_in()

    def _listens(self, child: psutil.Process) -> bool:
        with suppress(psutil.Error):  # another that ends just now
            found = child.net_connections("tcp")
            return any(one.laddr.port == self.port for one in found if one.status == psutil.CONN_LISTEN)
        return False

    def logged_in(self) -> tuple[Any, socket.socket]:
        """A driver that has logged in, and the socket that it uses."""
        driver = psycopg2.connect(host="127.0.0.1", port=self.port, user=self.user, password=PASSWORD,
                                  dbname="dev", options="-c statement_timeout=5000")  # fmt: skip
        driver.autocommit = True
        raw = socket.socket(fileno=os.dup(driver.fileno()))
        raw.settimeout(SOON)
        return driver, raw

    def strange(self, data: bytes) -> None:
        """Opens a connection wrongly: it is told, also if it does not leave, unless it asked to cancel another."""
        leaves = len(data) % 2 == 0
        with closing(socket.create_connection(("127.0.0.1", self.port), SOON)) as raw:
            self._to_the_end(raw, data, leaves=leaves)
        said = messages(self.said.lstrip(b"N"))  # encryption is declined with a lone N
        told = bool(said) and is_fatal(said[-1])
        assert told or leaves or CANCELS in data, "the connection ended without a word"

    def broken(self, data: bytes) -> None:
        driver, raw = self.logged_in()
        with closing(driver), closing(raw):
            self._to_the_end(raw, data, leaves=len(data) % 2 == 0 or is_unfinished(data + TAIL))

    def framed(self, data: bytes) -> None:
        """Sends messages on a connection that is used until it ends; a last query tells that they are answered."""
        if not self._open:
            self._open += self.logged_in()
        raw = self._open[1]
        self._number += 1
        self.said, end = b"", f"probe {self._number}".encode()
        probe = wire.frame(b"S") + wire.query(f"ROLLBACK; SELECT 'probe {self._number}'")
        with suppress(ConnectionError):
            raw.sendall(data + probe)
            while not (end in self.said and self.said.endswith(wire.ready("I"))):
                more = raw.recv(1 << 16)
                if not more:
                    break
                self.said += more
        sent, said = [kind for kind, _ in messages(data + probe)], messages(self.said)
        if end in self.said:
            ready = [kind for kind, _ in said].count(b"Z")
            assert sent.count(b"S") <= ready - 1 <= sum(map(sent.count, (b"S", b"Q", b"F"))), f"{ready} ReadyForQuery"
            return
        for opened in (self._open.pop(), self._open.pop()):
            opened.close()
        assert b"X" in sent or (said and is_fatal(said[-1])), "the connection ended without a word"

    def bystander(self) -> None:
        """Another connection goes on."""
        cursor = self._bystander[0].cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

    def _to_the_end(self, raw: socket.socket, data: bytes, *, leaves: bool) -> None:
        self.said = b""
        with suppress(ConnectionError):
            raw.sendall(data if leaves else data + TAIL)
            if leaves:
                raw.shutdown(socket.SHUT_WR)
            while more := raw.recv(1 << 16):
                self.said += more

    def state(self) -> tuple[int, int, int]:
        """Clients of the stand-in, its connections to PostgreSQL, and the sessions of the user there."""
        found = [one for one in self.process.net_connections("tcp") if one.raddr]
        clients = sum(one.laddr.port == self.port for one in found)
        with (
            closing(psycopg2.connect(self.cluster.postgres.dsn("postgres"))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (self.user,))
            (sessions,) = cursor.fetchone()
        return clients, sum(one.raddr.port == self.cluster.postgres.port for one in found), int(sessions)

    def attack(self, how: str, data: bytes, after: str) -> None:
        """Sends one input; what goes wrong is told with it."""
        try:
            getattr(self, how)(data)
            assert self.log.stat().st_size == 0, "something is in the log"
        except Exception as error:
            told = f"{error!r}\n{how}, {after}: {data!r}\nsaid: {self.said[-2000:]!r}\n{self.log.read_text()[-4000:]}"
            raise AssertionError(told) from error


@pytest.fixture
def victim(cluster: Any, owner: Any, start: Any, tmp_path: Path) -> Iterator[Victim]:
    log, user = tmp_path / "log", f"hostile_{secrets.token_hex(4)}"
    owner.execute(f"CREATE USER {user} PASSWORD '{PASSWORD}'")
    port, stop = start(cluster.config, log)
    try:
        yield Victim(cluster, port, log, user)
    finally:
        stop()
        owner.execute(f"DROP USER {user}")


def attack(victim: Victim, inputs: int) -> None:
    """Sends so many inputs, and looks at what is left."""
    victim.framed(b"")
    before, seed = victim.state(), secrets.randbits(32)
    assert before == (2, 2, 2)
    chance, number = random.Random(seed), 0  # noqa: S311 - no secret
    for _ in range(inputs // sum(SHARES.values())):
        for how, times in SHARES.items():
            for _ in range(times):
                number += 1
                victim.attack(how, globals()[how](chance), f"input {number} of seed {seed}")
        victim.bystander()
    victim.framed(b"")
    deadline = time.monotonic() + SETTLED
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
