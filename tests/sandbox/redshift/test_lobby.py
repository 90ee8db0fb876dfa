"""Connections that have not signed in take no place of those who sign in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg2
import pytest

from include.sandbox.redshift import wire

CROWD = 400


@pytest.fixture
def crowd(second: Any) -> Iterator[Callable[[bytes], list[socket.socket]]]:
    """Opens many connections that say the same, and no more."""
    cluster, _ = second
    with ExitStack() as opened:

        def connect(said: bytes) -> list[socket.socket]:
            sockets = []
            for _ in range(CROWD):
                found = opened.enter_context(socket.create_connection(("127.0.0.1", cluster.port), 60))
                found.sendall(said)
                sockets.append(found)
            return sockets

        yield connect


@pytest.mark.parametrize("speaks", [False, True])
def test_a_client_signs_in_while_hundreds_do_not(
    second: Any, crowd: Callable[[bytes], list[socket.socket]], speaks: bool
) -> None:
    cluster, _ = second
    parameters = {"user": "awsuser", "database": cluster.database}
    sockets = crowd(wire.startup(parameters) if speaks else b"")
    before = time.monotonic()
    with closing(cluster.psycopg2()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert time.monotonic() - before < 10
    said = b""
    while more := sockets[0].recv(1 << 12):
        said += more
    assert b"SFATAL\0C53300\0Mtoo many connections have not signed in" in said


def test_many_that_sign_in_at_once_all_get_in(second: Any) -> None:
    cluster, _ = second
    opened = [psycopg2.connect(host="127.0.0.1", port=cluster.port, user="awsuser", password=cluster.password,
                               dbname=cluster.database, async_=True) for _ in range(100)]  # fmt: skip
    waiting, deadline = list(opened), time.monotonic() + 60
    while waiting and time.monotonic() < deadline:
        waiting = [one for one in waiting if one.poll() != psycopg2.extensions.POLL_OK]
    for one in opened:
        one.close()
    assert not waiting
