"""Runs of the DAG: started, watched until they end, and explained when they fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from include.sandbox.airflow import DAG_ID, run_command
from include.sandbox.api import AirflowApi, Task
from include.sandbox.services import Sandbox
from include.sandbox.state import SandboxError
from include.sandbox.terminal import printable

POLL_SECONDS = 0.7
RUN_ENDED = {"success", "failed"}
TASK_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
BACKFILL_SECONDS = 300.0
RUNS_AT_ONCE = 4
HOUR = timedelta(hours=1)


@dataclass
class Runs:
    """Starts runs of the DAG and shows their progress.

    Args:
        sandbox: where Airflow runs.
        api: its REST API.
        console: where progress is shown.
        check: raises when a process that the runs need has ended.
        reprocess: which hours that have been run a backfill runs again: `completed` (all), `failed` or `none`.
    """

    sandbox: Sandbox
    api: AirflowApi
    console: Console
    check: Callable[[], None]
    reprocess: str = "completed"
    _told: set[tuple[str, Task]] = field(default_factory=set, init=False)

    def load_range(self, start: datetime, end: datetime, **params: object) -> list[str]:
        """Loads a half-open interval, in UTC, as one run, with further params; returns its id.

        Raises:
            SandboxError: the run failed; the message says in which task and why.
        """
        run_id = self.api.trigger(DAG_ID, {**params, "start": start.isoformat(), "end": end.isoformat()})
        with self._progress() as progress:
            bar = progress.add_task(f"{_span(start, end)} as one run", total=None)
            while (state := self.api.run_state(DAG_ID, run_id)) not in RUN_ENDED:
                self._show_tasks(progress, bar, run_id)
                self._wait()
            self._show_tasks(progress, bar, run_id)
        self._require_success({run_id: state})
        return [run_id]

    def load_blocks(self, hours: Sequence[datetime]) -> list[str]:
        """Loads exactly these hours, in order, those that follow each other as one run; returns the runs' ids.

        Raises:
            SandboxError: a run failed.
        """
        from sparkify.interval import Interval  # Airflow's SDK takes seconds to import

        return [run_id for block in Interval.blocks(hours) for run_id in self.load_range(block.start, block.end)]

    def load_hours(self, start: datetime, end: datetime) -> list[str]:
        """Loads every hour of a half-open interval, in UTC, as a run of its own by `airflow backfill create`.

        Returns:
            The ids of the runs.

        Raises:
            SandboxError: a run failed; those that had not started are cancelled.
        """
        self._close_backfills()
        with self._progress() as progress:
            bar = progress.add_task(f"{_span(start, end)} hour by hour", total=(end - start) // HOUR)
            self._create_backfill(start, end)
            while True:
                states = self.api.runs_between(DAG_ID, start, end)
                progress.update(bar, completed=sum(state in RUN_ENDED for state in states.values()))
                if "failed" in states.values() or (states and set(states.values()) <= RUN_ENDED):
                    break
                self._wait()
        self._close_backfills()
        self._require_success(states)
        return list(states)

    def _create_backfill(self, start: datetime, end: datetime) -> None:
        last = end - HOUR  # --to-date is inclusive
        run_command(
            self.sandbox, "backfill",
            ["backfill", "create", "--dag-id", DAG_ID, "--from-date", start.isoformat(), "--to-date", last.isoformat(),
             "--max-active-runs", str(RUNS_AT_ONCE), "--reprocess-behavior", self.reprocess],
            BACKFILL_SECONDS,
        )  # fmt: skip

    def _close_backfills(self) -> None:
        """Airflow calls a backfill complete up to 30 s after its last run, and refuses another one until then."""
        for backfill_id in self.api.unfinished_backfills(DAG_ID):
            self.api.close_backfill(backfill_id)

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console)

    def _show_tasks(self, progress: Progress, bar: TaskID, run_id: str) -> None:
        tasks = self.api.tasks(DAG_ID, run_id)
        progress.update(bar, total=len(tasks), completed=sum(task.state in TASK_ENDED for task in tasks))

    def _wait(self) -> None:
        """Waits for the next look; tells why an attempt failed as soon as it has, the next one may be minutes away."""
        for failed in self.api.waiting_for_retry(DAG_ID):
            if failed not in self._told:
                self._told.add(failed)
                run_id, task = failed
                why = escape(printable(self.reason(run_id, task)))
                self.console.print(f"{task.name} of {run_id} is tried again. {why}", soft_wrap=True)
        self.check()
        time.sleep(POLL_SECONDS)

    def _require_success(self, states: dict[str, str]) -> None:
        failed = [run_id for run_id, state in states.items() if state != "success"]
        if failed:
            raise SandboxError("\n".join(self.explained(run_id) for run_id in failed))

    def explained(self, run_id: str) -> str:
        """Returns which tasks of a failed run failed, and the text of each one's error."""
        failed = [task for task in self.api.tasks(DAG_ID, run_id) if task.state == "failed"]
        lines = [f"  task {task.name}, attempt {task.attempt}: {self.reason(run_id, task)}" for task in failed]
        return "\n".join([f"Run {run_id} of the DAG {DAG_ID} failed.", *lines])

    def reason(self, run_id: str, task: Task) -> str:
        """Returns the error in the log of a task's last attempt."""
        entries = self.api.log(DAG_ID, run_id, task.name, task.attempt)
        errors = [detail for entry in entries for detail in entry.get("error_detail") or []]
        if errors:
            return f"{errors[0]['exc_type']}: {errors[0]['exc_value']}"
        return "\n".join(entry["event"] for entry in entries[-10:]) or "its log is empty."


def _span(start: datetime, end: datetime) -> str:
    return f"[{start:%Y-%m-%d %H:%M}, {end:%Y-%m-%d %H:%M})"
