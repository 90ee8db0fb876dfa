"""A sandbox Redshift with S3 for the tests: PostgreSQL, moto and the stand-in, each on a free port."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
import redshift_connector
from moto.server import ThreadedMotoServer

from include.sandbox import postgres as engine
from include.sandbox.postgres import Postgres
from include.sandbox.redshift import RedshiftConfig, install
from tests.sandbox.redshift.versions import use

ROOT = Path(__file__).parents[3]
SERVER = """
import json, os, sys
from include.sandbox.redshift import RedshiftConfig, run
config = RedshiftConfig(os.environ["SANDBOX_POSTGRES_DSN"], **json.loads(sys.argv[1]))
run(config, lambda port: print(port, flush=True))
"""
ROLE = "arn:aws:iam::123456789012:role/sparkify-copy"
USER = "awsuser"
# Names the folder of another PostgreSQL's programs, in front of which all these tests then run.
POSTGRES = "TESTS_POSTGRES"
if POSTGRES in os.environ:
    use(Path(os.environ[POSTGRES]), pytest.MonkeyPatch())


def pytest_report_header() -> str:
    program = engine._binaries() / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return f"stand-in in front of: {said.strip()}"


@dataclass
class Cluster:
    """The stand-in under test, and ways to reach it."""

    postgres: Postgres
    endpoint: str
    password: str
    port: int = 0
    config: Any = None
    bucket: str = "bucket"
    role: str = ROLE
    opened: list[Any] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return str(self.config.database)

    def aws(self, service: str) -> Any:
        if service not in self.clients:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-west-2"}
            self.clients[service] = boto3.client(service, endpoint_url=self.endpoint, **keys)
        return self.clients[service]

    def psycopg2(self, user: str = USER, password: str | None = None, **more: Any) -> Any:
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=user, password=password or self.password,
                                      dbname=more.pop("dbname", self.database), **more)  # fmt: skip
        self.opened.append(connection)
        return connection

    def connector(self, user: str = USER, password: str | None = None, **more: Any) -> Any:
        connection = redshift_connector.connect(host="127.0.0.1", port=self.port, user=user, database=self.database,
                                                password=password or self.password, ssl=False, **more)  # fmt: skip
        self.opened.append(connection)
        return connection

    def put(self, key: str, body: str | bytes) -> str:
        self.aws("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    # Not pytest's own temporary folder: PostgreSQL runs as another account, which may not enter that one.
    folder = Path(tempfile.mkdtemp(prefix="redshift-"))
    postgres = Postgres(folder / "postgres", free_port(), secrets.token_urlsafe())
    aws = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    postgres.start()
    aws.start()
    host, port = aws.get_host_and_port()
    cluster = Cluster(postgres, f"http://{host}:{port}", secrets.token_urlsafe())
    config = RedshiftConfig(
        postgres.dsn("postgres"), "127.0.0.1", 0, aws_endpoint=cluster.endpoint, default_iam_role=ROLE
    )
    install(config, USER, cluster.password)
    cluster.config = config
    cluster.port, stop = serve(config)
    cluster.aws("iam").create_role(RoleName="sparkify-copy", AssumeRolePolicyDocument="{}")
    cluster.aws("s3").create_bucket(
        Bucket=cluster.bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    try:
        yield cluster
    finally:
        stop()
        aws.stop()
        postgres.stop()
        shutil.rmtree(folder)


def serve(config: RedshiftConfig, log: Path | None = None) -> tuple[int, Callable[[], None]]:
    """Runs the stand-in in a process of its own, as the sandbox does; returns its port and what stops it."""
    given = dataclasses.asdict(config)
    dsn = given.pop("postgres_dsn")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(given)], stdout=subprocess.PIPE, text=True,
        stderr=log.open("w") if log else None, env=os.environ | {"SANDBOX_POSTGRES_DSN": dsn, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    port = int(process.stdout.readline())

    def stop() -> None:
        process.terminate()
        process.wait(30)
        process.stdout.close()

    return port, stop


@pytest.fixture(scope="session")
def start() -> Callable[[RedshiftConfig], tuple[int, Callable[[], None]]]:
    """What starts a stand-in of a test's own."""
    return serve


@pytest.fixture
def second(cluster: Cluster) -> Iterator[tuple[Cluster, Callable[[], None]]]:
    """Another stand-in in front of the same PostgreSQL, and what stops it."""
    port, stop = serve(cluster.config)
    yield dataclasses.replace(cluster, port=port), stop
    stop()


@pytest.fixture(scope="session")
def owner(cluster: Cluster) -> Iterator[Any]:
    """A cursor that lasts: connecting takes longer than most tests."""
    with closing(cluster.psycopg2()) as connection:
        cluster.opened.clear()
        connection.autocommit = True
        yield connection.cursor()


@pytest.fixture
def schema(cluster: Cluster, owner: Any) -> Iterator[str]:
    """A schema of the test's own, which is also its prefix in S3."""
    name = f"t_{secrets.token_hex(6)}"
    owner.execute(f"CREATE SCHEMA {name}")
    yield name
    for opened in cluster.opened:
        opened.close()
    cluster.opened.clear()
    owner.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def connection(cluster: Any, schema: str) -> Any:
    """A client's connection, in autocommit, in a schema of the test's own."""
    connection = cluster.psycopg2(options=f"-csearch_path={schema}")
    connection.autocommit = True
    return connection


@pytest.fixture
def cursor(connection: Any) -> Any:
    return connection.cursor()
