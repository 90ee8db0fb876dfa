"""Child processes of the sandbox: started with a log, known by a mark in their environment, all stopped in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from include.sandbox.disk import explained
from include.sandbox.state import REPOSITORY, SandboxError, read_ready

# Every process below the sandbox inherits it, tasks of Airflow in process groups of their own too, so that what a
# killed sandbox left behind is found again. A process id in a file may be another process by then; this cannot.
MARK = "SPARKIFY_SANDBOX_ROOT"


@dataclass
class Child:
    """A child process.

    Args:
        name: name of the service; also of its log.
        popen: the process.
        log: file that takes its output.
    """

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raises SandboxError, with the end of the log, if the process has ended."""
        code = self.popen.poll()
        if code is not None:
            message = f"{self.name} ended with exit code {code}; the end of {self.log}:\n{tail(self.log)}"
            raise SandboxError(explained(self.log.parents[1], message))


def spawn(root: Path, name: str, command: Iterable[str], environment: Mapping[str, str] | None = None) -> Child:
    """Starts a child process in a process group of its own, its output appended to `logs/NAME.log`.

    Args:
        root: absolute state folder.
        name: name of the service.
        command: program and arguments; no secret may be among them.
        environment: variables on top of this process's own; secrets go here.
    """
    log = root / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    (root / "ready" / f"{name}.json").unlink(missing_ok=True)
    with log.open("ab") as output:
        popen = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=REPOSITORY,
            env=child_environment(root, environment or {}), start_new_session=True,
        )  # fmt: skip
    return Child(name, popen, log)


def child_environment(root: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's environment, marked, with what is given on top."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # SPT_NOENV: setproctitle, which Airflow uses, would otherwise overwrite the mark (PyPI: setproctitle).
    ours = {MARK: str(root), "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY)}
    return {**inherited, **ours, **extra}


def python_command(*arguments: str) -> list[str]:
    """Returns the command line that runs a module with this interpreter."""
    return [sys.executable, "-m", *arguments]


def wait_ready(root: Path, child: Child, seconds: float) -> dict[str, Any]:
    """Waits until a child has said that it is ready, and returns what it said.

    Raises:
        SandboxError: it ended before, or took longer than the given seconds.
    """
    wait_until(lambda: read_ready(root, child.name) is not None, seconds, child.name, [child])
    return read_ready(root, child.name) or {}


def wait_until(condition: Callable[[], bool], seconds: float, what: str, children: Iterable[Child] = ()) -> None:
    """Waits until a condition holds, while all the given children live.

    Raises:
        SandboxError: a child ended, or the time was up.
    """
    deadline = time.monotonic() + seconds
    watched = list(children)
    while not condition():
        for child in watched:
            child.check()
        if time.monotonic() > deadline:
            logs = "".join(f"\nthe end of {child.log}:\n{tail(child.log)}" for child in watched)
            raise SandboxError(f"{what} was not ready after {seconds:.0f} s.{logs}")
        time.sleep(0.1)


def stop(children: Iterable[Child], seconds: float = 10) -> None:
    """Asks children to end, and ends them, with their process groups, if they have not after the given seconds."""
    living = [child for child in children if child.popen.poll() is None]
    for child in living:
        child.popen.terminate()
    deadline = time.monotonic() + seconds
    for child in living:
        with suppress(subprocess.TimeoutExpired):
            child.popen.wait(max(0.0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.popen.pid, signal.SIGKILL)
        child.popen.wait()


def sweep(root: Path) -> None:
    """Ends every process that a sandbox in this folder started and left behind."""
    left = list(_marked(root))
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def serves(root: Path, port: int) -> bool:
    """Tells whether a process of the sandbox in a folder listens on a port."""
    for process in _marked(root):
        with suppress(psutil.Error):
            if any(
                one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in process.net_connections("tcp")
            ):
                return True
    return False


def require_ours(root: Path, port: int, what: str) -> None:
    """Raises SandboxError unless a process of this sandbox listens on the port: before a password is sent there."""
    if not serves(root, port):
        raise SandboxError(
            f"{what} does not serve port {port}, so nobody signs in there: it has ended, or another program has "
            "the port. `make down`, then start the sandbox again."
        )


def _marked(root: Path) -> Iterator[psutil.Process]:
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid not in own and process.environ().get(MARK) == str(root):
                yield process


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP end the block as Ctrl-C does, so that it cleans up; the clean-up is not interrupted."""

    def interrupt(number: int, _frame: object) -> None:
        for one in handled:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_event() -> threading.Event:
    """Returns an event that SIGTERM and Ctrl-C set, for services that end by themselves when it is."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def tail(path: Path, characters: int = 2000) -> str:
    """Returns the end of a text file."""
    return path.read_text(errors="replace")[-characters:].strip() if path.exists() else ""
