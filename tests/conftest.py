"""What tests share: a sandbox in a temporary folder, on free ports, and a corner of it for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg2
import pytest
import redshift_connector
from hypothesis import settings

from include.sandbox.airflow import airflow_environment
from include.sandbox.aws import SOURCE_BUCKET, client, root_keys
from include.sandbox.services import Sandbox
from include.sandbox.state import DATABASE, LOOPBACK, USER

if TYPE_CHECKING:
    from psycopg import Connection as Psycopg3Connection
    from psycopg2.extensions import connection as Psycopg2Connection  # noqa: N812 - it is a class

TALLY = "tally"
LONGEST_FILES = (
    "test_airflow.py",
    "test_page.py",
    "test_crashes.py",
    "test_schedules.py",
    "test_outages.py",
    "test_changed_source.py",
)
# Names the state folder of a sandbox that runs already, for those who start many test processes one after the other.
SHARED_SANDBOX = "TESTS_SHARED_SANDBOX"

# A busy machine would make a slow example a failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@dataclass
class Tally:
    """How many of something were tried in a test, and how many held; printed at the end of the test run.

    Args:
        properties: of the test; they are what its report carries from one test process to the other.
    """

    properties: list[tuple[str, object]]
    held: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str) -> _Try:
        """To be entered for each try; it holds if nothing is raised."""
        return _Try(self, name)


@dataclass
class _Try:
    tally: Tally
    name: str

    def __enter__(self) -> None:
        self.tally.tried[self.name] = self.tally.tried.get(self.name, 0) + 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.tally.held[self.name] = self.tally.held.get(self.name, 0) + (kind is None)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    made = Tally(request.node.user_properties)
    yield made
    request.node.user_properties.extend((TALLY, (name, made.held[name], made.tried[name])) for name in made.tried)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that both test processes end at about the same time."""
    rank = {name: number for number, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was counted, e.g. `crash points survived 143/143`."""
    held: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in (
                getattr(report, "user_properties", ()) if getattr(report, "when", "") == "teardown" else ()
            ):
                if name == TALLY:
                    held[value[0]] += value[1]
                    tried[value[0]] += value[2]
    for name in sorted(tried):
        terminalreporter.write_line(f"{name} {held[name]}/{tried[name]}")


@dataclass
class RunningSandbox:
    """A sandbox that runs, and ways to reach it; what was opened is closed at the end."""

    services: Sandbox
    opened: list[Any] = field(default_factory=list)

    @property
    def address(self) -> dict[str, Any]:
        """Keyword arguments that lead both drivers to the sandbox Redshift, as its owner."""
        state = self.services.state
        port, password = state.ports["redshift"], state.secret("redshift")
        return {"host": LOOPBACK, "port": port, "user": USER, "password": password}

    def redshift(self, **other: Any) -> redshift_connector.Connection:
        """Connect with redshift_connector; `other` replaces parts of the address."""
        arguments = {**self.address, "database": DATABASE, "ssl": False, "application_name": "tests", **other}
        return self._kept(redshift_connector.connect(**arguments))

    def psycopg2(self, **other: Any) -> Psycopg2Connection:
        """Connect with psycopg2; `other` replaces parts of the address."""
        return self._kept(psycopg2.connect(**{**self.address, "dbname": DATABASE, **other}))

    def psycopg(self, **other: Any) -> Psycopg3Connection[Any]:
        """Connect with psycopg 3, as Airflow's PostgreSQL hook does; `other` replaces parts of the address."""
        return self._kept(psycopg.connect(**{**self.address, "dbname": DATABASE, **other}))

    def by(self, driver: str, **other: Any) -> Any:
        """Connect with one of DRIVERS; `other` replaces parts of the address."""
        return getattr(self, {"redshift_connector": "redshift"}.get(driver, driver))(**other)

    def aws(self, service: str) -> Any:
        """A boto3 client with an administrator's keys."""
        aws = self.services.state.aws
        return client(service, aws["endpoint"], **root_keys(aws))

    def airflow_env(self) -> dict[str, str]:
        """The environment that Airflow is configured by: settings, connections and variables."""
        return airflow_environment(self.services, schedule=False)

    def close(self) -> None:
        for connection in self.opened:
            with suppress(Exception):  # a test may have closed or broken it
                connection.close()
        self.opened.clear()

    def _kept(self, connection: Any) -> Any:
        self.opened.append(connection)
        return connection


@dataclass(frozen=True)
class Scratch:
    """A corner of the sandbox that is one test's own."""

    schema: str
    bucket: str
    prefix: str  # of keys, with a slash at the end

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@pytest.fixture
def state_root() -> Iterator[Path]:
    """An empty folder for a sandbox's state; PostgreSQL's account may enter it, unlike pytest's own."""
    root = Path(tempfile.mkdtemp(prefix="sandbox-"))
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[RunningSandbox]:
    if shared := os.environ.get(SHARED_SANDBOX):
        yield RunningSandbox(Sandbox(Path(shared)))
        return
    root = Path(tempfile.mkdtemp(prefix="sandbox-"))
    with Sandbox(root) as services:
        yield RunningSandbox(services)
    shutil.rmtree(root)


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """PostgreSQL, Redshift and AWS, shared by all tests of a run."""
    yield _sandbox
    _sandbox.close()


@pytest.fixture
def scratch(sandbox: RunningSandbox) -> Iterator[Scratch]:
    """A schema and an S3 prefix that are there for one test only."""
    name = f"test_{secrets.token_hex(6)}"
    corner = Scratch(name, SOURCE_BUCKET, f"{name}/")
    connection = sandbox.redshift()
    connection.autocommit = True
    connection.cursor().execute(f"create schema {name}")
    yield corner
    sandbox.close()
    connection = sandbox.redshift()
    connection.autocommit = True
    connection.cursor().execute(f"drop schema {name} cascade")
    s3 = sandbox.aws("s3")
    for found in s3.list_objects_v2(Bucket=corner.bucket, Prefix=corner.prefix).get("Contents", []):
        s3.delete_object(Bucket=corner.bucket, Key=found["Key"])
