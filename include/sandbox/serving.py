"""The sandbox for an Airflow that runs elsewhere, as in docker-compose.yaml: services, sample and settings."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from include.sandbox import data, process
from include.sandbox.airflow import DAG_ID, open_api
from include.sandbox.api import AirflowApi
from include.sandbox.commands import stay
from include.sandbox.loads import Request, load, load_today
from include.sandbox.services import Sandbox, pipeline_environment
from include.sandbox.state import SandboxError, State, write_private, write_ready

AIRFLOW_SECONDS = 1800.0  # it may be installed and migrated first
CONNECTION, VARIABLE = "AIRFLOW_CONN_", "AIRFLOW_VAR_"
FILES = {CONNECTION: "connections.json", VARIABLE: "variables.json"}


@dataclass(frozen=True)
class Elsewhere:
    """An Airflow that uses the sandbox without being a part of it.

    Args:
        address: of its API server.
        password: of its administrator.
        settings: folder from which its LocalFilesystemBackend reads connections.json and variables.json.
    """

    address: str
    password: str
    settings: Path


def serve(root: Path, airflow: Elsewhere, source: str | None, console: Console) -> None:
    """Serves until stopped; loads the data through that Airflow's DAG if it never was; over the sample, feeds it.

    A load that fails is told and left to a person, who can still correct and clear it; the next start tries again.

    Args:
        root: state folder.
        airflow: who is served.
        source: folder that the source bucket is to be filled from; None for what it holds, or the sample.
        console: where progress and the report are told.

    Raises:
        SandboxError: a service ended, the data is refused, or Airflow is not there after half an hour.
    """
    state = _introduced(root, airflow)
    chosen = data.resolve(state, source)
    sandbox = Sandbox(root, fill=functools.partial(data.fill, source=chosen))
    with process.stopped_by_signals(), sandbox, _settings(airflow.settings, sandbox):
        _start(sandbox, airflow, schedule=chosen == data.SAMPLE)
        console.print("The sandbox is ready; it waits for Airflow.")
        api = open_api(sandbox.state)
        children = sandbox.children
        process.wait_until(api.is_healthy, AIRFLOW_SECONDS, f"Airflow at {airflow.address}", children)
        process.wait_until(lambda: api.has_dag(DAG_ID), AIRFLOW_SECONDS, f"The DAG {DAG_ID}", children)
        if not sandbox.state.loaded:
            _load(sandbox, api, console)
        stay(sandbox.check)


def _introduced(root: Path, airflow: Elsewhere) -> State:
    """Returns the state, which knows that Airflow from now on: `status` and other commands ask it."""
    state = State.load(root)
    state.airflow, state.secrets["airflow_admin"] = airflow.address, airflow.password
    (root / "ready" / "up.json").unlink(missing_ok=True)
    state.save()
    return state


def _start(sandbox: Sandbox, airflow: Elsewhere, *, schedule: bool) -> None:
    if schedule:
        sandbox.start_feed()
    since = datetime.now(timezone.utc).isoformat()
    write_ready(sandbox.root, "up", {"ui": airflow.address, "schedule": schedule, "since": since})


def _load(sandbox: Sandbox, api: AirflowApi, console: Console) -> None:
    try:
        load(sandbox, api, sandbox.check, Request(), console, show_single_hours=False)
        if sandbox.state.source == data.SAMPLE:
            load_today(sandbox, api, sandbox.check, console)
    except SandboxError as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _settings(folder: Path, sandbox: Sandbox) -> Iterator[None]:
    """Hands over connections and variables, with the keys of this start, and takes them back at the end."""
    environment = pipeline_environment(sandbox.state)
    for prefix, name in FILES.items():
        found = {key[len(prefix) :].lower(): value for key, value in environment.items() if key.startswith(prefix)}
        parsed = {key: json.loads(value) for key, value in found.items()} if prefix == CONNECTION else found
        write_private(folder / name, json.dumps(parsed))
    try:
        yield
    finally:
        for name in FILES.values():
            write_private(folder / name, "{}")
