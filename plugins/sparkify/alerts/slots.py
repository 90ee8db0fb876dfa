"""A run that a person gave a logical date: it can take the slot of the schedule's next run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sparkify.alerts.incidents import SCHEDULE, Incident
from sparkify.interval import HOUR

HELD = (
    "run {run_id} has the logical date {slot:%Y-%m-%dT%H:%MZ}, which is that of the schedule's next run, and Airflow "
    "makes no second run of a logical date."
)
DELETE_IT = (
    "delete that run in the UI: the schedule then goes on by itself. To load hours by hand, give the params start and "
    "end, and no logical date."
)


def held_slot(context: Mapping[str, Any], now: datetime | None = None) -> list[Incident]:
    """Say that the run holds the next slot of the schedule, if it does.

    The scheduler makes the run of an hour at its end, so a run by hand that has the logical date of the last full hour,
    or a later one, came before it. No other run could say so: none is made.

    Args:
        context: of the run's end, or of a task's.
        now: the time.
    """
    run = context.get("dag_run")
    slot = getattr(run, "logical_date", None)
    if run is None or slot is None or run.run_type in ("scheduled", "backfill"):
        return []
    if run.data_interval_start == slot and run.data_interval_end == slot + HOUR:
        return []  # the scheduler counts on from its interval
    if slot + 2 * HOUR <= (now or datetime.now(timezone.utc)):
        return []  # that run of the schedule was made long ago, or never will be
    return [Incident(SCHEDULE, HELD.format(run_id=run.run_id, slot=slot.astimezone(timezone.utc)), DELETE_IT)]
