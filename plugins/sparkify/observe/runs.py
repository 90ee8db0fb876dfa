"""What Airflow knows: runs that failed or are not finished, hours that are due, and components that are not well.

It is read from Airflow's metadata by its ORM. The api-server has a session of its own to it, and so has whoever holds
Airflow's configuration, also when the api-server is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.sdk.exceptions import AirflowException

from sparkify.alerts.incidents import LATE_AFTER, MetIn
from sparkify.interval import HOUR, Interval, of_run
from sparkify.observe import DAG_ID
from sparkify.parts import EVERYTHING


@dataclass(frozen=True)
class RunFacts:
    """One run that is not done, or failed.

    Args:
        run_id: its id.
        interval: the hours that it covers.
        failed: whether it failed; it is queued or running otherwise.
        changed: when it failed, or was queued.
        scheduled: whether the schedule made it.
    """

    run_id: str
    interval: Interval
    failed: bool
    changed: datetime
    scheduled: bool

    @property
    def url(self) -> str:
        """Its page in the UI."""
        return url(self.run_id)

    def is_late(self, now: datetime) -> bool:
        """Whether it should be finished. One that the scheduler made after that time made up for its own absence."""
        due = self.interval.end + LATE_AFTER
        return not self.failed and self.scheduled and self.changed <= due < now


@dataclass(frozen=True)
class AirflowFacts:
    """What Airflow knows.

    Args:
        runs: those of everything that failed or are not finished.
        due: the first hour of which the schedule has not made a run yet; None while it is off.
        unhealthy: the components that have no heartbeat.
        has_dag: whether Airflow knows the DAG, and its file is still there and can be imported.
    """

    runs: list[RunFacts]
    due: datetime | None
    unhealthy: list[str]
    has_dag: bool = True

    def failed_hours(self, published_at: Mapping[datetime, datetime]) -> dict[datetime, RunFacts]:
        """The hours that were not published since a run of them failed, each with the last of these.

        Args:
            published_at: when hours that such runs cover were published.
        """
        failed = sorted((run for run in self.runs if run.failed), key=lambda run: run.changed)
        return {
            hour: run
            for run in failed
            for hour in hours_of(run.interval)
            if hour not in published_at or published_at[hour] < run.changed
        }

    def late_hours(self, now: datetime) -> dict[datetime, RunFacts | None]:
        """The hours that should be published by now if all had gone well, each with the run that is to do it."""
        found: dict[datetime, RunFacts | None] = {}
        if self.due is not None:
            overdue = max(0, (now - LATE_AFTER - self.due) // HOUR)
            found |= {self.due + n * HOUR: None for n in range(overdue)}
        for run in self.runs:
            if run.is_late(now):
                found |= dict.fromkeys(hours_of(run.interval), run)
        return found


def url(run_id: str) -> str:
    """The page of a run in Airflow's UI."""
    return MetIn(DAG_ID, run_id).url()


def hours_of(interval: Interval) -> Iterable[datetime]:
    """The first moments of an interval's hours."""
    return (interval.start + n * HOUR for n in range((interval.end - interval.start) // HOUR))


def known() -> AirflowFacts:
    """Ask Airflow's metadata database."""
    from airflow.models import DagModel, DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        columns = (
            DagRun.run_id, DagRun.run_type, DagRun.state, DagRun.conf, DagRun.queued_at, DagRun.end_date,
            DagRun.run_after, DagRun.data_interval_start, DagRun.data_interval_end,
        )  # fmt: skip
        chosen = DagRun.dag_id == DAG_ID, DagRun.state.in_(("failed", "queued", "running"))
        rows = session.execute(select(*columns).where(*chosen)).all()
        dag = session.get(DagModel, DAG_ID)
        due, has_dag = _due(dag), dag is not None and not dag.is_stale
    return AirflowFacts([run for row in rows if (run := _run(row))], due, _unhealthy(), has_dag)


def durations(run_ids: Iterable[str]) -> dict[str, tuple[float | None, int | None]]:
    """How long runs took, in seconds, and how many bytes their stage tasks read, as long as Airflow keeps them."""
    import json

    from airflow.models import DagRun
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    wanted = list(run_ids)
    with create_session() as session:
        mine = DagRun.dag_id == DAG_ID, DagRun.run_id.in_(wanted)
        runs = session.execute(select(DagRun.run_id, DagRun.start_date, DagRun.end_date).where(*mine)).all()
        staged = (
            XComModel.dag_id == DAG_ID, XComModel.run_id.in_(wanted), XComModel.key == "return_value",
            XComModel.task_id.in_(("stage_events", "stage_songs")),
        )  # fmt: skip
        returned = session.execute(select(XComModel.run_id, XComModel.value).where(*staged)).all()
    sizes: dict[str, int] = {}
    for run_id, value in returned:
        counts = json.loads(value) if isinstance(value, str) else value
        sizes[run_id] = sizes.get(run_id, 0) + int(counts.get("bytes", 0))
    return {
        run_id: ((ended - started).total_seconds() if started and ended else None, sizes.get(run_id))
        for run_id, started, ended in runs
    }


def _run(row: Any) -> RunFacts | None:
    conf = row.conf or {}
    if conf.get("only", EVERYTHING) != EVERYTHING:  # it publishes no hour as a whole
        return None
    try:
        interval = of_run(row, conf)
    except AirflowException:  # what a person typed into the trigger form; the run failed because of it
        return None
    failed = row.state == "failed"
    changed = (row.end_date if failed else row.queued_at) or row.run_after
    return RunFacts(row.run_id, interval, failed, changed, row.run_type == "scheduled")


def _due(dag: Any) -> datetime | None:
    """The first hour that the scheduler is to make a run of, by its own plan (`DagModel.next_dagrun`)."""
    from airflow.configuration import conf

    is_on = dag and not dag.is_paused and not dag.is_stale and conf.getboolean("scheduler", "use_job_schedule")
    start: datetime | None = dag.next_dagrun_data_interval_start if is_on else None
    return start


def _unhealthy() -> list[str]:
    from airflow.api.common.airflow_health import get_airflow_health

    parts = get_airflow_health().items()
    # the triggerer and the DAG processor have no status where none was ever started
    return [name for name, part in parts if part["status"] not in ("healthy", None)]
