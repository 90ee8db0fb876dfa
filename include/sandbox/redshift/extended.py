"""The extended protocol: Parse, Bind, Describe, Execute, Close and Sync, each answered before the next is taken."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from include.sandbox.redshift import wire
from include.sandbox.redshift.errors import SYNTAX_ERROR, BackendError, ProtocolError, RedshiftError
from include.sandbox.redshift.intervals import INTERVAL, widened
from include.sandbox.redshift.lateral import resolved
from include.sandbox.redshift.parameters import parameter_types
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.threads import apart
from include.sandbox.redshift.wire import Frame

if TYPE_CHECKING:
    from include.sandbox.redshift.session import Session

# PostgreSQL forgets its unnamed statement with every simple Query, which the stand-in sends in between.
UNNAMED = "sandbox unnamed"
FLUSH = wire.frame(b"H")


class Extended:
    """One session's prepared statements and portals.

    Args:
        session: the session they belong to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._statements: dict[str, Plan] = {}
        self._portals: dict[str, Plan] = {}
        self._intervals: dict[str, frozenset[int]] = {}
        self.skipping = False
        self._executing = False
        self._handlers = {
            b"P": self._parse, b"B": self._bind, b"D": self._describe, b"E": self._execute, b"C": self._close,
        }  # fmt: skip

    async def take(self, found: Frame) -> None:
        """Answers one message; after an error, everything up to Sync is skipped.

        Raises:
            ProtocolError: the message is none of the protocol.
        """
        if found.kind == b"S":
            await self._sync()
        elif found.kind == b"H" or self.skipping:
            return
        elif found.kind in self._handlers:
            try:
                await self._handlers[found.kind](found.body)
            except (RedshiftError, BackendError) as error:
                self.skipping = True
                await self._session.fail(error, self._verb(found))
        else:
            raise ProtocolError(f"invalid frontend message type {found.kind[0]}")

    def _verb(self, found: Frame) -> str:
        (name,), _ = wire.strings(found.body, 1)
        plan = self._portals.get(name) if found.kind in b"EB" else None
        return plan.verb if plan else ""

    async def _parse(self, body: bytes) -> None:
        session = self._session
        (name, text), types = wire.strings(body, 2)
        statements = await apart(session.translator.split, text, len(text))
        if len(statements) > 1:
            raise RedshiftError("cannot insert multiple commands into a prepared statement", SYNTAX_ERROR)
        plan = await apart(session.translator.translate, statements[0], len(text)) if statements else Plan("")
        intervals = frozenset(at for at, number in enumerate(parameter_types(types)) if number == INTERVAL)
        if not self._executing:
            plan = await resolved(plan, session)
        if plan.load is None:
            # PostgreSQL takes the transaction's snapshot when it analyses the statement: the locks come first.
            await session.transaction.lock(plan.locks)
            if not name and "" in self._statements:
                await self._exchange(wire.frame(b"C", b"S" + wire.text(UNNAMED)), b"3", relay=False)
            await self._exchange(wire.parse(name or UNNAMED, plan.sql, types), b"1")
            if session.backend.status == "I" and not self._executing:
                await session.backend.sync()
        else:
            session.client.send(wire.frame(b"1"))
        self._statements[name], self._intervals[name] = plan, intervals

    async def _bind(self, body: bytes) -> None:
        session = self._session
        (portal, name), rest = wire.strings(body, 2)
        plan = self._statement(name)
        if plan.load is None:
            await session.prepare(plan)
            self._executing = True
            rest = widened(rest, self._intervals.get(name, frozenset()))
            await self._exchange(wire.frame(b"B", wire.text(portal) + wire.text(name or UNNAMED) + rest), b"2")
        else:
            session.client.send(wire.frame(b"2"))
        self._portals[portal] = plan

    async def _describe(self, body: bytes) -> None:
        (name,), _ = wire.strings(body[1:], 1)
        statement = body[:1] == b"S"
        plan = self._statement(name) if statement else self._portal(name)
        if plan.load is not None:
            parameters = wire.frame(b"t", struct.pack("!H", 0)) if statement else b""
            self._session.client.send(parameters + wire.frame(b"n"))
        else:
            name = (name or UNNAMED) if statement else name
            await self._exchange(wire.frame(b"D", body[:1] + wire.text(name)), b"Tn")

    async def _execute(self, body: bytes) -> None:
        session = self._session
        (portal,), _ = wire.strings(body, 1)
        plan = self._portal(portal)
        if plan.load is not None:
            await session.prepare(plan)
            last = wire.command_complete(await session.load(plan))
        elif session.transaction.internal and plan.begins_transaction:
            session.transaction.adopt()
            last = wire.command_complete("BEGIN")
        else:
            last = await self._exchange(wire.frame(b"E", body), b"CIs", relay=False)
            if last[:1] != b"s":
                await self._conclude(plan)
                last = wire.command_complete(plan.tag) if plan.tag else last
        session.client.send(last)

    async def _conclude(self, plan: Plan) -> None:
        if plan.after or plan.commits:
            await self._session.conclude(plan)
        elif plan.controls_transaction:
            await self._session.backend.sync()
            await self._session.transaction.close()

    async def _close(self, body: bytes) -> None:
        (name,), _ = wire.strings(body[1:], 1)
        statement = body[:1] == b"S"
        (self._statements if statement else self._portals).pop(name, None)
        if statement:
            self._intervals.pop(name, None)
        name = (name or UNNAMED) if statement else name
        await self._exchange(wire.frame(b"C", body[:1] + wire.text(name)), b"3")

    async def _sync(self) -> None:
        session = self._session
        self.skipping = self._executing = False
        try:
            await session.backend.sync()
            await session.transaction.close()
        except BackendError as error:
            session.report(error)
        if session.transaction.status == "I":
            self._portals.clear()
        session.client.send(wire.ready(session.transaction.status))

    async def _exchange(self, message: bytes, last: bytes, *, relay: bool = True) -> bytes:
        """Sends a message and relays its answer; the last message of it is returned instead unless `relay`."""
        session = self._session
        session.backend.send(message + FLUSH)
        final = b""
        async for found in session.backend.answers(last):
            if found.kind in last and not relay:
                final = found.encode()
            else:
                await session.pass_on(found)
        return final

    def _statement(self, name: str) -> Plan:
        """Returns a statement's plan; those that PREPARE made are PostgreSQL's alone, and plain queries."""
        return self._statements.get(name, Plan(""))

    def _portal(self, name: str) -> Plan:
        """Returns a portal's plan; cursors are portals that are PostgreSQL's alone."""
        return self._portals.get(name, Plan(""))
