"""Kills a task's process as the kernel would, at one of the statements that it sends to the warehouse."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from redshift_connector import Connection

Act = Callable[[], object] | None


class Moment(Enum):
    """When the process is killed."""

    SENT = "sent"  # the server has the statement, or will have it; nobody waits for what it answers
    ANSWERED = "answered"  # all of the answer has been read; nothing that comes after it has begun


@dataclass(frozen=True)
class Crash:
    """Where a process is killed.

    Args:
        number: of the statement among those that the process sends, from 1; BEGIN and COMMIT are statements.
        moment: of its exchange.
    """

    number: int
    moment: Moment


def killed(attempt: Callable[[], object], crash: Crash) -> str | None:
    """Make an attempt in a forked process that is killed there.

    The process must not use what this one has open: whatever it sends to the warehouse or to S3 has to go over
    connections that it opens itself.

    Args:
        attempt: what the process does.
        crash: where it is killed.

    Returns:
        The statement at which it was killed; None if it ended by itself before it came there.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads at the moment of a fork: here they belong to tests that run beside this one
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _live(attempt, crash, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as told:
            statement = told.read().decode()
        _, status = os.waitpid(pid, 0)
    except BaseException:  # the test has timed out
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert statement, "it was not this module that killed it"
        return statement
    assert os.WEXITSTATUS(status) == 0, f"it failed before {crash}: see what it has written to stderr"
    return None


def _live(attempt: Callable[[], object], crash: Crash, told: int) -> None:
    """What the forked process does; never returns."""
    code = 1
    gc.disable()
    try:
        _arm(crash, told)
        attempt()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # nothing of what this process was forked from is to be cleaned up by it


def _arm(crash: Crash, told: int) -> None:
    """Make the driver kill the process when it comes to the crash."""
    execute, send_execute = Connection.execute, Connection.send_EXECUTE
    sent = 0

    def kill(statement: str) -> None:
        os.write(told, statement.encode())
        os.kill(os.getpid(), signal.SIGKILL)

    def counted(connection: Any, cursor: Any, statement: str, values: Any) -> None:
        nonlocal sent
        sent += 1
        here = sent == crash.number
        if here and crash.moment is Moment.SENT:
            # the statement goes out in two exchanges, it is prepared and then executed; the second is the one
            def last(connection: Any, cursor: Any) -> None:
                send_execute(connection, cursor)
                connection.handle_messages = connection.handle_messages_merge_socket_read = lambda _: kill(statement)

            Connection.send_EXECUTE = last
        execute(connection, cursor, statement, values)
        if here:
            kill(statement)

    Connection.execute = counted


def at_statement(monkeypatch: pytest.MonkeyPatch, beginning: str, before: Act = None, after: Act = None) -> None:
    """Do something in this process whenever it is about to send a statement, or has just had the answer.

    Args:
        monkeypatch: undoes it.
        beginning: of the statement.
        before: done before the statement is sent.
        after: done once it is answered.
    """
    execute = Connection.execute

    def watched(connection: Any, cursor: Any, statement: str, values: Any) -> None:
        found = statement.lstrip().lower().startswith(beginning)
        if found and before is not None:
            before()
        execute(connection, cursor, statement, values)
        if found and after is not None:
            after()

    monkeypatch.setattr(Connection, "execute", watched)
