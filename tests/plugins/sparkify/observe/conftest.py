"""Airflow's api-server with the page, over a pipeline of the test module's own: one day published, one not yet."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg2
import pytest

from include.sandbox import process
from include.sandbox.airflow import Airflow, airflow_environment, ui_address
from include.sandbox.services import Sandbox
from include.sandbox.state import LOOPBACK, REPOSITORY, write_private
from tests.proxies import Wire

NEVER = b"a statement that nobody sends"


@dataclass
class Served:
    """The page as it is served.

    Args:
        sandbox: that Airflow's metadata is in.
        pipeline: what it is about.
        wire: by which the api-server reaches the warehouse.
        environment: that Airflow is configured by.
    """

    sandbox: Sandbox
    pipeline: Any
    wire: Wire
    environment: dict[str, str]

    @property
    def address(self) -> str:
        return ui_address(self.sandbox.state)

    def signed_in(self, user: str = "admin") -> httpx.Client:
        """A client with the token of a user."""
        password = self.sandbox.state.secret(f"airflow_{user}")
        credentials = {"username": user, "password": password}
        answer = httpx.post(f"{self.address}/auth/token", json=credentials, timeout=60, trust_env=False)
        token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=self.address, headers=token, timeout=120, trust_env=False)

    def without_the_server(self) -> tuple[int, Any]:
        """Exit code and answer of the command that asks what the page asks."""
        asked = subprocess.run(
            process.python_command("sparkify.observe"), capture_output=True, text=True, timeout=200,
            env={**os.environ, **self.environment, "PYTHONPATH": str(REPOSITORY / "plugins")},
        )  # fmt: skip
        assert asked.stdout, asked.stderr
        return asked.returncode, json.loads(asked.stdout)

    @contextmanager
    def stalling(self) -> Iterator[threading.Event]:
        """Let the warehouse answer nothing; the event is set once somebody waits for it."""
        stalled, over = threading.Event(), threading.Event()

        def is_over() -> bool:
            stalled.set()
            return over.is_set()

        self.wire.statement, self.wire.when = b"pg_backend_pid", is_over
        try:
            yield stalled
        finally:
            self.wire.statement = NEVER
            over.set()

    def cut(self) -> None:
        """Let nobody reach the warehouse any more."""
        with suppress(OSError):  # it is cut
            self.wire.__exit__()

    def get(self, part: str, **query: str) -> Any:
        """What the administrator is answered."""
        with self.signed_in() as client:
            answer = client.get(f"/sparkify/api/{part}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def metadata(self, statement: str, *values: Any) -> None:
        """Run a statement in Airflow's metadata."""
        with closing(psycopg2.connect(self.sandbox.metadata_dsn())) as connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
            connection.commit()


@pytest.fixture(scope="module")
def served(loaded: Any, _sandbox: Any) -> Iterator[Served]:
    sandbox = _sandbox.services
    state = sandbox.state
    airflow = Airflow(sandbox, schedule=True)
    airflow.migrate()
    port = sandbox.hold_port("ui")
    users = {"admin": "admin", "viewer": "viewer", "stranger": ""}
    passwords = json.dumps({user: state.secret(f"airflow_{user}") for user in users})
    write_private(state.folder("airflow") / "passwords.json", passwords)
    variables = {f"AIRFLOW_VAR_{name.upper()}": value for name, value in loaded.variables.items()}
    environment = {**airflow_environment(sandbox, schedule=True), **variables}
    environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(f"{name}:{role}" for name, role in users.items())
    warehouse = json.loads(environment["AIRFLOW_CONN_SPARKIFY_REDSHIFT"])
    made = Served(sandbox, loaded, Wire(warehouse["port"], NEVER, lambda: False).__enter__(), environment)
    environment["AIRFLOW_CONN_SPARKIFY_REDSHIFT"] = json.dumps({**warehouse, "port": made.wire.own_port})
    command = process.python_command("airflow", "api-server", "--host", LOOPBACK, "--port", str(port))
    child = process.spawn(state.root, "api-server", [*command, "--workers", "1"], environment)
    try:
        process.wait_until(lambda: answers(made.address), 180, "The api-server", [child])
        yield made
    finally:
        process.stop([child])
        made.cut()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/v2/version", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
