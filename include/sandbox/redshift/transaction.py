"""The transaction that a client's statements run in, and its locks."""

from __future__ import annotations

from collections.abc import Iterable

from include.sandbox.redshift.backend import Backend
from include.sandbox.redshift.errors import BackendError
from include.sandbox.redshift.sql.identifiers import literal

NO_PRIVILEGE = "42501"


class Transaction:
    """The transaction that a client's statements run in.

    Redshift locks the tables that a statement writes before it takes the snapshot, so that a waiting writer sees what
    it waited for (AWS: c_write_readwrite). PostgreSQL takes the snapshot with the first statement that reads: the
    tables are therefore locked by a statement of their own, and a lone statement gets a transaction of the stand-in's.

    Args:
        backend: the connection.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._locked: set[str] = set()
        self.internal = False
        self.before_17 = False  # whether PostgreSQL is older than 17

    @property
    def status(self) -> str:
        """What ReadyForQuery tells the client: I, T or E."""
        return "I" if self.internal else self._backend.status

    @property
    def failed(self) -> bool:
        """Whether only ROLLBACK is possible."""
        return self._backend.status == "E"

    async def open(self) -> None:
        """Begins a transaction of the stand-in's own unless the client's is open."""
        if self._backend.status == "I":
            await self._backend.rows("BEGIN")
            self._locked.clear()
            self.internal = True

    def adopt(self) -> None:
        """Makes the stand-in's transaction the client's: it has sent BEGIN inside a batch."""
        self.internal = False

    async def lock(self, tables: Iterable[str]) -> None:
        """Takes Redshift's write lock, which readers do not wait for, once per table and transaction."""
        if self._backend.status != "T":
            return
        for table in tables:
            if table not in self._locked:
                await (self._lock_before_17 if self.before_17 else self._lock)(table)
                self._locked.add(table)

    async def _lock(self, table: str, mode: str = "SHARE ROW EXCLUSIVE") -> None:
        await self._backend.rows(f"LOCK TABLE {table} IN {mode} MODE")
        await self._backend.rows(f"SELECT pg_catalog.redshift_check_writable({literal(table)})")

    async def _lock_before_17(self, table: str) -> None:
        """Before there was MAINTAIN, who may only insert could only take the lock that INSERT itself takes.

        It too waits for all others who write the table, before the snapshot; only two such users do not wait for each
        other (PostgreSQL 16: sql-lock).
        """
        await self._backend.rows("SAVEPOINT redshift")
        try:
            await self._lock(table)
        except BackendError as error:
            if error.fields.get("C") != NO_PRIVILEGE:
                raise
            await self._backend.rows("ROLLBACK TO redshift")
            await self._lock(table, "ROW EXCLUSIVE")
        await self._backend.rows("RELEASE redshift")

    async def close(self) -> None:
        """Ends the stand-in's transaction: commits it, or rolls it back after an error.

        Raises:
            BackendError: COMMIT failed.
        """
        if self.internal:
            self.internal = False
            if self._backend.status != "I":  # a COMMIT of the client's may have ended it
                await self._backend.rows("ROLLBACK" if self.failed else "COMMIT")
        if self._backend.status == "I":
            self._locked.clear()

    async def fail(self) -> None:
        """Aborts the transaction after an error that PostgreSQL knows nothing of."""
        if self._backend.status == "T":
            try:
                await self._backend.rows("abort this transaction")
            except BackendError:
                return
