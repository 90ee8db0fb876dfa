"""The short way of a lone query that needs nothing around it: in and out within the event loop's own callbacks.

It saves waking the session's task twice, which would take longer than all else that is done for such a query. Whatever
is out of the ordinary (an error, many rows, a notice to wait for, a client that leaves) is left to the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.answer import Answer
from include.sandbox.redshift.errors import ProtocolError
from include.sandbox.redshift.plan import Plan

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
        self._under_way: tuple[Plan, Answer] | None = None
        session.client.arrival = self._asked
        session.backend.channel.arrival = self._answered

    def _asked(self) -> bool:
        """Sends the client's query to PostgreSQL; tells whether it was one for the short way."""
        session, transaction = self._session, self._session.transaction
        if not self.open or self._under_way or transaction.internal or transaction.failed:
            return False
        plan = session.translator.known(session.client.lone_query())
        if plan is None or not plan.plain:
            return False
        session.client.clear()
        self._under_way = plan, session.backend.ask(plan.sql)
        session.backend.channel.flush()
        return True

    def _answered(self) -> bool:
        """Passes on what PostgreSQL has answered; tells whether nothing else is to be done about it."""
        if not self.open or self._under_way is None:
            return False
        client, (_, answer) = self._session.client, self._under_way
        try:
            ended = answer.take()
        except ProtocolError:
            return False
        if answer.failure is not None or (answer.crowded and not ended):
            return False
        if ended:
            self._under_way = None
            client.send(answer.last + wire.ready(self._session.transaction.status))
        client.flush()
        return not ended or client.empty

    async def finish(self) -> None:
        """Ends in the session's task what is under way.

        Raises:
            ClientGoneError: the client closed its connection.
            BackendGoneError: PostgreSQL closed its connection.
        """
        if self._under_way is not None:
            plan, answer = self._under_way
            self._under_way = None
            await self._session.finish(plan, answer)
