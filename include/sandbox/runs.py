"""Runs of the DAG: started, watched until they end, and judged by what they have published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from include.sandbox import failures
from include.sandbox.airflow import DAG_ID, run_command
from include.sandbox.api import AirflowApi, Task
from include.sandbox.backfills import HOUR, RUN_ENDED, Backfill, Backfills, Slot, span
from include.sandbox.publications import Publications, moment
from include.sandbox.services import Sandbox
from include.sandbox.state import Lock, SandboxError
from include.sandbox.waiting import LONGEST, Waiting

TASK_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
BACKFILL_SECONDS = 300.0
RUNS_AT_ONCE = 4
# The scheduler looks every 30 s for backfills whose runs have all ended (SchedulerJobRunner._mark_backfills_complete).
COMPLETE = timedelta(minutes=3)
REFUSED = "AlreadyRunningBackfill"
ATTEMPTS = 5  # to be the next when several people wait


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
    _reported: set[tuple[str, Task]] = field(default_factory=set, init=False)
    _backfills: Backfills = field(init=False)

    def __post_init__(self) -> None:
        self._backfills = Backfills(self.sandbox.metadata_dsn(), DAG_ID)

    def load_range(self, start: datetime, end: datetime, **params: object) -> list[str]:
        """Loads a half-open interval, in UTC, as one run, with further params; returns its id.

        Raises:
            SandboxError: the run failed, in which task and why; or it ended as a success that published nothing.
        """
        since, waiting = moment(self.sandbox.state), self._waiting()
        run_id = self.api.trigger(DAG_ID, {**params, "start": start.isoformat(), "end": end.isoformat()})
        with self._progress() as progress:
            bar = progress.add_task(f"{span(start, end)} as one run", total=None)
            while (state := self.api.run_state(DAG_ID, run_id)) not in RUN_ENDED:
                self._show_tasks(progress, bar, run_id)
                waiting.next_look({run_id: state})
            self._show_tasks(progress, bar, run_id)
        if state != "success":
            raise SandboxError(self.explained(run_id))
        if wrong := Publications.found(self.sandbox.state, since).missing_in_run(run_id, start, end):
            raise SandboxError(wrong)
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

        Airflow has one backfill of a DAG at a time: that of somebody else goes first. The end of this one is left to
        Airflow, which completes it some seconds after its last run.

        Returns:
            The ids of the runs.

        Raises:
            SandboxError: a run failed, the others were run all the same; or an hour was not loaded, and why.
        """
        since = moment(self.sandbox.state)
        with self._progress() as progress:
            backfill = self._create(start, end, progress)
            with self._said_if_left(backfill):
                slots = self._ended(backfill, progress, f"{span(start, end)} hour by hour")
        own = {slot.run_id: slot.state for slot in slots if slot.run_id and not slot.refusal}
        hours = [start + n * HOUR for n in range((end - start) // HOUR)]
        missing = Publications.found(self.sandbox.state, since).missing(hours, slots)
        wrong = [*(self.explained(run_id) for run_id, state in own.items() if state == "failed"), *missing]
        if wrong:
            raise SandboxError("\n".join(wrong))
        return list(own)

    def explained(self, run_id: str) -> str:
        """Returns which tasks of a failed run failed, and the text of each one's error."""
        return failures.explained(self.api, run_id)

    def _create(self, start: datetime, end: datetime, progress: Progress) -> Backfill:
        """Creates a backfill once Airflow allows it; that of somebody else is never cancelled."""
        last = end - HOUR  # --to-date is inclusive
        command = ["backfill", "create", "--dag-id", DAG_ID, "--from-date", start.isoformat(),
                   "--to-date", last.isoformat(), "--max-active-runs", str(RUNS_AT_ONCE),
                   "--reprocess-behavior", self.reprocess]  # fmt: skip
        for _ in range(ATTEMPTS):
            for other in self._backfills.unfinished():
                self._let_finish(other, progress)
            try:
                run_command(self.sandbox, "backfill", command, BACKFILL_SECONDS)
            except SandboxError as error:
                if REFUSED not in str(error):  # somebody was faster
                    raise
                continue
            created = self._backfills.last()
            if created and (created.start, created.end) == (start, end):
                return created
        raise SandboxError(f"Other backfills of the DAG {DAG_ID} came first {ATTEMPTS} times: try again later.")

    def _let_finish(self, other: Backfill, progress: Progress) -> None:
        """Waits until Airflow holds another backfill for complete."""
        self._ended(other, progress, f"waits for {other}")
        waiting, awaited = self._waiting(longest=COMPLETE), {str(other): "ended, not marked as complete yet"}
        while other.id in (one.id for one in self._backfills.unfinished()):
            waiting.next_look(awaited)

    def _ended(self, backfill: Backfill, progress: Progress, what: str) -> list[Slot]:
        """Waits until a backfill has nothing left to run."""
        bar = progress.add_task(what, total=(backfill.end - backfill.start) // HOUR)
        waiting = self._waiting(lambda: self._paused(backfill))
        while True:
            slots = self._backfills.slots(backfill.id)
            ended = [slot for slot in slots if slot.has_ended]
            progress.update(bar, completed=sum(not slot.refusal for slot in ended))
            if slots and len(ended) == len(slots):  # without any, it is still being made
                return slots
            waiting.next_look({slot.run_id: slot.state for slot in slots} or {str(backfill): "being made"})

    def _paused(self, backfill: Backfill) -> list[str]:
        paused = [one for one in self._backfills.unfinished() if one.id == backfill.id and one.paused]
        return [f"The {one} is paused: unpause or cancel it in the UI." for one in paused]

    @contextmanager
    def _said_if_left(self, backfill: Backfill) -> Iterator[None]:
        """Says what becomes of a backfill whose command is interrupted."""
        try:
            yield
        except KeyboardInterrupt:
            ours = Lock(self.sandbox.root).holder() == os.getpid()
            when = "goes on with the next `make up`" if ours else "goes on in Airflow"
            self.console.print(
                f"The {backfill}, {when}. To stop it, cancel it in the UI (Browse, or the DAG's page: Backfills).",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
            raise

    def _waiting(self, obstacles: Callable[[], list[str]] = list, longest: timedelta = LONGEST) -> Waiting:
        return Waiting(self.api, self.console, self.check, self._reported, obstacles, longest)

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console)

    def _show_tasks(self, progress: Progress, bar: TaskID, run_id: str) -> None:
        tasks = self.api.tasks(DAG_ID, run_id)
        progress.update(bar, total=len(tasks), completed=sum(task.state in TASK_ENDED for task in tasks))
