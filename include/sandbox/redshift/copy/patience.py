"""How long a COPY or UNLOAD waits for S3: while its client does, and no longer than statement_timeout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.threads import detached

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session

Result = TypeVar("Result")
CANCELLED = "57014"


class AnsweredError(Exception):
    """PostgreSQL has said something; what S3 gives does not matter any more."""


class Patience:
    """Waits for the blocking steps of one COPY.

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

    async def result(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Returns what a blocking function returns, unless something ends the COPY first; it then goes on unheard.

        Raises:
            RedshiftError: the COPY was cancelled, or has reached its time-out.
            ClientGoneError: the client closed its connection.
            AnsweredError: PostgreSQL has answered.
        """
        work = asyncio.wrap_future(detached(function, *arguments))
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
