"""What an incident is, and the run that it is met in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal
from urllib.parse import quote

from airflow.sdk.exceptions import AirflowException

from sparkify.interval import Interval, of_run

LATE_AFTER = timedelta(minutes=45)  # a scheduled run: after the end of its hour, unless it is finished
SCHEDULE = "schedule"  # the incident of a run that holds the schedule's next slot
LATE = "late"  # the incident of a run that is not finished in time
CORRECT_AND_CLEAR = "correct the cause, then clear the task with everything downstream of it."


@dataclass(frozen=True)
class Incident:
    """What a person should know of.

    Args:
        name: the same in every run: the id of a task, or ``task/check`` for one of its checks or warnings.
        reason: what is wrong, with counts and a sample; may quote input.
        advice: what to do next.
        severity: ``error`` stopped something, ``warn`` did not.
    """

    name: str
    reason: str
    advice: str = CORRECT_AND_CLEAR
    severity: Literal["error", "warn"] = "error"

    @property
    def task(self) -> str:
        """The task that met it."""
        return self.name.partition("/")[0]


def _ui() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


@dataclass(frozen=True)
class MetIn:
    """The run in which an incident is met, or found to be over.

    Args:
        dag_id: the DAG.
        run_id: the run.
        start: first moment of its interval, as :func:`moment` writes it; empty if it has none.
        end: first moment after the interval.
        attempt: number of the task's attempt, from 1; 0 if unknown.
        ui: address of Airflow's UI, without a slash at the end.
    """

    dag_id: str
    run_id: str
    start: str = ""
    end: str = ""
    attempt: int = 0
    ui: str = field(default_factory=_ui)

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> MetIn:
        """The run of a callback's context, or of a deadline's, which gives the run as a dict and nothing else."""
        dag_run, ti = context.get("dag_run"), context.get("ti")
        if isinstance(dag_run, Mapping):
            start, end = (
                datetime.fromisoformat(dag_run[name]) for name in ("data_interval_start", "data_interval_end")
            )
            return cls(dag_run["dag_id"], dag_run["dag_run_id"], moment(start), moment(end))
        dag_id = str(ti.dag_id if ti else context["dag"].dag_id)
        run_id = str(dag_run.run_id if dag_run else context["run_id"])
        interval = _interval(dag_run, context.get("params") or {})
        # The task in the context of a failed run is the one that it ended with, whichever failed.
        attempt = 0 if "reason" in context else getattr(ti, "try_number", 0)
        if interval is None:
            return cls(dag_id, run_id, attempt=attempt)
        return cls(dag_id, run_id, moment(interval.start), moment(interval.end), attempt)

    @property
    def interval(self) -> str:
        """The interval as people write it."""
        return written(self.start, self.end) if self.end else "none"

    def url(self, task_id: str = "") -> str:
        """The page of the UI that shows the run, or a task of it and its log."""
        task = f"/tasks/{task_id}" if task_id else ""
        attempt = f"?try_number={self.attempt}" if task_id and self.attempt else ""
        return f"{self.ui}/dags/{self.dag_id}/runs/{quote(self.run_id)}{task}{attempt}"


def written(start: str, end: str) -> str:
    """A half-open interval, without seconds: all are of whole hours."""
    return f"[{start[:16]}Z, {end[:16]}Z)"


def datetime_of(text: object) -> datetime:
    """A moment of a deadline's context, which may be text as JSON has it: Python 3.10 does not read its Z."""
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def moment(when: datetime) -> str:
    """A moment as the journal keeps it, in UTC; as texts moments sort as they follow each other."""
    return when.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _interval(dag_run: Any, params: Mapping[str, Any]) -> Interval | None:
    if dag_run is None:
        return None
    try:
        return of_run(dag_run, params)
    except AirflowException:  # that the run has none may be what the alert is about
        return None
