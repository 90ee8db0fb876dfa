"""What Airflow knows: runs that failed or are not finished, hours that are due, and components that are not well.

It is read from Airflow's metadata by its ORM. The api-server has a session of its own to it, and so has whoever holds
Airflow's configuration, also when the api-server is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from sparkify.alerts.incidents import LATE_AFTER
from sparkify.interval import HOUR, Interval, of_run
from sparkify.observe import DAG_ID
from sparkify.observe.attention import Attention
from sparkify.observe.links import url
from sparkify.observe.obstacles import obstacles
from sparkify.parts import EVERYTHING


@dataclass(frozen=True)
class RunFacts:
    """One run that is not done, or failed.

    Args:
        run_id: its id.
        interval: the hours that it covers.
        failed: whether it failed, or ended without publishing; it is queued or running otherwise.
        changed: when it failed, or was queued; of one that is called a success and has published nothing, its start.
        scheduled: whether the schedule made it.
        marked: whether Airflow calls it a success, though it has published nothing.
    """

    run_id: str
    interval: Interval
    failed: bool
    changed: datetime
    scheduled: bool
    marked: bool = False

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
        unreadable: why no hours can be told of a run that failed or is not finished, by its id.
        obstacles: what keeps runs from starting.
    """

    runs: list[RunFacts]
    due: datetime | None
    unhealthy: list[str]
    has_dag: bool = True
    unreadable: dict[str, str] = field(default_factory=dict)
    obstacles: list[Attention] = field(default_factory=list)

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


def hours_of(interval: Interval) -> Iterable[datetime]:
    """The first moments of an interval's hours."""
    return (interval.start + n * HOUR for n in range((interval.end - interval.start) // HOUR))


def known() -> AirflowFacts:
    """Ask Airflow's metadata database."""
    from airflow.configuration import conf
    from airflow.models import DagModel
    from airflow.utils.session import create_session

    now, is_scheduled = datetime.now(timezone.utc), conf.getboolean("scheduler", "use_job_schedule")
    with create_session() as session:
        dag = session.get(DagModel, DAG_ID)
        facts = AirflowFacts([], None, _unhealthy(), has_dag=dag is not None and not dag.is_stale)
        for row in session.execute(_unpublished()):
            _add(facts, row)
        if dag and facts.has_dag:
            facts.obstacles.extend(obstacles(session, dag, now, is_scheduled=is_scheduled))
            # by the scheduler's own plan
            due = dag.next_dagrun_data_interval_start if is_scheduled and not dag.is_paused else None
            facts = replace(facts, due=due)
    return facts


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


def _unpublished() -> Any:
    """The query for the runs that failed or are not finished, and those that ended well without a publication.

    A person can mark a run, or a task of it, as failed or successful: Airflow may call it a success then (the states of
    its last tasks decide). What `publish` returned says whether it has published.
    """
    from airflow.models import DagRun
    from airflow.models.xcom import XComModel
    from sqlalchemy import exists, or_, select

    columns = (
        DagRun.run_id, DagRun.run_type, DagRun.state, DagRun.conf, DagRun.queued_at, DagRun.start_date,
        DagRun.end_date, DagRun.run_after, DagRun.data_interval_start, DagRun.data_interval_end, DagRun.logical_date,
    )  # fmt: skip
    published = exists().where(
        XComModel.dag_run_id == DagRun.id, XComModel.task_id == "publish", XComModel.key == "return_value"
    )
    is_open = DagRun.state.in_(("failed", "queued", "running"))
    return select(*columns).where(DagRun.dag_id == DAG_ID, or_(is_open, ~published)).order_by(DagRun.id)


def _add(facts: AirflowFacts, row: Any) -> None:
    """Add what a row says of a run; one that cannot be read must not hide the others."""
    conf = row.conf or {}
    if conf.get("only", EVERYTHING) != EVERYTHING:  # it publishes no hour as a whole
        return
    marked = row.state == "success"
    try:
        interval = of_run(row, conf)
    except Exception as error:  # what a person typed into the trigger form
        facts.unreadable[row.run_id] = (str(error) or type(error).__name__).splitlines()[0]
        return
    failed = marked or row.state == "failed"
    changed = row.start_date if marked else row.end_date if failed else row.queued_at
    facts.runs.append(
        RunFacts(row.run_id, interval, failed, changed or row.run_after, row.run_type == "scheduled", marked)
    )


def _unhealthy() -> list[str]:
    from airflow.api.common.airflow_health import get_airflow_health

    parts = get_airflow_health().items()
    # of a triggerer or DAG processor that was never started there is no status: it is missing all the same
    return [name for name, part in parts if part["status"] != "healthy"]
