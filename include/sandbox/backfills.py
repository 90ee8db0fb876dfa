"""Backfills as Airflow's metadata database has them: the hours of each, and those that were left paused for good.

Airflow 3.3.2's REST API lists backfills, but neither their runs nor the hours that a backfill left out and why
(`airflow/models/backfill.py`: BackfillDagRun), and it unpauses no backfill that is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2
import psycopg2.extensions

from include.sandbox.state import SandboxError

HOUR = timedelta(hours=1)
RUN_ENDED = {"success", "failed"}
COLUMNS = "select id, from_date, to_date, created_at, triggering_user_name, is_paused from backfill where dag_id = %s"
SLOTS = """
    select slot.logical_date, coalesce(own.run_id, holder.run_id), coalesce(own.state, holder.state),
        slot.exception_reason
    from backfill_dag_run as slot
    left join dag_run as own on slot.dag_run_id = own.id
    left join dag_run as holder
        on own.id is null and slot.logical_date = holder.logical_date and holder.dag_id = %s
    where slot.backfill_id = %s
    order by slot.sort_ordinal
"""
# To cancel a backfill pauses it, and a run of a paused backfill never leaves the state `queued` however often it is
# cleared (apache/airflow#72337). Nothing unpauses one that is complete, and to be paused means nothing else to it.
MEND = "update backfill set is_paused = false where dag_id = %s and is_paused and completed_at is not null"


@dataclass(frozen=True)
class Backfill:
    """A backfill.

    Args:
        id: its number.
        start: first moment of its first hour, in UTC.
        end: first moment after its last hour.
        created: when it was, in UTC.
        user: who created it; empty if unknown.
        paused: whether its runs are kept from starting.
    """

    id: int
    start: datetime
    end: datetime
    created: datetime
    user: str
    paused: bool

    def __str__(self) -> str:
        by = f" by {self.user}" if self.user else ""
        return f"backfill {self.id} of {span(self.start, self.end)}, created at {self.created:%Y-%m-%d %H:%M}Z{by}"


@dataclass(frozen=True)
class Slot:
    """One hour of a backfill.

    Args:
        hour: its first moment, in UTC.
        run_id: the run of that logical date; empty if there is none any more.
        state: of that run.
        refusal: why that run is not the backfill's, in Airflow's words, such as `in flight`; empty if it is.
    """

    hour: datetime
    run_id: str
    state: str
    refusal: str

    @property
    def has_ended(self) -> bool:
        """Whether the backfill does nothing for the hour any more."""
        return bool(self.refusal) or not self.run_id or self.state in RUN_ENDED


@dataclass(frozen=True)
class Backfills:
    """The backfills of one DAG.

    Args:
        metadata: connection URI of Airflow's metadata database.
        dag_id: the DAG.
    """

    metadata: str
    dag_id: str

    def unfinished(self) -> list[Backfill]:
        """Returns those that Airflow does not hold for complete; it creates no other while there is one."""
        return self._found(f"{COLUMNS} and completed_at is null order by id", self.dag_id)

    def last(self) -> Backfill | None:
        """Returns the one that was created last; None if there is none."""
        return next(iter(self._found(f"{COLUMNS} order by id desc limit 1", self.dag_id)), None)

    def slots(self, backfill_id: int) -> list[Slot]:
        """Returns the hours of a backfill, in order."""
        rows = self._rows(SLOTS, self.dag_id, backfill_id)
        return [Slot(_utc(hour), run_id or "", state or "", reason or "") for hour, run_id, state, reason in rows]

    def interrupted(self) -> Iterator[str]:
        """Yields a sentence about each backfill that has runs left to do."""
        for backfill in self.unfinished():
            slots = self.slots(backfill.id)
            done = sum(slot.has_ended for slot in slots)
            if done < len(slots):
                goes_on = "it is paused: unpause or cancel it in the UI" if backfill.paused else "the rest is run now"
                yield f"The {backfill}, was interrupted with {done:,} of {len(slots):,} runs done; {goes_on}."

    def mend(self) -> None:
        """Makes the runs of finished backfills able to run again when they are cleared; see `MEND`."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(MEND, (self.dag_id,))

    def _found(self, text: str, *values: object) -> list[Backfill]:
        return [
            Backfill(number, _utc(start), _utc(last) + HOUR, _utc(created), user or "", bool(paused))
            for number, start, last, created, user, paused in self._rows(text, *values)
        ]

    def _rows(self, text: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(text, values)
            return cursor.fetchall()

    @contextmanager
    def _connected(self) -> Iterator[psycopg2.extensions.connection]:
        try:
            with closing(psycopg2.connect(self.metadata)) as connection, connection:
                yield connection
        except psycopg2.OperationalError as error:
            raise SandboxError(
                f"Airflow's metadata database does not answer: {str(error).strip()}\n"
                "If the sandbox was stopped, `make up` starts it again, and what had been started goes on."
            ) from error


def span(start: datetime, end: datetime) -> str:
    """Returns a half-open interval as people write it."""
    return f"[{start:%Y-%m-%d %H:%M}, {end:%Y-%m-%d %H:%M})"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)
