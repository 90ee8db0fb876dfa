"""Waiting for what Airflow does: never without end, and never without a word of what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from rich.console import Console
from rich.markup import escape

from include.sandbox.airflow import DAG_ID, POOLS
from include.sandbox.api import AirflowApi, Task
from include.sandbox.backfills import RUN_ENDED
from include.sandbox.failures import reason
from include.sandbox.state import SandboxError
from include.sandbox.terminal import printable

POLL_SECONDS = 0.7
QUIET = timedelta(seconds=60)  # without any change, after which it is said what is waited for
# A task may take 30 minutes, and the next attempt may come 10 minutes after the last (`default_args` of the DAG).
LONGEST = timedelta(minutes=45)
NAMED = 3  # of what is waited for; more is only counted


@dataclass
class Waiting:
    """Looks that follow each other until something has ended.

    Args:
        api: Airflow's REST API.
        console: where it is said what is waited for.
        check: raises when what the runs need has ended.
        reported: attempts that failed and were reported already; more are added.
        obstacles: what else may keep the runs from going on, in sentences.
        longest: how long nothing may change.
    """

    api: AirflowApi
    console: Console
    check: Callable[[], None]
    reported: set[tuple[str, Task]]
    obstacles: Callable[[], list[str]]
    longest: timedelta
    _seen: object = field(default=None, init=False)
    _since: datetime = field(default_factory=lambda: datetime.now(timezone.utc), init=False)
    _named: bool = field(default=False, init=False)

    def next_look(self, awaited: Mapping[str, str]) -> None:
        """Waits until it is worth to look again.

        Args:
            awaited: the state by name of what is waited for, as it is now.

        Raises:
            SandboxError: nothing has changed for a while, and something stands in the way, or for too long.
        """
        self.check()
        active = self.api.active_tasks(DAG_ID)
        self._report_failures(active)
        seen = dict(awaited), [one for one in active if one[0] in awaited]
        now = datetime.now(timezone.utc)
        if seen != self._seen:
            self._seen, self._since, self._named = seen, now, False
        elif now - self._since > min(QUIET, self.longest):
            self._name(awaited, now)
        time.sleep(POLL_SECONDS)

    def _name(self, awaited: Mapping[str, str], now: datetime) -> None:
        open_ones = [f"{name} ({state})" for name, state in awaited.items() if state not in RUN_ENDED]
        more = f" and {len(open_ones) - NAMED:,} more" if len(open_ones) > NAMED else ""
        what = f"{', '.join(open_ones[:NAMED])}{more}; nothing has changed since {self._since:%H:%M:%S} UTC"
        found = [*self._general_obstacles(), *self.obstacles()]
        if found:
            listed = "\n".join(f"  {one}" for one in found)
            raise SandboxError(
                f"Gave up waiting for {what}.\n{listed}\nWhat was started stays in Airflow and goes on then."
            )
        if now - self._since > self.longest:
            raise SandboxError(
                f"Gave up waiting for {what}. See its page in the UI, and the log of the scheduler. "
                "What was started stays in Airflow."
            )
        if not self._named:
            self._named = True
            self.console.print(f"Waiting for {what}.", markup=False, highlight=False, soft_wrap=True)

    def _general_obstacles(self) -> list[str]:
        """Returns what keeps every run of the DAG from going on."""
        paused = self.api.is_paused(DAG_ID)
        return [
            *([f"The DAG {DAG_ID} is paused: unpause it in the UI."] if paused else []),
            *(
                f"The pool {name} does not exist, so its tasks never start: `airflow pools import include/pools.json`."
                for name in POOLS
                if not self.api.has_pool(name)
            ),
            *(
                f"The {name} of Airflow has no heartbeat: see its log; `make down` and `make up` start it again."
                for name in self.api.unhealthy()
            ),
        ]

    def _report_failures(self, active: list[tuple[str, Task]]) -> None:
        """Says why an attempt failed as soon as it has: the next one may be minutes away."""
        for failed in active:
            if failed[1].state == "up_for_retry" and failed not in self.reported:
                self.reported.add(failed)
                run_id, task = failed
                why = escape(printable(reason(self.api, run_id, task)))
                self.console.print(f"{task.name} of {run_id} is tried again. {why}", soft_wrap=True)
