"""Airflow as child processes, configured by its environment only; its metadata is in the embedded PostgreSQL."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import subprocess
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from include.sandbox import process, statsd
from include.sandbox.api import AirflowApi
from include.sandbox.disk import explained
from include.sandbox.ports import is_served
from include.sandbox.process import Child
from include.sandbox.services import Sandbox, pipeline_environment
from include.sandbox.state import LOOPBACK, REPOSITORY, SandboxError, State, write_private

ADMIN = "admin"
DAG_ID = "sparkify"
POOLS = json.loads((REPOSITORY / "include" / "pools.json").read_text())  # as `airflow pools import` takes them
MIGRATE_SECONDS = 180.0
START_SECONDS = 180.0
ATTEMPTS = 3
COMPONENTS = {
    "api-server": [],
    # Task logs are read from the folder: no log server on a port of its own, on every address of the machine.
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
}


@dataclass
class Airflow:
    """The Airflow of a running sandbox.

    Args:
        sandbox: the services that it uses.
        schedule: whether the scheduler starts runs of its own.
        dags: folder of the DAG files.
    """

    sandbox: Sandbox
    schedule: bool
    dags: Path = REPOSITORY / "dags"
    children: list[Child] = field(default_factory=list, init=False)

    def migrate(self) -> None:
        """Creates or upgrades the metadata tables, unless this version of Airflow has already.

        Raises:
            SandboxError: it failed; the message holds the end of the log.
        """
        state, version = self.sandbox.state, importlib.metadata.version("apache-airflow-core")
        if state.metadata_version == version:
            return
        self.run_command("migrate", ["db", "migrate"], MIGRATE_SECONDS)
        state.metadata_version = version
        state.save()

    def start(self) -> AirflowApi:
        """Starts all components and returns once each is healthy and the DAG is there.

        The API server binds its port itself, some time after it was chosen: if another program is there first, another
        port is chosen.

        Raises:
            SandboxError: a component ended or did not get healthy, or the DAG cannot be imported.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._start()
            except SandboxError:
                self.stop()
                if not is_served(LOOPBACK, self.sandbox.state.ports["ui"]):
                    raise
        return self._start()

    def _start(self) -> AirflowApi:
        state = self.sandbox.state
        self.sandbox.hold_port("ui")
        write_private(_passwords(state), json.dumps({ADMIN: state.secret("airflow_admin")}))
        # Airflow imports this module, from a folder of this name, in every process.
        write_private(state.folder("airflow") / "config" / "airflow_local_settings.py", "import sparkify.preload\n")
        for name in COMPONENTS:
            self.start_component(name)
        api = open_api(state)
        port = state.ports["ui"]
        ready = lambda: api.is_healthy() and process.serves(state.root, port)  # noqa: E731
        process.wait_until(ready, START_SECONDS, "Airflow", self.children)
        for name, pool in POOLS.items():
            api.ensure_pool(name, **pool)
        process.wait_until(lambda: api.has_dag(DAG_ID), START_SECONDS, f"The DAG {DAG_ID}", self.children)
        return api

    def start_component(self, name: str) -> None:
        """Starts one of the components; `start` starts all, and a test one that it has killed."""
        state = self.sandbox.state
        address = (
            ["--host", LOOPBACK, "--port", str(state.ports["ui"]), "--workers", "1"] if name == "api-server" else []
        )
        command = process.python_command("airflow", name, *COMPONENTS[name], *address)
        environment = airflow_environment(self.sandbox, schedule=self.schedule, dags=self.dags)
        self.children.append(process.spawn(state.root, name, command, environment))

    def stop(self) -> None:
        """Stops all components; the triggerer would take 10 s to see that it has no triggers to clean up."""
        process.stop(self.children, seconds=6)
        self.children.clear()

    def check(self) -> None:
        """Raises SandboxError, with the end of its log, if a component has ended."""
        for child in self.children:
            child.check()

    def run_command(self, name: str, arguments: list[str], seconds: float) -> None:
        """Runs one command of Airflow's command line to its end, its output in `logs/NAME.log`.

        Args:
            name: name of the log.
            arguments: the command.
            seconds: the longest that it may take.

        Raises:
            SandboxError: it failed or took too long.
        """
        run_command(self.sandbox, name, arguments, seconds)


def run_command(sandbox: Sandbox, name: str, arguments: list[str], seconds: float) -> None:
    """Runs one command of Airflow's command line; see `Airflow.run_command`."""
    environment = airflow_environment(sandbox, schedule=False)
    child = process.spawn(sandbox.root, name, process.python_command("airflow", *arguments), environment)
    try:
        code = child.popen.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"airflow {' '.join(arguments)} took longer than {seconds:.0f} s: {child.log}") from error
    finally:
        process.stop([child])
    if code != 0:
        message = f"airflow {' '.join(arguments)} failed; the end of {child.log}:\n{process.tail(child.log)}"
        raise SandboxError(explained(sandbox.root, message))


def open_api(state: State) -> AirflowApi:
    """Returns a client of the REST API of this sandbox's Airflow, signed in as the administrator."""
    # An Airflow elsewhere is not a process of the sandbox: there the address alone is trusted.
    check = functools.partial(process.require_ours, state.root, state.ports.get("ui", 0), "The sandbox's Airflow")
    return AirflowApi(
        ui_address(state), ADMIN, state.secret("airflow_admin"), (lambda: None) if state.airflow else check
    )


def ui_address(state: State) -> str:
    """Returns the address of the UI."""
    return state.airflow or f"http://{LOOPBACK}:{state.ports['ui']}"


def airflow_environment(sandbox: Sandbox, *, schedule: bool, dags: Path = REPOSITORY / "dags") -> dict[str, str]:
    """Returns Airflow's whole configuration, with the connections and variables of the pipeline.

    Args:
        sandbox: running services.
        schedule: whether the scheduler creates runs by timetable. Without it, runs that are triggered or backfilled
            are still run (Airflow: configuration reference, `[scheduler] use_job_schedule`).
        dags: folder of the DAG files.
    """
    state = sandbox.state
    settings = {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__PARALLELISM": "8",  # the five loads of a run at once, and no more processes than two cores can feed
        "CORE__FERNET_KEY": urlsafe_b64encode(sha256(state.secret("airflow_fernet").encode()).digest()).decode(),
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords(state)),
        "CORE__EXECUTION_API_SERVER_URL": f"{ui_address(state)}/execution/" if "ui" in state.ports else "",
        "DATABASE__SQL_ALCHEMY_CONN": sandbox.metadata_dsn().replace("postgresql://", "postgresql+psycopg2://"),
        "API__BASE_URL": ui_address(state) if "ui" in state.ports else "",
        "API__SECRET_KEY": state.secret("airflow_session"),
        "API_AUTH__JWT_SECRET": state.secret("airflow_jwt", size=48),
        # The scheduler sleeps this long after every layer of the graph; 1 s by default.
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        # A task whose process is gone with its scheduler is noticed after a minute, not after five.
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "SCHEDULER__USE_JOB_SCHEDULE": str(schedule),
        # The scheduler starts tasks before the API server, started beside it, answers them: half a minute, not 10 s.
        "WORKERS__EXECUTION_API_RETRIES": "12",
        "WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "5",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        "LOGGING__COLORED_CONSOLE_LOG": "False",
    }
    home = {"AIRFLOW_HOME": str(state.folder("airflow"))}
    ours = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    return {**home, **ours, **_observed(), **pipeline_environment(state)}


def _observed() -> dict[str, str]:
    """Returns the settings that the environment's LINEAGE (a folder) and STATSD (host:port) ask for."""
    lineage, metrics = os.environ.get("LINEAGE"), os.environ.get("STATSD")
    settings = statsd.settings(*statsd.address(metrics)) if metrics else {}
    if lineage:
        folder = Path(lineage).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        # A file each: lines that tasks append at the same time to one file would get into each other.
        transport = {"type": "file", "log_file_path": str(folder / "event"), "append": False}
        settings["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
        settings["AIRFLOW__OPENLINEAGE__NAMESPACE"] = DAG_ID
    return settings


def _passwords(state: State) -> Path:
    return state.folder("airflow") / "passwords.json"
