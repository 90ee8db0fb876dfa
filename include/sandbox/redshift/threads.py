"""Work that takes long, away from the event loop: other sessions go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")
# Reading a statement of this many characters takes some milliseconds.
LONG = 1 << 15


async def aside(function: Callable[..., Result], *arguments: Any) -> Result:
    """Runs blocking work in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


def detached(function: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Runs work that may stall in a thread of its own, which nobody has to wait for, not even at the process's end."""
    future: Future[Result] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="detached", daemon=True).start()
    return future


async def apart(function: Callable[[Given], Result], given: Given, size: int) -> Result:
    """Calls a function, in a thread if it has many (`size`) characters to read."""
    return function(given) if size < LONG else await aside(function, given)
