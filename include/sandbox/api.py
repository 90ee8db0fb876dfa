"""A client of Airflow's REST API: health, runs, tasks, logs, and what tasks returned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.sandbox.state import SandboxError

SECONDS, PATIENT = 30, 4  # until an answer is given up, and how often it is asked for
PAGE = 100  # the API's own limit (Airflow: configuration reference, `[api] maximum_page_limit`)


class ApiError(SandboxError):
    """The API refused a request."""


class NoAnswerError(ApiError):
    """Nobody answered: the API is gone, or too slow."""


class ImportFailedError(SandboxError):
    """A DAG file cannot be imported; the message holds the traceback."""


@dataclass(frozen=True)
class Task:
    """One task of a run.

    Args:
        name: its task_id.
        state: Airflow's word for its state; empty before it has one.
        attempt: number of the current or last attempt, from 1.
        id: of the attempt; its process carries it as its title.
        host: on which the attempt runs or ran; in a container that is the container's id.
    """

    name: str
    state: str
    attempt: int
    id: str = ""
    host: str = ""


@dataclass
class AirflowApi:
    """Airflow's REST API, version 2.

    Args:
        address: the web server, such as `http://127.0.0.1:8080`.
        user: name of the user to sign in as.
        password: the user's password.
        before_sign_in: raises unless the server is the one that the password is for; called before it is sent.
    """

    address: str
    user: str
    password: str
    before_sign_in: Callable[[], None] = lambda: None
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        # trust_env: a proxy of the environment cannot reach the loopback.
        self._client = httpx.Client(base_url=self.address, timeout=SECONDS, trust_env=False)

    def is_healthy(self) -> bool:
        """Tells whether every component reports that it is healthy."""
        try:
            return not self.unhealthy()
        except ApiError:
            return False

    def unhealthy(self) -> list[str]:
        """Returns the components that do not report that they are healthy."""
        parts = self._checked(self._request("GET", "/api/v2/monitor/health"))
        return [name for name, part in parts.items() if (part or {}).get("status") != "healthy"]

    def page(self, part: str, **query: str) -> tuple[int, Any]:
        """Asks the pipeline's own page for one part of what it shows.

        Returns:
            The status of the answer, and its content; 0 and nothing if nobody answers.
        """
        try:
            answer = self._request("GET", f"/sparkify/api/{part}", params=query, timeout=60)
            return answer.status_code, answer.json()
        except (ApiError, ValueError):  # a proxy's error is no JSON
            return 0, None

    def has_dag(self, dag_id: str) -> bool:
        """Tells whether the DAG is there, imported and current.

        Raises:
            ImportFailedError: a DAG file cannot be imported.
        """
        errors = self._get("/api/v2/importErrors")["import_errors"]
        if errors:
            raise ImportFailedError("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
        answer = self._request("GET", f"/api/v2/dags/{dag_id}")
        return answer.status_code == 200 and not answer.json()["is_stale"]

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Creates a pool, or sets its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        if self.has_pool(name):
            self._send("PATCH", f"/api/v2/pools/{name}", body)
        else:
            self._send("POST", "/api/v2/pools", body)

    def has_pool(self, name: str) -> bool:
        """Tells whether there is a pool of that name."""
        return self._request("GET", f"/api/v2/pools/{name}").status_code != 404

    def is_paused(self, dag_id: str) -> bool:
        """Tells whether runs of a DAG are kept from starting."""
        return bool(self._get(f"/api/v2/dags/{dag_id}")["is_paused"])

    def pause(self, dag_id: str) -> None:
        """Keeps runs of a DAG from starting."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": True})

    def unpause(self, dag_id: str) -> None:
        """Lets runs of a DAG start."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, object], logical_date: str | None = None) -> str:
        """Starts a run with params, without a logical date unless one is given, and returns its id."""
        body = {"logical_date": logical_date, "conf": conf}
        return str(self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def mark(self, dag_id: str, run_id: str, state: str) -> None:
        """Marks a run as `success` or `failed`, as a person does in the UI."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", {"state": state})

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clears one task of a run, and with it its setup and teardown, as the UI does without further choices."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self._send("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def clear_downstream(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clears one task of a run with everything downstream of it, so that the run goes on from there."""
        chosen = {"dag_run_id": run_id, "task_ids": [task_id], "include_downstream": True}
        body = {"dry_run": False, "only_failed": False, "reset_dag_runs": True, **chosen}
        self._send("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def runs(self, dag_id: str, **query: str) -> list[dict[str, Any]]:
        """Returns the runs, as the API describes them; all, or those that a query such as `state="failed"` selects."""
        return self._pages(f"/api/v2/dags/{dag_id}/dagRuns", "dag_runs", query)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Returns Airflow's word for the state of a run."""
        return str(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[Task]:
        """Returns the tasks of a run."""
        found = self._pages(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances", {})
        return [
            Task(task["task_id"], task["state"] or "", task["try_number"], task["id"], task["hostname"] or "")
            for task in found
        ]

    def active_tasks(self, dag_id: str) -> list[tuple[str, Task]]:
        """Returns run id and task of everything that is about to run, runs, or failed and is to be repeated."""
        query = {"state": ["scheduled", "queued", "running", "deferred", "up_for_retry"]}
        found = self._pages(f"/api/v2/dags/{dag_id}/dagRuns/~/taskInstances", "task_instances", query)
        return [(task["dag_run_id"], Task(task["task_id"], task["state"], task["try_number"])) for task in found]

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Returns what a task returned; None if nothing."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self._request("GET", path)
        value = answer.json()["value"] if answer.status_code == 200 else None
        return json.loads(value) if isinstance(value, str) else value

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> list[dict[str, Any]]:
        """Returns the entries of an attempt's log, each with at least `event`."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self._request("GET", path, params={"full_content": "true"}).json().get("content", [])
        return [entry for entry in content if isinstance(entry, dict)]

    def announced(self, dag_id: str, run_id: str) -> list[str]:
        """Returns the names of the assets of which a run emitted an event."""
        query = {"source_dag_id": dag_id, "source_run_id": run_id}
        return [str(event["name"]) for event in self._pages("/api/v2/assets/events", "asset_events", query)]

    def _pages(self, path: str, key: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, **query, limit=PAGE, offset=len(found))
            found += page[key]
            if not page[key] or len(found) >= page["total_entries"]:
                return found

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        for _ in range(PATIENT - 1):  # a machine that is busy answers late, and asking again does no harm
            with suppress(NoAnswerError):
                return self._checked(self._request("GET", path, params=query))
        return self._checked(self._request("GET", path, params=query))

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._checked(self._request(method, path, json=body))

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise ApiError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        content: dict[str, Any] = answer.json()
        return content

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        answer = self._answer(method, path, **arguments)
        if answer.status_code == 401:
            self._sign_in()
            answer = self._answer(method, path, **arguments)
        return answer

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            done = "" if method == "GET" else " Whether it was done all the same, `make status` shows."
            raise NoAnswerError(
                f"{method} {self.address}{path}: Airflow's API does not answer ({str(error) or type(error).__name__})."
                f"{done} If the sandbox was stopped or has ended, `make up` starts it again, and what was started goes "
                "on then; if the machine is overloaded, ask again later."
            ) from error

    def _sign_in(self) -> None:
        self.before_sign_in()
        answer = self._answer("POST", "/auth/token", json={"username": self.user, "password": self.password})
        self._client.headers["Authorization"] = f"Bearer {self._checked(answer)['access_token']}"
