"""S3 that answers 500, stalls or stops in the middle: COPY tries again, fails in S3's name, and always ends on time."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

# Seconds that a stand-in waits for S3; SOON is far less than it would wait, and enough on a busy machine.
PATIENT, HASTY, SOON = 20.0, 0.4, 5.0
HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Faulty(ThreadingHTTPServer):
    """Passes requests on to moto, except those with a fault."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = str(urlsplit(behind).netloc)
        self.faults: dict[str, tuple[str, int]] = {}
        self.stalled, self.released = threading.Semaphore(0), threading.Event()

    def fault(self, what: str, kind: str, times: int = 1 << 30) -> None:
        """Gives requests whose path or body holds a text a fault: a status, `stall`, or `half` of the answer."""
        self.faults[what] = (kind, times)

    def clear(self) -> None:
        self.faults.clear()
        self.released.set()
        self.stalled, self.released = threading.Semaphore(0), threading.Event()

    def take(self, request: str) -> str:
        for what, (kind, times) in self.faults.items():
            if what in request and times:
                self.faults[what] = (kind, times - 1)
                return kind
        return ""


class Handler(BaseHTTPRequestHandler):
    server: Faulty
    protocol_version = "HTTP/1.1"

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.server.take(f"{self.path} {body!r}")
        if kind == "stall":
            return self._stall()
        if kind.isdigit():
            return self._answer(int(kind), {}, b"<Error><Code>InternalError</Code><Message>We failed</Message></Error>")
        with closing(HTTPConnection(self.server.behind)) as moto:
            moto.request(self.command, self.path, body, dict(self.headers))
            found = moto.getresponse()
            content = found.read()
            headers = {name: value for name, value in found.getheaders() if name.lower() not in HOP}
        return self._answer(found.status, headers, content, half=kind == "half")

    def _answer(self, status: int, headers: dict[str, str], content: bytes, *, half: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._stall()

    def _stall(self) -> None:
        released = self.server.released
        self.server.stalled.release()
        released.wait(60)
        self.close_connection = True

    do_GET = do_POST = _relay  # noqa: N815 - http.server's names

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def proxy(cluster: Any) -> Iterator[Faulty]:
    with Faulty(cluster.endpoint) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.clear()
        server.shutdown()


@pytest.fixture(scope="module")
def stand_ins(cluster: Any, proxy: Faulty, start: Any) -> Iterator[Callable[[float], Any]]:
    """Stand-ins that reach S3 through the proxy, by the seconds that they wait for it."""
    endpoint = f"http://127.0.0.1:{proxy.server_address[1]}"
    running: dict[float, tuple[Any, Callable[[], None]]] = {}

    def behind(seconds: float) -> Any:
        if seconds not in running:
            config = dataclasses.replace(cluster.config, aws_endpoint=endpoint, aws_seconds=seconds)
            port, stop = start(config)
            running[seconds] = dataclasses.replace(cluster, port=port, config=config), stop
        return running[seconds][0]

    yield behind
    for _, stop in running.values():
        stop()


@pytest.fixture
def s3(proxy: Faulty, schema: str, cluster: Any) -> Iterator[Faulty]:
    """The proxy without faults, and a table with objects to load."""
    cluster.put(f"{schema}/small", '{"a": 1}')
    cluster.put(f"{schema}/large", '{"a": 1}\n' * 150_000)
    cluster.put(f"{schema}/manifest", json.dumps({"entries": [{"url": f"s3://bucket/{schema}/small"}]}))
    cluster.put(f"{schema}/paths", '{"jsonpaths": ["$.a"]}')
    with closing(cluster.psycopg2()) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE TABLE {schema}.t (a int)")
    yield proxy
    proxy.clear()


def copy(schema: str, key: str = "small", more: str = "", form: str = "auto") -> str:
    return f"COPY {schema}.t FROM 's3://bucket/{schema}/{key}' IAM_ROLE default JSON '{form}' {more}"


# What stalls or fails, the request it is told by, and the COPY that meets it.
PHASES = {
    "the role": ("Action=AssumeRole", {}),
    "the jsonpaths file": ("/paths", {"form": "s3://bucket/{}/paths"}),
    "the manifest": ("/manifest", {"key": "manifest", "more": "MANIFEST"}),
    "the list": ("list-type=2", {}),
    "the object": ("/small", {}),
}


def met_in(phase: str, schema: str) -> tuple[str, str]:
    what, given = PHASES[phase]
    return what, copy(schema, **{name: value.format(schema) for name, value in given.items()})


def count(cluster: Any, schema: str) -> int:
    with closing(cluster.psycopg2()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT count(*) FROM {schema}.t")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(("status", "phase"), [("500", "the object"), ("503", "the list")])
def test_s3_is_asked_again(stand_ins: Any, s3: Faulty, schema: str, status: str, phase: str) -> None:
    what, command = met_in(phase, schema)
    s3.fault(what, status, times=1)
    connection = stand_ins(PATIENT).psycopg2()
    connection.cursor().execute(command)
    connection.commit()
    assert s3.faults == {what: (status, 0)}
    assert count(stand_ins(PATIENT), schema) == 1


@pytest.mark.parametrize(
    ("phase", "client", "key"),
    [("the role", "psycopg2", "role/sparkify-copy"), ("the manifest", "psycopg2", "{}/manifest"),
     ("the object", "psycopg2", "{}/small"), ("the object", "connector", "{}/small")],
)  # fmt: skip
def test_s3_that_goes_on_failing_fails_the_copy(
    stand_ins: Any, s3: Faulty, schema: str, phase: str, client: str, key: str
) -> None:
    what, command = met_in(phase, schema)
    s3.fault(what, "500")
    connection = getattr(stand_ins(PATIENT), client)()
    cursor = connection.cursor()
    cursor.execute(f"INSERT INTO {schema}.t VALUES (7)")
    with pytest.raises(Exception, match="500") as failed:
        cursor.execute(command)
    assert key.format(schema) in str(failed.value)
    assert "ASSUMEROLE" not in str(failed.value)
    with pytest.raises(Exception, match="current transaction is aborted"):
        cursor.execute("SELECT 1")
    connection.rollback()
    assert count(stand_ins(PATIENT), schema) == 0


@pytest.mark.parametrize(("key", "fault"), [("small", "stall"), ("small", "half"), ("large", "half")])
def test_s3_that_stalls_fails_the_copy(stand_ins: Any, s3: Faulty, schema: str, key: str, fault: str) -> None:
    s3.fault(f"/{key}", fault)
    started = time.monotonic()
    with pytest.raises(psycopg2.InternalError, match=r"S3ServiceException:.*[Tt]imed? ?out") as failed:
        stand_ins(HASTY).psycopg2().cursor().execute(copy(schema, key))
    assert f"S3 key being read : s3://bucket/{schema}/{key}" in str(failed.value)
    assert time.monotonic() - started < 3 * HASTY + 3 + SOON  # three tries, and the pauses between them
    assert count(stand_ins(HASTY), schema) == 0


def hang_up(connection: Any) -> None:
    """Closes a connection as a client does that was killed."""
    number = connection.fileno() if hasattr(connection, "fileno") else connection._usock.fileno()
    with socket.socket(fileno=os.dup(number)) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def wait_to_write(cluster: Any, schema: str) -> float:
    """Returns the seconds until a writer gets the table."""
    with closing(cluster.psycopg2()) as connection:
        started = time.monotonic()
        connection.cursor().execute(f"INSERT INTO {schema}.t VALUES (1)")
        return time.monotonic() - started


MIDDLE = "the middle of an object"


@pytest.mark.parametrize(
    ("end", "phase"),
    [*(("cancel", phase) for phase in (*PHASES, MIDDLE)), ("timeout", "the list"), ("timeout", MIDDLE),
     ("vanish", "the list"), ("vanish", MIDDLE), ("vanish from the connector", MIDDLE)],
)  # fmt: skip
def test_a_copy_ends_at_once_though_s3_stalls(stand_ins: Any, s3: Faulty, schema: str, end: str, phase: str) -> None:
    if phase in PHASES:
        what, command = met_in(phase, schema)
        s3.fault(what, "stall")
    else:
        command = copy(schema, "large")
        s3.fault("/large", "half")
    stand_in = stand_ins(PATIENT)
    options = {"options": "-c statement_timeout=600"} if end == "timeout" else {}
    connection = stand_in.connector() if "connector" in end else stand_in.psycopg2(**options)
    errors: list[BaseException] = []

    def load() -> None:
        try:
            connection.cursor().execute(command)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    if end == "timeout":
        thread.join(SOON)
    else:
        assert s3.stalled.acquire(timeout=10)
    if end == "cancel":
        connection.cancel()
    elif "vanish" in end:
        hang_up(connection)
    assert wait_to_write(stand_in, schema) < SOON
    thread.join(SOON)
    assert [isinstance(error, psycopg2.errors.QueryCanceled) for error in errors] == ["vanish" not in end]
    assert count(stand_in, schema) == 0


def test_copies_that_stall_keep_nobody_waiting(
    stand_ins: Any, cluster: Any, s3: Faulty, schema: str, start: Any
) -> None:
    """Neither other sessions nor the end of the process."""
    port, stop = start(stand_ins(PATIENT).config)
    try:
        stand_in = dataclasses.replace(cluster, port=port)
        s3.fault("/large", "stall")
        connections = [stand_in.psycopg2() for _ in range(12)]

        def load(number: int) -> None:
            cursor = connections[number].cursor()
            cursor.execute(f"CREATE TEMP TABLE t{number} (a int)")
            with pytest.raises(psycopg2.Error):
                cursor.execute(copy(schema, "large").replace(f"{schema}.t ", f"t{number} "))

        threads = [threading.Thread(target=load, args=(number,)) for number in range(len(connections))]
        for thread in threads:
            thread.start()
        assert all(s3.stalled.acquire(timeout=10) for _ in threads)
        started = time.monotonic()
        stand_in.psycopg2().cursor().execute(copy(schema))
        assert time.monotonic() - started < SOON
    finally:
        started = time.monotonic()
        stop()
        assert time.monotonic() - started < SOON
    for thread in threads:
        thread.join(SOON)
