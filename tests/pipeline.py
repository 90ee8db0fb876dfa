"""Runs a DAG's tasks in this process: real operators, templates, SQL and connections, but no scheduler."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard

DAGS = Path(__file__).parents[1] / "dags"


def sparkify() -> DAG:
    """The pipeline's DAG, parsed as Airflow parses it."""
    bag = DagBag(DAGS)
    assert bag.import_errors == {}
    return bag.dags["sparkify"]


class Run:
    """One manual run of a DAG over a range of hours.

    Args:
        dag: whose tasks are run.
        start: first hour, ISO 8601.
        end: the hour after the last, ISO 8601.
        variables: the Airflow Variables that templates read.
        run_id: names the run; the same id is the same run, as a retry or a cleared task would be.
    """

    def __init__(
        self, dag: DAG, start: str | None, end: str | None, variables: dict[str, str], run_id: str | None = None
    ) -> None:
        self.dag = dag
        self.run_id = run_id or f"manual__{start}_{end}_{datetime.now(timezone.utc).isoformat()}"
        self.params = {"start": start, "end": end}
        self.variables = variables
        self.xcoms: dict[str, Any] = {}

    def task(self, task_id: str) -> Any:
        """Render and execute one task, whatever the state of the others.

        Returns:
            What it would push as XCom.
        """
        return self.execute(self.rendered(task_id))

    def rendered(self, task_id: str) -> Any:
        """A copy of a task with its templated fields rendered, as the UI shows them."""
        task = copy.deepcopy(self.dag.get_task(task_id))
        task.render_template_fields(self.context(task), self.dag.get_template_env())
        return task

    def execute(self, task: Any) -> Any:
        """Execute a rendered task.

        Returns:
            What it would push as XCom.
        """
        self.xcoms.pop(task.task_id, None)
        ExecutorSafeguard.tracker.set(task)  # what the task runner does before it calls execute
        self.xcoms[task.task_id] = task.execute(context=self.context(task))
        return self.xcoms[task.task_id]

    def all(self) -> dict[str, Any]:
        """Execute every task in order; a failure leaves those after it out, as the scheduler would.

        Returns:
            What each pushed, by task id.
        """
        *tasks, cleanup = self.dag.topological_sort()
        try:
            for task in tasks:
                self.task(task.task_id)
        finally:
            self.task(cleanup.task_id)
        return self.xcoms

    def context(self, task: Any) -> dict[str, Any]:
        """What a task is given to execute with, as far as this DAG's tasks look at it."""
        dag_run = SimpleNamespace(
            dag_id=self.dag.dag_id,
            run_id=self.run_id,
            run_type="manual",
            data_interval_start=None,
            data_interval_end=None,
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
            ),
            "var": {"value": self.variables},
        }
