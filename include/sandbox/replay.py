"""Has records that are in quarantine loaded again: after their objects, the tables or the rules were corrected."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from include.sandbox import data, process
from include.sandbox.backfills import HOUR
from include.sandbox.report import print_report, row_counts
from include.sandbox.runs import Runs
from include.sandbox.services import connect
from include.sandbox.session import session, unpaused
from include.sandbox.state import SandboxError, State
from include.sandbox.terminal import printable

SHOWN = 20  # kinds of reasons that are listed
EXISTS = "select 1 from pg_tables where schemaname = 'sparkify' and tablename = 'quarantine'"
OPEN = """
    select staged_table, 's3://' || bucket || '/' || object_key, day, coalesce(rule, reason)
    from sparkify.quarantine
    where
        resolved_at is null
        and position(%s in 's3://' || bucket || '/' || object_key) > 0
        and position(%s in reason) > 0
"""


@dataclass(frozen=True)
class Selection:
    """Which records are tried again.

    Args:
        object: a part of the objects' addresses; empty for all.
        reason: a part of the reasons; empty for all.
    """

    object: str = ""
    reason: str = ""

    def found(self, state: State) -> list[tuple[str, str, datetime | None, str]]:
        """Returns of each record the staging table, the object's address, its day, and what is wrong."""
        with connect(state) as connection, connection.cursor() as cursor:
            cursor.execute(EXISTS)
            if cursor.fetchone() is None:
                return []
            cursor.execute(OPEN, (self.object, self.reason))
            return [tuple(row) for row in cursor.fetchall()]

    def required(self, state: State) -> list[tuple[str, str, datetime | None, str]]:
        """Returns the same; nothing only where all was asked for.

        Raises:
            SandboxError: no record fits what was asked for; the message says what there is.
        """
        found = self.found(state)
        if found or not (self.object or self.reason):
            return found
        asked = {"OBJECT": self.object, "REASON": self.reason}
        wanted = " and ".join(f"{name}={text!r}" for name, text in asked.items() if text)
        there = Counter((table, reason) for table, _, _, reason in Selection().found(state))
        listed = [f"\n  {count:,} of {table}: {printable(why)}" for (table, why), count in there.most_common(SHOWN)]
        raise SandboxError(
            f"No record in quarantine fits {wanted}: OBJECT is a part of the address (s3://bucket/key), REASON of the "
            f"reason, in the same case. {'There is:' if there else 'The quarantine is empty.'}{''.join(listed)}"
        )


def replay(root: Path, selection: Selection, console: Console) -> None:
    """Loads the objects of a selection again: songs first, so that plays find them, then the days of events.

    A publication replaces what it publishes, so nothing is published twice; what still cannot be loaded stays where it
    is. Starts what is not running for the time that it takes.

    Raises:
        SandboxError: no record fits the selection.
    """
    with process.stopped_by_signals(), session(root, None, console) as (sandbox, api, check):
        found = selection.required(sandbox.state)
        if not found:
            console.print("The quarantine is empty: there is nothing to replay.")
            return
        _show(console, "in quarantine", found)
        days = {day.replace(tzinfo=timezone.utc) for _, _, day, _ in found if day}
        hours = [hour for day in sorted(days) for n in range(24) if (hour := day + n * HOUR) < data.last_full_hour()]
        songs = sorted({url for _, url, day, _ in found if day is None})
        runs = Runs(sandbox, api, console, check)
        began, before = time.monotonic(), row_counts(sandbox.state)
        ids = []
        with unpaused(api, console):
            if songs:
                any_hour, _ = data.covered(sandbox.state)
                ids += runs.load_range(any_hour, any_hour + HOUR, replay=songs, only="dimensions")
            ids += runs.load_blocks(hours)
        print_report(console, sandbox.state, api, {"replayed": ids}, before, time.monotonic() - began)
        left = selection.found(sandbox.state)
        console.print(f"{len(found) - len(left):,} of {len(found):,} records are not in quarantine any more.")
        _show(console, "still in quarantine", left)


def _show(console: Console, what: str, found: Sequence[tuple[str, str, datetime | None, str]]) -> None:
    counts = Counter((table, reason) for table, _, _, reason in found)
    for (table, reason), count in counts.most_common(SHOWN):
        line = printable(f"{what}: {count:,} of {table}: {reason}")
        console.print(line, markup=False, highlight=False, soft_wrap=True)
