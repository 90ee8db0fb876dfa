"""What needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sparkify.alerts.callbacks import LATE_ADVICE
from sparkify.alerts.incidents import CORRECT_AND_CLEAR, LATE_AFTER
from sparkify.observe import DAG_ID
from sparkify.observe.alerts import Alert
from sparkify.observe.attention import Attention
from sparkify.observe.calendar import Calendar, iso
from sparkify.observe.links import url
from sparkify.observe.runs import AirflowFacts


def needs_a_person(calendar: Calendar, airflow: AirflowFacts, alerts: Iterable[Alert]) -> list[Attention]:
    """Say what does not come right by itself. Hours that are missing or stale are left to the schedule.

    Args:
        calendar: the state of every hour, not only of those shown.
        airflow: what Airflow knows.
        alerts: the incidents; those that are over and those that only warn ask for nobody.
    """
    told = [alert.attention for alert in alerts if alert.asks_for_somebody]
    return [
        *_unhealthy(airflow), *airflow.obstacles, *_failed(calendar), *_unreadable(airflow), *told, *_late(calendar),
    ]  # fmt: skip


def _unhealthy(airflow: AirflowFacts) -> Iterator[Attention]:
    if airflow.unhealthy:
        yield Attention(
            "a component of Airflow is not healthy, and who is dead sends no alert",
            f"No heartbeat: {', '.join(airflow.unhealthy)}.",
            "Start it again, and see its log for why it ended.",
        )
    if not airflow.has_dag:
        yield Attention(
            f"Airflow does not know the DAG {DAG_ID}, so nothing is scheduled",
            "Its file is gone, cannot be imported, or was not looked at yet.",
            "See `airflow dags list-import-errors`, and the DAG processor's log.",
        )


def _failed(calendar: Calendar) -> Iterator[Attention]:
    if hours := calendar.hours("failed"):
        latest = max((calendar.runs[hour] for hour in hours), key=lambda run: run.changed)
        why = f"The latest run that failed is {latest.run_id}, at {iso(latest.changed)}."
        do = f"Open it, see the log of its failed task, {CORRECT_AND_CLEAR}"
        if latest.marked:
            why = f"Run {latest.run_id} is called a success and has published nothing: it, or a task of it, was marked."
            do = "Clear all tasks of the run, or load the hours again by `make backfill FROM= TO=`."
        yield Attention(counted(len(hours), "failed"), why, do, latest.url)


def _unreadable(airflow: AirflowFacts) -> Iterator[Attention]:
    if airflow.unreadable:
        run_id, why = next(reversed(airflow.unreadable.items()))
        count = len(airflow.unreadable)
        yield Attention(
            f"{count:,} {'run covers' if count == 1 else 'runs cover'} no hours",
            f"The latest is {run_id}. {why}",
            "Start it again with the interval that is meant, and delete this one: it loads nothing.",
            url(run_id),
        )


def _late(calendar: Calendar) -> Iterator[Attention]:
    if hours := calendar.hours("late"):
        run = calendar.runs.get(hours[-1])
        state = f"its run {run.run_id} is not finished" if run else "the scheduler has made no run of it"
        yield Attention(
            f"the schedule is on, and the hour {hours[-1]:%Y-%m-%d %H}h is not loaded",
            f"{counted(len(hours), 'late')}; of the last, {state} {LATE_AFTER // timedelta(minutes=1)} minutes after "
            "its end.",
            f"{LATE_ADVICE[0].upper()}{LATE_ADVICE[1:]}",
            run.url if run else "",
        )


def counted(number: int, state: str) -> str:
    """How many hours are in a state, in words."""
    return f"{number:,} {'hour' if number == 1 else 'hours'} {state}"
