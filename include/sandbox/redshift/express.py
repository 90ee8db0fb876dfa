"""The short way of a lone query that needs nothing around it: in and out within the event loop's own callbacks.

It saves waking the session's task twice, which would take longer than all else that is done for such a query. Whatever
is out of the ordinary (an error, many rows, a notice to wait for, a client that leaves) is left to the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.answer import Answer
from include.sandbox.redshift.errors import ProtocolError

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session


class Express:
    """One session's short way.

    Args:
        session: the session; its task waits for the client whenever `open` is set.
    """

    def __init__(self, session: Session) -> None:
        self.open = False
        self._session = session
        self._verb: str | None = None  # of the query under way
        self._answer: Answer | None = None
        session.client.arrival = self._asked
        session.backend.channel.arrival = self._answered

    def _asked(self) -> bool:
        """Sends the client's query to PostgreSQL; tells whether it was one for the short way."""
        session = self._session
        transaction, backend = session.transaction, session.backend
        if not self.open or self._verb is not None or transaction.internal or transaction.failed:
            return False
        if not (text := session.client.lone_query()) or (found := session.translator.plain(text)) is None:
            return False
        session.client.clear()
        sql, self._verb = found
        self._answer = None
        backend.channel.send(wire.single(sql))
        backend.channel.flush()
        return True

    def _answered(self) -> bool:
        """Passes on what PostgreSQL has answered; tells whether nothing else is to be done about it."""
        if not self.open or self._verb is None:
            return False
        client, backend = self._session.client, self._session.backend
        if self._answer is None and (whole := backend.channel.whole_answer()):
            backend.status = chr(whole[-1])
            self._verb = None
            client.send(whole)
            client.flush()
            return client.empty
        return self._in_parts()

    def _in_parts(self) -> bool:
        client = self._session.client
        answer = self._answer = self._answer or self._session.backend.answer()
        try:
            ended = answer.take()
        except ProtocolError:
            return False
        if answer.failure is not None or (answer.crowded and not ended):
            return False
        self._session.backend.channel.listen()  # what stopped it has been taken, or is one message
        if ended:
            self._verb = None
            client.send(answer.last + wire.ready(self._session.transaction.status))
        client.flush()
        return not ended or client.empty

    async def finish(self) -> None:
        """Ends in the session's task what is under way.

        Raises:
            ClientGoneError: the client closed its connection.
            BackendGoneError: PostgreSQL closed its connection.
        """
        if self._verb is not None:
            verb, self._verb = self._verb, None
            await self._session.finish(verb, self._answer or self._session.backend.answer())
