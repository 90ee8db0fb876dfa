"""What keeps runs from starting, or from going on, without any of them failing.

Airflow says most of it in the scheduler's log only: a DAG or backfill that is paused, a pool that is not there, and a
run that has the logical date of the schedule's next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sparkify.alerts.incidents import moment
from sparkify.observe import DAG_ID
from sparkify.observe.attention import Attention
from sparkify.observe.links import url

PATIENCE = timedelta(minutes=2)  # a queued run is started within seconds where nothing is in its way
NEW_RUN = "delete it, and load its hours again by `make backfill FROM= TO=`, or by a run with the params start and end."


def obstacles(session: Any, dag: Any, now: datetime, *, is_scheduled: bool) -> list[Attention]:
    """Ask Airflow's metadata database what is in the way of runs.

    Args:
        session: to the metadata database.
        dag: the `DagModel`.
        now: the time.
        is_scheduled: whether this Airflow makes runs by timetable.
    """
    found = [*_paused(dag), *_without_pool(session)]
    if is_scheduled and not dag.is_paused:
        found += _held_slot(session, dag, now)
    return [*found, *_waiting(session, dag, now)]


def _paused(dag: Any) -> Iterator[Attention]:
    if dag.is_paused:
        yield Attention(
            f"the DAG {DAG_ID} is paused, so no run of it starts",
            "Airflow neither makes runs of a paused DAG nor starts those that are queued.",
            f"Unpause it: in the UI, or by `airflow dags unpause {DAG_ID}`.",
        )


def _held_slot(session: Any, dag: Any, now: datetime) -> Iterator[Attention]:
    """A run that has the logical date of the schedule's next one, but not its interval.

    The scheduler skips a slot that has a run, and counts on from the interval of that run (Airflow 3.3.2:
    `SchedulerJobRunner._create_dag_runs`). A manual run has another interval than the slot, so the same slot comes
    again and again, or one that is years ahead.
    """
    from airflow.models import DagRun
    from airflow.utils.types import DagRunType
    from sqlalchemy import select

    if dag.next_dagrun is None:
        return
    by_hand = DagRun.dag_id == DAG_ID, DagRun.run_type.not_in((DagRunType.SCHEDULED, DagRunType.BACKFILL_JOB))
    is_next = DagRun.logical_date == dag.next_dagrun, DagRun.data_interval_end != dag.next_dagrun_data_interval_end
    if dag.next_dagrun > now:  # the scheduler counts on from an interval that lies ahead
        is_next = DagRun.data_interval_end >= dag.next_dagrun, DagRun.logical_date.is_not(None)
    for (run_id,) in session.execute(select(DagRun.run_id).where(*by_hand, *is_next)):
        yield Attention(
            f"the schedule stands still: run {run_id} holds its next slot",
            f"The scheduler makes no run for {moment(dag.next_dagrun)} where another has that logical date.",
            "Delete that run; the schedule then goes on by itself. To load hours by hand, give the params start and "
            "end, and no logical date.",
            url(run_id),
        )


def _without_pool(session: Any) -> Iterator[Attention]:
    from airflow.models import DagRun, Pool, TaskInstance
    from sqlalchemy import func, or_, select

    waits = or_(TaskInstance.state.is_(None), TaskInstance.state == "scheduled")
    unfinished = DagRun.state.in_(("queued", "running"))
    chosen = TaskInstance.dag_id == DAG_ID, waits, unfinished, or_(Pool.slots.is_(None), Pool.slots == 0)
    pools = (
        select(TaskInstance.pool, func.count(func.distinct(TaskInstance.run_id)))
        .join(DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id))
        .outerjoin(Pool, Pool.pool == TaskInstance.pool)
        .where(*chosen)
        .group_by(TaskInstance.pool)
    )
    for pool, count in session.execute(pools):
        yield Attention(
            f"the pool {pool} is missing or has no slots, and tasks of {_runs(count)} wait for it",
            "Airflow starts no task whose pool is not there, and says so in the scheduler's log only.",
            "Create it: `airflow pools import include/pools.json`, or `make down` and `make up`. The runs then go on.",
        )


def _waiting(session: Any, dag: Any, now: datetime) -> Iterator[Attention]:
    from airflow.models import DagRun
    from airflow.models.backfill import Backfill
    from sqlalchemy import func, select

    columns = DagRun.run_id, DagRun.queued_at, Backfill.id, Backfill.is_paused, Backfill.completed_at
    waiting = (
        select(*columns, Backfill.max_active_runs)
        .outerjoin(Backfill, Backfill.id == DagRun.backfill_id)
        .where(DagRun.dag_id == DAG_ID, DagRun.state == "queued", DagRun.queued_at < now - PATIENCE)
        .order_by(DagRun.queued_at)
    )
    at_work = (
        select(DagRun.backfill_id, func.count())
        .where(DagRun.dag_id == DAG_ID, DagRun.state == "running")
        .group_by(DagRun.backfill_id)
    )
    running = {backfill: count for backfill, count in session.execute(at_work)}
    others = sum(count for backfill, count in running.items() if backfill is None)
    found: dict[tuple[str, str], list[Any]] = {}
    for row in session.execute(waiting):
        busy, limit = (running.get(row.id, 0), row.max_active_runs) if row.id else (others, dag.max_active_runs)
        if row.is_paused and row.completed_at:
            cause = f"Its backfill {row.id} was cancelled, and Airflow starts no run of it any more.", NEW_RUN
        elif row.is_paused:
            cause = f"Its backfill {row.id} is paused.", "unpause it, in the banner of the DAG's page in the UI."
        elif dag.is_paused or (limit and busy >= limit):
            continue  # said already, or its turn comes
        else:
            cause = "Airflow has not started it, though not as many run as may.", "see the scheduler's log for why."
        found.setdefault(cause, []).append(row)
    for (why, do), rows in found.items():
        first = rows[0]
        yield Attention(
            f"{_runs(len(rows))} queued since {moment(first.queued_at)} and not started",
            f"The first is {first.run_id}. {why}",
            f"{do[0].upper()}{do[1:]}",
            url(first.run_id),
        )


def _runs(count: int) -> str:
    return f"{count:,} {'run' if count == 1 else 'runs'}"
