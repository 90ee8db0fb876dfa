"""Runs that call their callbacks as Airflow does, and an inbox that shows what each of them caused to arrive."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from include.sandbox.inbox import letters, readable
from include.sandbox.services import alert_environment
from tests.pipeline import Run, variables_in

CHANNELS = ("mail", "slack", "sns", "webhook")
UI = "https://airflow.example"


class AlertingRun(Run):
    """Remembers the state of its tasks, and calls the callbacks of a task's end with it, in this process."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        super().__init__(*arguments, **how)
        self.states: dict[str, str] = {}
        self.logical_date: datetime | None = None

    def context(self, task: Any) -> dict[str, Any]:
        made = super().context(task)
        states = {self.run_id: self.states}
        made["dag_run"].logical_date = self.logical_date
        ti = SimpleNamespace(**{**vars(made["ti"]), "get_task_states": lambda dag_id, run_ids: states})
        return {**made, "ti": ti}

    def ended(self, task_id: str, error: BaseException | None = None) -> None:
        """A task has ended: what Airflow's task runner does then."""
        self.states[task_id] = "failed" if error else "success"
        task = self.dag.get_task(task_id)
        context = {**self.context(task), **({"exception": error} if error else {})}
        for callback in task.on_failure_callback if error else task.on_success_callback:
            callback(context)

    def load(self) -> None:
        """Run all tasks to their ends; a failure leaves out what is downstream of it."""
        *tasks, cleanup = self.dag.topological_sort()
        for task in [*tasks, cleanup]:
            upstream = {self.states.get(name) for name in task.upstream_task_ids}
            if task is not cleanup and upstream & {"failed", "upstream_failed"}:
                self.states[task.task_id] = "upstream_failed"
                continue
            try:
                self.attempt(task.task_id)
            except Exception as error:
                self.ended(task.task_id, error)
            else:
                self.ended(task.task_id)
        if "failed" in self.states.values():
            self.failed()

    def failed(self, reason: str = "task_failure") -> None:
        """The run has failed: what the DAG processor does then."""
        self.dag.on_failure_callback({**self.context(self.dag.get_task("cleanup")), "reason": reason})


@pytest.fixture(autouse=True)
def ui(monkeypatch):
    """Airflow's address, which messages link to."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", UI)


@pytest.fixture
def channels(sandbox):
    """The Variables that choose all channels."""
    return variables_in(alert_environment(sandbox.services.state))


@pytest.fixture
def alerting(pipeline, channels):
    """Makes runs of the pipeline that alert."""

    def make(start="2018-12-01", end="2018-12-02", **how):
        return AlertingRun(pipeline.dag, start, end, {**pipeline.variables, **channels}, **how)

    return make


@pytest.fixture
def arrived(sandbox, pipeline):
    """What has arrived of this test's runs by channel; the inbox is shared by all tests."""

    def of(*run_ids):
        found = {channel: [] for channel in CHANNELS}
        for letter in letters(sandbox.services.state):
            if any(run_id in letter.text for run_id in run_ids):
                found[letter.channel].append(readable(letter))
        return found

    return of
