"""What a person does in Airflow: start a run in one of its ways, and interfere with it."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from include.sandbox.airflow import ADMIN, DAG_ID, run_command
from include.sandbox.state import SandboxError
from tests.by_hand.cells import Cell, Interference, Start
from tests.by_hand.world import ENDED, HOUR, World, wait_for

COMMAND_SECONDS = 240.0
FIRST, MIDDLE = "stage_events", "load_songplays"
CLEARED: dict[Interference, dict[str, Any]] = {
    Interference.CLEAR_TASK: {"task_ids": [MIDDLE]},
    Interference.CLEAR_UPSTREAM: {"task_ids": [MIDDLE], "include_upstream": True},
    Interference.CLEAR_DOWNSTREAM: {"task_ids": [FIRST], "include_downstream": True},
}
MARKED_TASK = {Interference.FAIL_TASK: "failed", Interference.PASS_TASK: "success"}
MARKED_RUN = {Interference.FAIL_RUN: "failed", Interference.PASS_RUN: "success"}


@dataclass
class Person:
    """Somebody with the rights of an administrator.

    Args:
        world: whose Airflow it is.
    """

    world: World
    _commands: list[threading.Thread] = field(default_factory=list, init=False)
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        api = self.world.api
        self._client = httpx.Client(base_url=api.address, timeout=60, trust_env=False)
        token = self._client.post("/auth/token", json={"username": ADMIN, "password": api.password}).json()
        self._client.headers["Authorization"] = f"Bearer {token['access_token']}"

    def wait_for_commands(self) -> None:
        """Wait until the commands that run beside the scheduler have ended."""
        for command in self._commands:
            command.join()

    def start(self, cell: Cell, hour: datetime) -> str:
        """Start a run of an hour.

        Returns:
            Its id; empty if Airflow refused to make one.
        """
        run_id = f"by_hand__{cell.start.name}__{hour:%Y%m%dT%H}"
        params = {"start": hour.isoformat(), "end": (hour + HOUR).isoformat()}
        if cell.start is Start.SCHEDULE:
            return wait_for(functools.partial(self._run_of, hour, "scheduled"), f"the scheduled run of {hour}")
        if cell.start.behaviour:
            return self._backfill(hour, cell.start.behaviour)
        if cell.start is Start.DAGS_TEST:
            arguments = ("dags", "test", DAG_ID, hour.isoformat(), "--conf", json.dumps(params))
            command = threading.Thread(target=self._command, args=(run_id, *arguments))
            command.start()
            self._commands.append(command)
            return wait_for(functools.partial(self._run_of, hour, "manual"), f"the run that {arguments[:4]} makes")
        if cell.start is Start.OPERATOR:
            self._post("/dags/caller/dagRuns", {"logical_date": None, "conf": {**params, "run_id": run_id}})
            return wait_for(lambda: self._state(run_id) and run_id, f"{run_id}, from another DAG")
        if cell.start in (Start.COMMAND, Start.COMMAND_DATE):
            chosen = ["--conf", json.dumps(params)] if cell.start is Start.COMMAND else ["-l", hour.isoformat()]
            self._command(run_id, "dags", "trigger", DAG_ID, "--run-id", run_id, *chosen)
            return run_id
        return run_id if self._post(*self._request(cell.start, run_id, hour, params)) else ""

    def _request(self, start: Start, run_id: str, hour: datetime, params: dict[str, str]) -> tuple[str, dict[str, Any]]:
        """The address and the body by which the form, or a program, starts a run."""
        body: dict[str, Any] = {"dag_run_id": run_id, "logical_date": None, "conf": {}}
        if start is Start.MATERIALIZE:
            assets = self._get("/assets", name_pattern="sparkify.songplays")["assets"]
            return f"/assets/{assets[0]['id']}/materialize", {**body, "conf": params}
        chosen: dict[Start, dict[str, Any]] = {
            Start.FORM: {"conf": params},
            Start.FORM_DATE: {"logical_date": hour.isoformat()},
            Start.FORM_PART: {
                "logical_date": hour.isoformat(),
                "data_interval_start": hour.isoformat(),
                "data_interval_end": (hour + HOUR / 2).isoformat(),
            },
            Start.REST: {"conf": params, "logical_date": hour.isoformat()},
        }
        return f"/dags/{DAG_ID}/dagRuns", {**body, **chosen[start]}

    def _backfill(self, hour: datetime, behaviour: str) -> str:
        self.backfill(hour, hour + HOUR, behaviour)
        return self._run_of(hour, "backfill")

    def backfill(self, start: datetime, end: datetime, behaviour: str) -> int:
        """Make a backfill of a half-open range, as soon as Airflow holds the one before it for complete.

        Returns:
            Its id.
        """
        body = {
            "dag_id": DAG_ID, "from_date": start.isoformat(), "to_date": (end - HOUR).isoformat(),
            "reprocess_behavior": behaviour, "max_active_runs": 4,
        }  # fmt: skip
        made = wait_for(lambda: self._post("/backfills", body), f"the backfill before that of {start}")
        return int(made["id"])

    def interfere(self, cell: Cell, run_id: str) -> None:
        """Do to a run what a cell says, at the moment at which people do it; the whole scheduler is not its concern."""
        how = cell.interference
        if how in (Interference.NOTHING, Interference.PAUSE, Interference.KILL):
            return
        if how is Interference.CLEAR_RUN or how in CLEARED:
            self.wait_for_end(run_id)
            self.clear(how, run_id)
            return
        task = wait_for(lambda: self._task_at_work(run_id), f"a task of {run_id} at work")
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}"
        if how in MARKED_TASK:
            self._send("PATCH", f"{path}/taskInstances/{task}", {"new_state": MARKED_TASK[how]})
        elif how in MARKED_RUN:
            self._send("PATCH", path, {"state": MARKED_RUN[how]})
        else:
            self._send("DELETE", path)

    def wait_for_end(self, run_id: str) -> None:
        """Wait until a run has ended; one that was deleted has."""
        wait_for(lambda: self._state(run_id) in (*ENDED, ""), f"the end of {run_id}")

    def pause(self, paused: bool) -> None:
        """Pause the DAG, or let it go on."""
        self._send("PATCH", f"/dags/{DAG_ID}", {"is_paused": paused})

    def mark_failed(self, run_id: str) -> None:
        """Mark a run as failed."""
        self._send("PATCH", f"/dags/{DAG_ID}/dagRuns/{run_id}", {"state": "failed"})

    def run_range(self, start: datetime, end: datetime) -> str:
        """Start one run of a range."""
        return self.world.api.trigger(DAG_ID, {"start": start.isoformat(), "end": end.isoformat()})

    def runs_in(self, start: datetime, end: datetime) -> list[str]:
        """The runs whose logical date lies in a range."""
        dates = {"logical_date_gte": start.isoformat(), "logical_date_lt": end.isoformat()}
        return [str(run["dag_run_id"]) for run in self.world.api.runs(DAG_ID, **dates)]

    def is_at_work(self, hours: list[datetime]) -> bool:
        """Whether a run of one of these hours runs, or all are over."""
        named = [f"{hour:%Y%m%dT%H}" for hour in hours]
        dates = {hour.isoformat() for hour in hours}
        runs = [
            run
            for run in self.world.api.runs(DAG_ID)
            if any(name in run["dag_run_id"] for name in named) or _iso(run["logical_date"]) in dates
        ]
        return any(run["state"] == "running" for run in runs) or (
            len(runs) >= len(hours) and all(run["state"] in ENDED for run in runs)
        )

    def clear(self, how: Interference, run_id: str) -> None:
        """Clear tasks of a run that has ended, with what the UI clears besides."""
        body: dict[str, Any] = {"dry_run": False, "only_failed": False}
        if how is Interference.CLEAR_RUN:
            self._post(f"/dags/{DAG_ID}/dagRuns/{run_id}/clear", body)
        else:
            body |= {"dag_run_id": run_id, "reset_dag_runs": True, **CLEARED[how]}
            self._post(f"/dags/{DAG_ID}/clearTaskInstances", body)

    def _task_at_work(self, run_id: str) -> str:
        tasks = self._tasks(run_id)
        busy = [task.name for task in tasks if task.state == "running" and task.name not in ("prepare", "cleanup")]
        return busy[0] if busy else (FIRST if not tasks or self._state(run_id) in (*ENDED, "") else "")

    def _tasks(self, run_id: str) -> list[Any]:
        return self.world.api.tasks(DAG_ID, run_id) if self._state(run_id) else []

    def _state(self, run_id: str) -> str:
        answer = self._ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")
        return str(answer.json()["state"]) if answer.is_success else ""

    def _run_of(self, hour: datetime, kind: str) -> str:
        runs = self._get(
            f"/dags/{DAG_ID}/dagRuns", logical_date_gte=hour.isoformat(), logical_date_lte=hour.isoformat()
        )["dag_runs"]
        return next((str(run["dag_run_id"]) for run in runs if run["run_type"] == kind), "")

    def _command(self, name: str, *arguments: str) -> None:
        # a command may refuse, or fail with its run: what was published is looked at all the same
        with contextlib.suppress(SandboxError):
            run_command(self.world.airflow.sandbox, name, list(arguments), COMMAND_SECONDS)

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self._ask("GET", path, params=query)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What Airflow answers; empty if it refuses."""
        answer = self._ask("POST", path, json=body)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success else {}

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        answer = self._ask(method, path, json=body)
        assert answer.status_code < 500, answer.text

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return self._client.request(method, f"/api/v2{path}", **arguments)


def _iso(text: str | None) -> str:
    return text.replace("Z", "+00:00") if text else ""
