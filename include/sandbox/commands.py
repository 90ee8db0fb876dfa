"""What the commands that start and stop everything do: run, up, down, seed."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from include.sandbox import data, process
from include.sandbox.airflow import ui_address
from include.sandbox.loads import Request, load, load_today
from include.sandbox.services import ENDED, Sandbox, app_client
from include.sandbox.session import backfills_of, print_addresses, session
from include.sandbox.state import Lock, SandboxError, State, read_ready, write_private, write_ready

STOP_SECONDS = 60.0
DETACHED_SECONDS = 1800.0  # the first start loads the sample
MEND_SECONDS = 10


def run(root: Path, request: Request, console: Console) -> None:
    """Starts everything, loads, reports; stays up until Ctrl-C if there is a terminal. Leaves nothing running."""
    with process.stopped_by_signals(), session(root, request.source, console) as (sandbox, api, check):
        load(sandbox, api, check, request, console, show_single_hours=True)
        if Lock(root).holder() == os.getpid() and sys.stdin.isatty() and console.is_terminal:
            write_ready(root, "up", {"ui": ui_address(sandbox.state)})  # other commands may use it now
            print_addresses(console, sandbox.state)
            console.print("Ctrl-C stops it; the data stays.")
            with suppress(KeyboardInterrupt):
                stay(check, backfills_of(sandbox).mend)


def up(root: Path, source: str | None, console: Console) -> None:
    """Starts everything in the foreground until it is stopped; over the sample, with live feed and schedule."""
    with process.stopped_by_signals(), session(root, source, console, live=True) as (sandbox, api, check):
        if not sandbox.state.loaded:
            load(sandbox, api, check, Request(), console, show_single_hours=True)
            if sandbox.state.source == data.SAMPLE:
                load_today(sandbox, api, check, console)
        live, since = sandbox.state.source == data.SAMPLE, datetime.now(timezone.utc).isoformat()
        write_ready(root, "up", {"ui": ui_address(sandbox.state), "schedule": live, "since": since})
        if console.is_terminal:  # else it may be a log, where no password belongs: who asks `status` is told
            print_addresses(console, sandbox.state)
        try:
            stay(check, backfills_of(sandbox).mend)
        except SandboxError as error:
            write_private(root / ENDED, str(error))  # who asks for the status later wants to know
            raise


def detach(root: Path, source: str | None, console: Console) -> None:
    """Starts everything in the background and returns once it is healthy; shows what it says until then.

    Raises:
        SandboxError: it did not start; nothing is left running.
    """
    if Lock(root).holder() is not None:
        console.print("The sandbox is running already.")
        print_addresses(console, State.load(root))
        return
    command = process.python_command(
        "include.sandbox", "--state", str(root), "up", *(["--data", source] if source else [])
    )
    child = process.spawn(root, "up", command)
    try:
        with child.log.open() as log:
            log.seek(0, os.SEEK_END)
            deadline = time.monotonic() + DETACHED_SECONDS
            while not read_ready(root, "up") and child.popen.poll() is None and time.monotonic() < deadline:
                console.out(log.read(), end="")
                time.sleep(0.2)
            console.out(log.read(), end="")
    except BaseException:
        process.stop([child], STOP_SECONDS)
        raise
    if not read_ready(root, "up"):
        process.stop([child], STOP_SECONDS)
        raise SandboxError(f"The sandbox did not start; see above, and {child.log}.")
    print_addresses(console, State.load(root))


def down(root: Path, console: Console) -> None:
    """Stops the sandbox of a folder, whoever started it, and what a killed one left behind; keeps its data."""
    holder = Lock(root).holder()
    if holder is not None:
        os.kill(holder, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while Lock(root).holder() == holder:
            if time.monotonic() > deadline:
                os.kill(holder, signal.SIGKILL)
            time.sleep(0.1)
    process.sweep(root)
    if (root / "postgres").exists():
        Sandbox(root).postgres().stop()
    console.print("The sandbox is stopped; its data is kept." if holder else "The sandbox was not running.")


def stay(check: Callable[[], None], mend: Callable[[], None] = lambda: None) -> None:
    """Waits for a signal while everything lives.

    Args:
        check: raises when a process has ended.
        mend: called now and then, to put right what people do in the meantime.

    Raises:
        SandboxError: a process has ended.
    """
    for second in itertools.count():
        check()
        if second % MEND_SECONDS == 0:
            mend()
        time.sleep(1)


def seed(root: Path, source: str | None, console: Console) -> None:
    """Fills the source bucket: through S3 if the sandbox runs, else where its objects are kept.

    Raises:
        SandboxError: the bucket holds other data, or the folder is not bucket-shaped.
    """
    state = State.load(root)
    chosen = data.resolve(state, source)
    runs = Lock(root).holder() is not None
    changed = data.upload(state, chosen, app_client(state)) if runs else data.fill(state, chosen)
    console.print(f"{changed:,} objects are new or changed.")
