"""How long a COPY or UNLOAD waits for S3: while its client does, and no longer than statement_timeout."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.threads import Crew

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session

Result = TypeVar("Result")
CANCELLED = "57014"


class AnsweredError(Exception):
    """PostgreSQL has said something; what S3 gives does not matter any more."""


class Patience:
    """Waits for the blocking steps of one COPY, which a thread of its own takes one after the other.

    PostgreSQL itself does not end a COPY whose rows do not come: it looks at cancel requests and at its
    statement_timeout only between two messages (PostgreSQL: CopyGetData holds cancel interrupts off).

    Args:
        session: whose COPY it is.
        timeout: seconds from now until it is cancelled; 0 for never.
        listening: whether what PostgreSQL says meanwhile ends the wait.
    """

    def __init__(self, session: Session, timeout: float, *, listening: bool = True) -> None:
        self._session = session
        self._listening = listening
        self._deadline = time.monotonic() + timeout if timeout else None
        self._crew = Crew(1)

    def __enter__(self) -> Patience:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.dismiss()

    async def result(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Returns what a blocking function returns, unless something ends the COPY first; it then goes on unheard.

        Raises:
            RedshiftError: the COPY was cancelled, or has reached its time-out.
            ClientGoneError: the client closed its connection.
            AnsweredError: PostgreSQL has answered.
        """
        return await self._outcome(self._crew.submit(function, *arguments))

    async def each(self, items: Iterator[Result], ahead: int) -> AsyncGenerator[Result, None]:
        """Yields what a blocking iterator yields, of which some items are taken ahead.

        Args:
            items: the iterator.
            ahead: how many items there are in memory at most.

        Raises:
            RedshiftError, ClientGoneError, AnsweredError: as `result` does.
        """
        coming = deque(self._crew.submit(next, items, None) for _ in range(ahead))
        try:
            while (item := await self._outcome(coming.popleft())) is not None:
                coming.append(self._crew.submit(next, items, None))
                yield item
        finally:
            for future in coming:
                future.cancel()

    async def _outcome(self, future: Future[Result]) -> Result:
        work = asyncio.wrap_future(future)
        bell = self._session.client.bell
        work.add_done_callback(lambda _: bell.ring())
        try:
            while True:
                self._check()
                if work.done():
                    return work.result()
                await bell.heard(None if self._deadline is None else max(0, self._deadline - time.monotonic()))
        finally:
            work.cancel()

    def _check(self) -> None:
        if self._session.cancelled:
            raise RedshiftError("Query cancelled on user's request", CANCELLED)
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise RedshiftError("canceling statement due to statement timeout", CANCELLED)
        self._session.client.check()
        if self._listening and self._session.backend.has_answer():
            raise AnsweredError
