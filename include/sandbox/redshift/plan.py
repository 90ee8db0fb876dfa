"""What a client's statement becomes: what PostgreSQL gets, and what goes before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from include.sandbox.redshift.copy.command import CopyCommand
    from include.sandbox.redshift.unload.command import UnloadCommand


@dataclass(frozen=True)
class Plan:
    """One statement, translated.

    Args:
        sql: the statement for PostgreSQL; the client's own text when `load` is set.
        verb: first word of the client's statement, upper case.
        locks: tables, as SQL names, whose write lock comes before the snapshot.
        before: statements of the stand-in's own that go first, in the same transaction.
        after: statements of the stand-in's own that follow, in the same transaction.
        commits: the transaction is committed after it, the client's too (TRUNCATE).
        block: PostgreSQL takes it inside a transaction block only.
        alone: what Redshift takes outside transaction blocks only, as its error names it; empty for all else.
        before_17: `sql` for a PostgreSQL older than 17, where it differs; else empty.
        aliased: the client's own text of a query in which an alias may stand for its expression; else empty.
        tag: the command tag that the client gets, where PostgreSQL's would be another; empty for all else.
        load: the COPY or UNLOAD that the stand-in executes itself.
    """

    sql: str
    verb: str = ""
    locks: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    commits: bool = False
    block: bool = False
    alone: str = ""
    before_17: str = ""
    aliased: str = ""
    tag: str = ""
    load: CopyCommand | UnloadCommand | None = None

    @property
    def needs_transaction(self) -> bool:
        """Whether it takes several steps that must succeed or fail as one."""
        return bool(self.locks or self.before or self.after or self.commits or self.block or self.load)

    @property
    def plain(self) -> bool:
        """Whether nothing goes before or follows it, and PostgreSQL need not be asked about it first."""
        return not (self.needs_transaction or self.controls_transaction or self.alone or self.aliased or self.tag)

    @property
    def controls_transaction(self) -> bool:
        """Whether it begins or ends a transaction."""
        return self.begins_transaction or self.ends_transaction

    @property
    def begins_transaction(self) -> bool:
        """Whether it begins a transaction."""
        return self.verb == "BEGIN"

    @property
    def ends_transaction(self) -> bool:
        """Whether a failed transaction accepts it."""
        return self.verb in {"COMMIT", "END", "ROLLBACK", "ABORT"}
