"""Runs a DAG's tasks in this process: real operators, templates, SQL and connections, but no scheduler."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DagRunTriggerException

VARIABLE = "AIRFLOW_VAR_"
DAGS = Path(__file__).parents[1] / "dags"


def sparkify() -> DAG:
    """The pipeline's DAG, parsed as Airflow parses it."""
    bag = DagBag(DAGS)
    assert bag.import_errors == {}
    return bag.dags["sparkify"]


def variables_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The Airflow Variables that an environment gives, by the names that templates use."""
    given = environment.items()
    return {name.removeprefix(VARIABLE).lower(): value for name, value in given if name.startswith(VARIABLE)}


@cache
def sparkify_once() -> DAG:
    """The DAG, parsed once in a process."""
    return sparkify()


class Run:
    """One manual run of a DAG over a range of hours.

    Args:
        dag: whose tasks are run.
        start: first hour, ISO 8601.
        end: the hour after the last, ISO 8601.
        variables: the Airflow Variables that templates read.
        only: the part that the run is limited to, or `everything`.
        replay: addresses of song objects to load again.
        run_type: Airflow's word for what started it.
        run_id: names the run; the same id is the same run, as a retry or a cleared task would be.
    """

    def __init__(
        self,
        dag: DAG,
        start: str | None,
        end: str | None,
        variables: dict[str, str],
        run_id: str | None = None,
        *,
        only: str = "everything",
        replay: Sequence[str] = (),
        run_type: str = "manual",
    ) -> None:
        self.dag = dag
        self.run_type = run_type
        self.run_id = run_id or f"{run_type}__{start}_{end}_{datetime.now(timezone.utc).isoformat()}"
        self.interval = (start, end) if run_type == "scheduled" else (None, None)
        self.params = {"start": start, "end": end, "only": only, "replay": list(replay)}
        if run_type == "scheduled":
            self.params |= {"start": None, "end": None}
        self.variables = variables
        self.xcoms: dict[str, Any] = {}
        self.skipped: set[str] = set()
        self.triggered: DagRunTriggerException | None = None

    def task(self, task_id: str) -> Any:
        """Render and execute one task, whatever the state of the others.

        Returns:
            What it would push as XCom.
        """
        return self.execute(self.rendered(task_id))

    def rendered(self, task_id: str) -> Any:
        """A copy of a task with its templated fields rendered, as the UI shows them."""
        task = copy.copy(self.dag.get_task(task_id))
        for name in task.template_fields:  # what rendering replaces, or changes within
            setattr(task, name, copy.deepcopy(getattr(task, name)))
        task.render_template_fields(self.context(task), _environment(self.dag))
        return task

    def execute(self, task: Any) -> Any:
        """Execute a rendered task.

        Returns:
            What it would push as XCom.
        """
        self.xcoms.pop(task.task_id, None)
        ExecutorSafeguard.tracker.set(task)  # what the task runner does before it calls execute
        context = self.context(task)
        task.pre_execute(context)
        self.xcoms[task.task_id] = task.execute(context=context)
        return self.xcoms[task.task_id]

    def all(self) -> dict[str, Any]:
        """Execute every task in order; a failure leaves those after it out, as the scheduler would.

        Returns:
            What each pushed, by task id.
        """
        *tasks, cleanup = self.dag.topological_sort()
        try:
            for task in tasks:
                if self._runs(task):
                    self.attempt(task.task_id)
        except Exception:
            with suppress(AirflowFailException):  # the run is red because of the task that failed
                self.task(cleanup.task_id)
            raise
        self.task(cleanup.task_id)
        return self.xcoms

    def attempt(self, task_id: str) -> None:
        """Execute a task that may skip itself, or have another run started."""
        try:
            self.task(task_id)
        except AirflowSkipException:
            self.skipped.add(task_id)
        except DagRunTriggerException as trigger:
            self.triggered = trigger

    def _runs(self, task: Any) -> bool:
        """Whether the trigger rule lets a task run after what was skipped."""
        after_skipped = not self.skipped.isdisjoint(task.upstream_task_ids)
        if after_skipped and task.trigger_rule == "all_success":
            self.skipped.add(task.task_id)
        return task.task_id not in self.skipped

    def context(self, task: Any) -> dict[str, Any]:
        """What a task is given to execute with, as far as this DAG's tasks look at it."""
        dag_run = SimpleNamespace(
            dag_id=self.dag.dag_id,
            run_id=self.run_id,
            run_type=self.run_type,
            run_after=datetime.now(timezone.utc),
            data_interval_start=_moment(self.interval[0]),
            data_interval_end=_moment(self.interval[1]),
        )
        return {
            "dag": self.dag,
            "dag_run": dag_run,
            "params": self.params,
            "run_id": self.run_id,
            "task": task,
            "ti": SimpleNamespace(
                dag_id=self.dag.dag_id,
                task_id=task.task_id,
                try_number=1,
                log_url="",
                xcom_pull=lambda task_ids: self.xcoms.get(task_ids),
                get_task_states=lambda dag_id, run_ids: {self.run_id: dict.fromkeys(self.xcoms, "success")},
            ),
            "var": {"value": self.variables},
        }


@cache
def _environment(dag: DAG) -> Any:
    """The DAG's template environment, which compiles each text once and not once for every run."""
    environment = dag.get_template_env()
    environment.from_string = cache(environment.from_string)
    return environment


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc) if text else None
