"""What runs have published, by the pipeline's own bookkeeping: a run's state alone may be what a person marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from include.sandbox.backfills import HOUR, Slot, span
from include.sandbox.services import connect, query, recorded
from include.sandbox.state import State

MADE_BY_AIRFLOW = ("scheduled__", "backfill__")  # run ids of these are for their logical date's hour
MARKED = "it was marked by hand, or one of its tasks was. Clear the whole run, or delete it and load its hours again."


def moment(state: State) -> datetime:
    """Returns what time it is in the warehouse."""
    with connect(state) as connection:
        now: datetime = query(connection, "select sysdate")[0][0]
    return now


@dataclass(frozen=True)
class Publications:
    """What was published since a moment.

    Args:
        of_runs: the half-open intervals that each run has published, in UTC, by its id.
        hours: when each hour that is loaded was published last, whenever that was.
        since: the moment.
    """

    of_runs: Mapping[str, Sequence[tuple[datetime, datetime]]]
    hours: Mapping[datetime, datetime]
    since: datetime

    @classmethod
    def found(cls, state: State, since: datetime) -> Publications:
        """Asks the warehouse.

        Args:
            state: of the running sandbox.
            since: see `moment`.
        """
        of_runs: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        later = f"published_at >= '{since.isoformat(' ')}'"
        for run_id, start, end in recorded(state, "published_runs", "run_id, interval_start, interval_end", later):
            of_runs[run_id].append((_utc(start), _utc(end)))
        hours = {_utc(hour): at for hour, at in recorded(state, "loaded_hours", "hour, published_at")}
        return cls(of_runs, hours, since)

    def missing_in_run(self, run_id: str, start: datetime, end: datetime) -> str:
        """Returns what is wrong if a run that succeeded has not published its interval; empty if it has."""
        if self._has_published(run_id, start, end):
            return ""
        return f"Run {run_id} ended as success, but published nothing of {span(start, end)}: {MARKED}"

    def missing(self, hours: Iterable[datetime], slots: Iterable[Slot]) -> list[str]:
        """Returns what is wrong with each hour of a backfill that is not loaded by it, but for those whose run failed.

        Args:
            hours: those that were asked for.
            slots: what the backfill made of them.
        """
        by_hour = {slot.hour: slot for slot in slots}
        found = ((hour, self._wrong(hour, by_hour.get(hour))) for hour in hours)
        return [f"{hour:%Y-%m-%d %H}h is not loaded: {wrong}" for hour, wrong in found if wrong]

    def _wrong(self, hour: datetime, slot: Slot | None) -> str:
        if slot is None:
            return "Airflow made no run of it; it is not over yet, or lies before the start of the DAG."
        if slot.refusal:
            return "" if self._is_loaded(hour, slot) else _held(slot)
        if not slot.run_id:
            return "its run was deleted; load it again."
        if self._has_published(slot.run_id, hour, hour + HOUR):
            return ""
        if not slot.run_id.startswith(MADE_BY_AIRFLOW):
            # a backfill takes over a run of its logical date with what that was started with
            return (
                f"its slot is held by run {slot.run_id}, which a person started for something else. Delete that run in "
                "the UI, then load the hour again."
            )
        if slot.state == "failed":
            return ""
        return f"run {slot.run_id} ended as success, but published nothing: {MARKED}"

    def _has_published(self, run_id: str, start: datetime, end: datetime) -> bool:
        return any(first <= start and end <= last for first, last in self.of_runs.get(run_id, ()))

    def _is_loaded(self, hour: datetime, slot: Slot) -> bool:
        """Whether another run did it: one that there was before if the backfill is to leave it, else one meanwhile."""
        at = self.hours.get(hour)
        return at is not None and (slot.refusal == "already exists" or at >= self.since)


def _held(slot: Slot) -> str:
    holder = f"its slot is held by run {slot.run_id} ({slot.state})" if slot.run_id else "its slot was held by a run"
    return (
        f'{holder}, and Airflow allows one run of a logical date ("{slot.refusal}"). Wait until it has ended, or '
        "delete it in the UI if it stands still, then load the hour again."
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=timezone.utc)
