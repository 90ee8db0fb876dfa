"""What lets a worker down: a wire to the warehouse that is cut, an HTTP proxy in front of S3 that fails or stalls."""

from __future__ import annotations

import http.client
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
PIECE = 65_536
STALL, CUT = "stall", "cut"
S3_ERRORS = {500: "InternalError", 503: "SlowDown"}

Fault = int | str | None


@dataclass
class Wire:
    """A TCP relay to a warehouse that is cut, once, in the middle of a statement.

    Args:
        port: of the warehouse, on the loopback.
        statement: how it begins.
        when: asked again and again while the statement runs; the wire is cut when it says so. Until then the client
            hears nothing any more.
        reset: whether both sides see the connection reset (TCP's RST), and not closed.
    """

    port: int
    statement: bytes
    when: Callable[[], object]
    reset: bool = False
    is_cut: bool = field(default=False, init=False)

    def __enter__(self) -> Wire:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.own_port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.create_connection((LOOPBACK, self.port)) as server, suppress(OSError):
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else every small piece waits for 40 ms
            self._relay(client, server)
            if self.reset and self.is_cut:
                for end in (client, server):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        """Until one side closes its end, or the wire is cut."""
        found = running = False
        while not running or not self.when():
            for end in select.select([client] if running else [client, server], [], [], 0.01)[0]:
                piece = end.recv(PIECE)
                if not piece:
                    return
                (server if end is client else client).sendall(piece)
                found = found or (end is client and not self.is_cut and self.statement in piece.lower())
                # what executes it: a simple query, or in the extended protocol a Bind that follows what it prepares
                running = running or (found and end is client and piece[:1] in (b"Q", b"B"))
        self.is_cut = True


@dataclass
class FaultyHttp:
    """An HTTP proxy in front of S3.

    Args:
        port: of S3, on the loopback.
        fault: called with method and path of every request; returns a status to answer instead of S3, ``STALL`` to
            answer nothing, ``CUT`` to end the connection amid the answer, or None to pass the request on.
    """

    port: int
    fault: Callable[[str, str], Fault] = lambda _method, _path: None
    faults: int = field(default=0, init=False)

    def __enter__(self) -> FaultyHttp:
        self.closed = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: FaultyHttp, *args: Any) -> None:
        self.proxy = proxy
        super().__init__(*args)

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.fault(self.command, self.path)
        self.proxy.faults += fault is not None
        if fault == STALL:
            self.proxy.closed.wait(60)
            self.close_connection = True
        elif isinstance(fault, int):
            text = f"<Error><Code>{S3_ERRORS[fault]}</Code><Message>Try later</Message></Error>".encode()
            self.say(fault, {"Content-Type": "application/xml"}, text)
        else:
            self.say(*self.passed_on(body), cut=fault == CUT)

    def passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        behind = http.client.HTTPConnection(LOOPBACK, self.proxy.port, timeout=60)
        # all headers as they are: the signature covers them
        behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":  # BaseHTTPRequestHandler has told the client to go on
                behind.putheader(name, value)
        behind.endheaders(body)
        answered = behind.getresponse()
        found = answered.status, dict(answered.getheaders()), answered.read()
        behind.close()
        return found

    def say(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


for verb in ("GET", "PUT", "POST"):
    setattr(_Handler, f"do_{verb}", _Handler.answer)
