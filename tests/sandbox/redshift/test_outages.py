"""Many clients at once, and a PostgreSQL that goes away: clients are told, new ones are served once it is back."""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from include.sandbox.postgres import Postgres
from include.sandbox.redshift import install, wire

CONNECTIONS = 200


def test_two_hundred_clients_are_served_at_once(cluster: Any, schema: str, owner: Any) -> None:
    owner.execute(f"CREATE TABLE {schema}.t (a int)")
    together, found = threading.Barrier(CONNECTIONS), list[int]()

    def work(number: int) -> None:
        address = {"host": "127.0.0.1", "port": cluster.port, "dbname": "dev", "user": "awsuser"}
        with (
            closing(psycopg2.connect(**address, password=cluster.password)) as connection,
            connection.cursor() as cursor,
        ):
            together.wait(100)  # all are connected
            cursor.execute("SELECT %s", (number,))
            found.append(cursor.fetchone()[0])
            together.wait(100)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(CONNECTIONS))


@dataclasses.dataclass
class Fragile:
    """A stand-in in front of a PostgreSQL that a test may stop."""

    postgres: Postgres
    port: int
    log: Path
    cluster: Any

    def connect(self) -> Any:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, dbname="dev", user="awsuser", password="Sandbox1"
        )
        connection.autocommit = True
        return connection

    def copy(self, connection: Any) -> int:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS t (a int)")
        cursor.execute(f"COPY t FROM '{self.cluster.put('fragile', '1')}' IAM_ROLE default CSV")
        cursor.execute("SELECT count(*) FROM t")
        return int(cursor.fetchone()[0])

    def terminate(self, pid: int) -> None:
        with closing(psycopg2.connect(self.postgres.dsn("postgres"))) as superuser, superuser.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))


@pytest.fixture(scope="module")
def fragile(cluster: Any, start: Any) -> Iterator[Fragile]:
    folder = Path(tempfile.mkdtemp(prefix="redshift-"))
    postgres = Postgres(folder / "postgres", free_port(), secrets.token_urlsafe())
    postgres.start()
    config = dataclasses.replace(cluster.config, postgres_dsn=postgres.dsn("postgres"), port=0)
    install(config, "awsuser", "Sandbox1")
    port, stop = start(config, folder / "log")
    try:
        yield Fragile(postgres, port, folder / "log", cluster)
    finally:
        stop()
        try:
            postgres.stop()
        finally:
            shutil.rmtree(folder)


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def last_words(connection: Any, statement: str = "", meanwhile: Callable[[], None] = lambda: None) -> dict[str, str]:
    """Returns the error with which a connection ends; a driver may tell less of it."""
    with closing(socket.socket(fileno=os.dup(connection.fileno()))) as raw:
        raw.settimeout(10)
        if statement:
            raw.sendall(wire.query(statement))
            time.sleep(0.2)  # it waits for a lock by now
        meanwhile()
        said = b""
        while more := raw.recv(1 << 16):
            said += more
    return wire.fields_of(said[said.rindex(b"SFATAL") :])


@pytest.mark.parametrize(
    "statement", ["", "SELECT * FROM held", "BEGIN; SELECT 1 FROM held", "INSERT INTO held VALUES (1)"]
)
def test_a_client_is_told_that_its_session_was_ended(fragile: Fragile, statement: str) -> None:
    holder, connection = fragile.connect(), fragile.connect()
    holder.cursor().execute("CREATE TABLE IF NOT EXISTS held (a int)")
    holder.cursor().execute("BEGIN; LOCK held")
    pid = connection.get_backend_pid()
    said = last_words(connection, statement, lambda: fragile.terminate(pid))
    assert (said["C"], said["M"]) == ("57P01", "terminating connection due to administrator command")
    holder.close()


def test_the_death_of_postgresql_is_told_and_new_connections_work_when_it_is_back(fragile: Fragile) -> None:
    assert fragile.copy(fragile.connect()) == 1
    holder, waiting, idle = fragile.connect(), fragile.connect(), fragile.connect()
    holder.cursor().execute("BEGIN; LOCK t")
    postmaster = int((fragile.postgres.data_dir / "postmaster.pid").read_text().split()[0])
    pids = [*(connection.get_backend_pid() for connection in (holder, waiting, idle)), postmaster]

    def kill() -> None:
        os.kill(postmaster, signal.SIGSTOP)  # neither it nor a session shall see another's death and tell of it
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    for connection, statement, event in ((waiting, "SELECT * FROM t", kill), (idle, "", lambda: None)):
        said = last_words(connection, statement, event)
        assert (said["C"], said["M"]) == ("57P01", "terminating connection: the sandbox's PostgreSQL is gone")
    with pytest.raises(psycopg2.OperationalError, match="PostgreSQL cannot be reached"):
        fragile.connect()
    restart(fragile.postgres)
    assert fragile.copy(fragile.connect()) == 2
    assert fragile.log.read_text() == ""


def test_a_postgresql_that_ends_while_it_is_asked_for_a_connection_cannot_be_reached(cluster: Any, start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def end() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    listener.accept()[0].close()

        threading.Thread(target=end, daemon=True).start()
        dsn = f"postgresql://postgres@127.0.0.1:{listener.getsockname()[1]}/postgres"
        port, stop = start(dataclasses.replace(cluster.config, postgres_dsn=dsn, port=0))
        try:
            with pytest.raises(psycopg2.OperationalError, match="FATAL:  the sandbox's PostgreSQL cannot be reached"):
                psycopg2.connect(host="127.0.0.1", port=port, dbname="dev", user="awsuser", password="Sandbox1")
        finally:
            stop()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.long
def test_cancelling_leaves_no_connection_to_a_postgresql_that_hangs(fragile: Fragile) -> None:
    connection = fragile.connect()
    postmaster = psutil.Process(int((fragile.postgres.data_dir / "postmaster.pid").read_text().split()[0]))
    own = {child.pid for child in psutil.Process().children()}

    def connections() -> int:
        found = psutil.net_connections("tcp")
        return sum(one.pid in own and bool(one.raddr) and one.raddr.port == fragile.postgres.port for one in found)

    before = connections()  # the session's, and after a COPY that of the log of loads
    postmaster.suspend()
    try:
        connection.cancel()  # returns once the stand-in has given up
        deadline = time.monotonic() + 20
        while (left := connections()) != before and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        postmaster.resume()
    assert left == before


def restart(postgres: Postgres) -> None:
    """Starts it again as soon as the last of its processes has let the shared memory go."""
    (postgres.data_dir / "postmaster.pid").unlink()
    for _ in range(50):
        try:
            return postgres.start()
        except RuntimeError:
            time.sleep(0.2)
    raise AssertionError("PostgreSQL did not start again")
