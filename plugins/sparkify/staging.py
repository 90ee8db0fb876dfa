"""Filling a staging table: which objects are copied together, what each COPY did, and that the counts reconcile."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk.exceptions import AirflowException

from sparkify import copying, provenance
from sparkify.copying import Loaded
from sparkify.errors import RETRY
from sparkify.feed import Feed, Rule, first_broken
from sparkify.inspection import Inspections
from sparkify.interval import DAY, EPOCH, MILLISECOND
from sparkify.ledger import Staged
from sparkify.objects import S3Object, Store
from sparkify.quarantine import Quarantine
from sparkify.rejection import Broken, Rejected, located
from sparkify.warehouse import Session

log = logging.getLogger(__name__)

APART = "apart_records"  # temporary: takes the records of an object that also holds records of other days
PATIENCE = 30.0  # seconds for the load views to show what was loaded


@dataclass(frozen=True)
class Batch:
    """What one COPY did.

    Attributes:
        objects: that it read.
        loaded: what the warehouse says of it.
        broken: the rows that were taken out again, since they break a rule.
    """

    objects: Sequence[S3Object]
    loaded: Loaded
    broken: Sequence[Broken] = ()


@dataclass(frozen=True)
class Staging:
    """One attempt to fill a staging table, in the caller's transaction.

    Args:
        session: in that transaction.
        table: the staging table, qualified.
        copy: runs a COPY of some objects into a table.
        require_unchanged: raises if one of some objects is not any more what was looked into.
        feed: what the records promise; None if nobody has looked into the objects.
        quarantine: where broken records go; None to take all that loads.
    """

    session: Session
    table: str
    copy: Callable[[str, Sequence[S3Object]], None]
    require_unchanged: Callable[[Sequence[S3Object]], None]
    feed: Feed | None
    quarantine: Quarantine | None

    def fill(self, objects: Sequence[S3Object], seen: Inspections) -> list[Batch]:
        """Copy the objects: all at once, but for those whose records could not be told apart afterwards.

        Args:
            objects: in order.
            seen: what was seen in them before.

        Raises:
            AirflowException: the counts do not reconcile.
        """
        apart = [[found] for found in objects if found in seen and seen[found].is_misplaced]
        together = [found for found in objects if [found] not in apart]
        if self.feed and self.feed.identified_by:
            groups = provenance.groups({found: seen[found] for found in together})
        else:
            groups = [together] if together else []
        return [self._batch(group, seen) for group in groups] + [self._apart(found, seen) for (found,) in apart]

    def _batch(self, group: Sequence[S3Object], seen: Inspections) -> Batch:
        self.copy(self.table, group)
        loaded = self._settled(group, seen)
        rules = self.feed.rules if self.feed else ()
        if self.feed and self.feed.identified_by:
            provenance.note(self.session, self.table, self.feed.identified_by, group, seen)
            rules = (*rules, provenance.IS_KNOWN)
        of_key: dict[object, S3Object] = {found.key: found for found in group}
        of_key |= {(found.day - EPOCH) // DAY: found for found in group if found.day}
        return Batch(group, loaded, self._take_broken(self.table, rules, of_key))

    def _apart(self, found: S3Object, seen: Inspections) -> Batch:
        """Copy an object by itself, to tell its records of other days from those of these days' own objects."""
        self.session.run(f"create temporary table {APART} (like {self.table})")
        self.copy(APART, [found])
        loaded = self._settled([found], seen)
        rules = (*self.feed.rules, of_its_day(self.feed, found)) if self.feed else ()
        broken = self._take_broken(APART, rules, {}, found)
        self.session.run(f"insert into {self.table} select * from {APART}")
        self.session.run(f"drop table {APART}")
        return Batch([found], loaded, broken)

    def _settled(self, objects: Sequence[S3Object], seen: Inspections) -> Loaded:
        """What the session's last COPY did, once the load views show all of it."""
        if not unaccounted(loaded := copying.loaded(self.session), objects, seen):
            return loaded
        self.require_unchanged(objects)
        deadline = time.monotonic() + PATIENCE
        while problem := unaccounted(loaded := copying.loaded(self.session), objects, seen):
            if time.monotonic() > deadline:
                raise AirflowException(f"The counts do not reconcile: {problem}. Nothing was loaded. {RETRY}")
            log.info("Waiting for the load views: %s", problem)
            time.sleep(1)
        return loaded

    def _take_broken(
        self, table: str, rules: Sequence[Rule], of_key: dict[object, S3Object], of: S3Object | None = None
    ) -> list[Broken]:
        """Move the rows that break a rule out of a table; from which object they are is found out if it can be."""
        if self.quarantine is None or not rules:
            return []
        rule = first_broken(rules)
        rows = self.session.records(
            f"select * from (select {rule} as broken_rule, staged.* from {table} as staged) as judged "
            "where broken_rule is not null"
        )
        if rows:
            self.session.run(f"insert into {self.quarantine.broken} select * from {table} where {rule} is not null")
            self.session.run(f"delete from {table} where {rule} is not null")
        broken = []
        for row in rows:
            number, key = int(row.pop("broken_rule")), row.pop(provenance.COLUMN, None)
            broken.append(Broken(rules[number], row, of or of_key.get(key) or of_key.get(self._day(row))))
        return broken

    def _day(self, row: dict[str, object]) -> object:
        """The day that a row is dated on, by its number since 1970-01-01; None if it is not."""
        moment = row.get(self.feed.dated_by) if self.feed else None
        return int(str(moment)) // (DAY // MILLISECOND) if moment else None


def of_its_day(feed: Feed, found: S3Object) -> Rule:
    """The rule that an object holds records of its own day only.

    Args:
        feed: what dates its records, and how exactly.
        found: an object whose key promises a day.
    """
    start = ((found.day or EPOCH) - EPOCH - feed.tolerance) // MILLISECOND
    end = start + (DAY + 2 * feed.tolerance) // MILLISECOND
    return Rule(
        feed.dated_by, "a record is of the day of its object", f"{feed.dated_by} < {start} or {feed.dated_by} >= {end}"
    )


def unaccounted(loaded: Loaded, objects: Sequence[S3Object], seen: Inspections) -> str:
    """Say what is missing or too much between what was seen, scanned, loaded and rejected; nothing if all reconciles.

    Args:
        loaded: what a COPY did.
        objects: that it read.
        seen: what was seen in them before; nothing can be said of an object into which nobody has looked.
    """
    if not all(found in seen for found in objects):
        return ""
    records = sum(seen[found].records for found in objects)
    if records != loaded.rows + len(loaded.errors):
        return (
            f"{len(objects)} objects hold {records:,} records, of which the warehouse has loaded {loaded.rows:,} and "
            f"rejected {len(loaded.errors):,}"
        )
    for found in objects:
        scanned = loaded.lines.get(found.url)
        if scanned is not None and scanned not in seen[found].scannable:
            return f"{found.url} has {seen[found].lines:,} lines, of which the warehouse has scanned {scanned:,}"
    return ""


@dataclass(frozen=True)
class Outcome:
    """What became of the objects of a stage.

    Attributes:
        objects: all of them.
        rejected: the records that are not loaded.
    """

    objects: Sequence[Staged]
    rejected: Sequence[Rejected]

    @classmethod
    def of(
        cls,
        store: Store,
        batches: Sequence[Batch],
        seen: Inspections,
        empty: Sequence[S3Object],
        keys: Collection[str] = (),
    ) -> Outcome:
        """Find the records that were rejected, and count what is left of each object.

        Args:
            store: where the objects are.
            batches: what each COPY did.
            seen: what was seen in the objects before.
            empty: those that were not copied, since there is nothing in them.
            keys: of the records that fill columns; empty if any may.
        """
        rejected = [
            one
            for batch in batches
            if batch.loaded.errors or batch.broken
            for one in located(store, batch.objects, batch.loaded.errors, batch.broken, keys)
        ]
        refused = Counter(one.found for one in rejected)
        objects = [Staged(found) for found in empty]
        for batch in batches:
            for found in batch.objects:
                lines, inspection = batch.loaded.lines.get(found.url), seen.get(found)
                records = inspection.records if inspection else lines
                rows = None if records is None else records - refused[found]
                objects.append(Staged(found, lines, rows, refused[found], inspection))
        return cls(objects, rejected)

    @property
    def records(self) -> int:
        """How many records there are in all."""
        return sum(one.rows or 0 for one in self.objects) + len(self.rejected)

    @property
    def differences(self) -> list[str]:
        """How the keys of the objects with rejected records differ from those that the feed promises."""
        seen = {one.found.url: one.inspection for one in self.objects if one.rejected}
        return [f"{url}: {what}" for url, found in seen.items() if found for what in found.drift.differences]

    @property
    def counts(self) -> dict[str, Any]:
        """In numbers, by the names under which a stage returns them."""
        copied = [one.found for one in self.objects if one.found.has_records]
        return {
            "objects": len(copied),
            "bytes": sum(found.size for found in copied),
            "lines": sum(one.lines or 0 for one in self.objects),
            "rows": self.records - len(self.rejected),
            "rejected": len(self.rejected),
        }
