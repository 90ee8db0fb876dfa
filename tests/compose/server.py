"""docker-compose.yaml as a project of its own, on free ports, with secrets of its own; nothing of it is left behind."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redshift_connector

from include.docker.env import generated
from include.sandbox.airflow import ADMIN
from include.sandbox.api import AirflowApi
from include.sandbox.state import DATABASE, LOOPBACK, REPOSITORY, USER

EXAMPLE = (REPOSITORY / ".env.example").read_text()
UP_SECONDS = 1200
IMAGE = "sparkify-airflow-test"  # not the one that a server of this checkout may be running
TAIL = 80  # lines of each container's log, told when a test has failed


@dataclass(frozen=True)
class Server:
    """A project of Docker Compose.

    Args:
        project: its name.
        env_file: what stands for `.env`.
        settings: what is in there.
    """

    project: str
    env_file: Path
    settings: Mapping[str, str]

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run a command of Docker Compose, and return what it prints."""
        return run(*self._compose, *arguments, check=check)

    def up(self, *arguments: str) -> None:
        """Start what is not running, and return once it is healthy."""
        pull = os.environ.get("COMPOSE_PULL", "missing")
        wait = ("--wait", "--wait-timeout", str(UP_SECONDS))
        self.compose("up", "--build", "--detach", "--pull", pull, "--quiet-pull", *wait, *arguments)

    def inside(self, service: str, *command: str) -> str:
        """Run a command in the container of a service."""
        return self.compose("exec", "--no-TTY", service, *command)

    def containers(self) -> list[dict[str, Any]]:
        """Everything that the engine knows of each container that runs."""
        ids = self.compose("ps", "--quiet").split()
        return list(json.loads(run("docker", "inspect", *ids)))

    def api(self) -> AirflowApi:
        """Airflow's REST API, by the published port."""
        address = f"http://{LOOPBACK}:{self.settings['AIRFLOW_PORT']}"
        return AirflowApi(address, ADMIN, self.settings["AIRFLOW_ADMIN_PASSWORD"])

    def redshift(self) -> redshift_connector.Connection:
        """A connection to the sandbox Redshift, by the published port."""
        state = json.loads(self.inside("sandbox", "cat", "/var/lib/sandbox/state.json"))

        def connected() -> redshift_connector.Connection | None:
            try:
                return redshift_connector.connect(
                    host=LOOPBACK, port=int(self.settings["SANDBOX_REDSHIFT_PORT"]), database=DATABASE, user=USER,
                    password=state["secrets"]["redshift"], ssl=False, application_name="tests",
                )  # fmt: skip
            except OSError:  # the stand-in gives up who is slow to say who he is; so may a busy machine make us
                return None

        return until(connected, 120, "a connection to the sandbox Redshift")

    def left(self) -> list[str]:
        """What the engine still has of the project: containers, volumes, networks."""
        label = f"label=com.docker.compose.project={self.project}"
        return [
            line
            for kind in (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
            for line in run("docker", *kind, "--quiet", "--filter", label).split()
        ]

    @property
    def _compose(self) -> tuple[str, ...]:
        return ("docker", "compose", "--project-name", self.project, "--env-file", str(self.env_file))


@contextmanager
def started(failed: Callable[[], bool], *, scale: str = "", **settings: str) -> Iterator[Server]:
    """Start a server, and take it down with its volumes at the end; tell the logs' ends if something has failed.

    The scheduler is the last to start and not waited for: the sandbox's load begins with it, and a test is to be there.

    Args:
        failed: tells whether a test has failed meanwhile.
        scale: a service and how many of it, such as `worker=2`.
        settings: lines of `.env` that differ from what `make env` writes.
    """
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    ports = {"AIRFLOW_PORT": str(free_port()), "SANDBOX_REDSHIFT_PORT": str(free_port())}
    server = prepared(folder, **ports, **settings)
    try:
        scaled = ("--scale", scale) if scale else ()
        services = server.compose("config", "--services").split()
        server.up(*scaled, *(service for service in services if service != "scheduler"))
        server.compose("up", "--detach", "--no-deps", "scheduler")
        yield server
    except BaseException:
        print(server.compose("logs", "--tail", str(TAIL), check=False))
        raise
    finally:
        if failed():
            print(server.compose("logs", "--tail", str(TAIL), check=False))
        server.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "20")
        shutil.rmtree(folder)
    assert server.left() == []


def prepared(folder: Path, **settings: str) -> Server:
    """A server that is not started, with generated secrets; a setting that is empty is left out."""
    lines = generated(EXAMPLE).splitlines()
    written = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    known = written | {"SPARKIFY_IMAGE": IMAGE, "AIRFLOW_ENV_FILE": str(folder / "airflow-env")} | settings
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in known.items() if value))
    return Server(f"sparkify-test-{secrets.token_hex(4)}", env_file, known)


def run(*command: str, check: bool = True) -> str:
    """Run a command, without the settings of this shell, which would beat those of the file, and return its output."""
    ours = {line.lstrip("#").split("=")[0] for line in EXAMPLE.splitlines() if "=" in line}
    keep = {name: value for name, value in os.environ.items() if name not in ours or name.endswith("_IMAGE")}
    done = subprocess.run(command, cwd=REPOSITORY, env=keep, capture_output=True, text=True, timeout=UP_SECONDS + 60)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout if check else done.stdout + done.stderr


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until a condition gives something, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.5)
    return found
