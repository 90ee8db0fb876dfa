"""Work that takes long, away from the event loop: other sessions go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from include.sandbox.redshift.mishap import reported

Given = TypeVar("Given")
Result = TypeVar("Result")
# Reading a statement of this many characters takes some milliseconds.
LONG = 1 << 12
# So many objects of S3 are read at a time.
CREW = 16


async def aside(function: Callable[..., Result], *arguments: Any) -> Result:
    """Runs blocking work in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


class Crew:
    """Threads that do work which may stall; nobody has to wait for them, not even at the process's end.

    Args:
        size: how many there are at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, function: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Has a thread call a function as soon as one is free."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(*arguments))
            except BaseException as error:
                future.set_exception(error)

        self._work.put(run)
        if len(self._threads) < self._size:
            self._threads.append(threading.Thread(target=self._serve, name="crew", daemon=True))
            self._threads[-1].start()
        return future

    def dismiss(self) -> None:
        """Lets the threads end once the work is done that was given to them."""
        for _ in self._threads:
            self._work.put(None)

    def _serve(self) -> None:
        while (run := self._work.get()) is not None:
            run()


async def apart(function: Callable[[Given], Result], given: Given, size: int) -> Result:
    """Calls a function that reads a statement, in a thread if that has many (`size`) characters.

    Raises:
        RedshiftError: the function failed.
    """
    with reported("reading the statement"):
        return function(given) if size < LONG else await aside(function, given)
