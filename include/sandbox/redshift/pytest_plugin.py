"""A Redshift for another project's tests: `pytest_plugins = ["include.sandbox.redshift.pytest_plugin"]`."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg2
import pytest
from moto.server import ThreadedMotoServer

from include.sandbox.postgres import Postgres
from include.sandbox.state import LOOPBACK, REGION, REPOSITORY

ROLE = "redshift"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class Redshift:
    """A running stand-in; COPY with `IAM_ROLE default` reads every bucket of its S3.

    Args:
        url: `postgresql://user:password@127.0.0.1:port/dev`.
        s3_endpoint: URL of its S3, which takes any access key.
    """

    url: str
    s3_endpoint: str

    @property
    def address(self) -> dict[str, Any]:
        """host, port, user, password and database, as redshift_connector takes them (with `ssl=False`)."""
        parts = urlsplit(self.url)
        return {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password,
                "database": parts.path[1:]}  # fmt: skip

    def connect(self, **options: Any) -> Any:
        """Opens a connection by psycopg2.

        Args:
            options: what psycopg2.connect takes on top.
        """
        return psycopg2.connect(self.url, **options)

    def s3(self) -> Any:
        """Returns a boto3 client of its S3."""
        return _client("s3", self.s3_endpoint)


@pytest.fixture(scope="session")
def redshift() -> Iterator[Redshift]:
    """One stand-in for all tests of the session, with an empty database and an empty S3; stopped at its end."""
    with ExitStack() as stack:
        # Not pytest's own temporary folder: PostgreSQL runs as another account, which may not enter that one.
        folder = Path(tempfile.mkdtemp(prefix="redshift-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = Postgres(folder / "postgres", _free_port(), secrets.token_urlsafe())
        postgres.start()
        stack.callback(postgres.stop)
        aws = ThreadedMotoServer(LOOPBACK, port=0, verbose=False)
        aws.start()
        stack.callback(aws.stop)
        host, port = aws.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        role = _client("iam", endpoint).create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        keys = {name.upper(): value for name, value in KEYS.items()}  # the stand-in assumes the role with them
        secret = {"SANDBOX_POSTGRES_DSN": postgres.dsn("postgres"), "SANDBOX_IAM_ROLE": role, **keys}
        process = stack.enter_context(subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "include.sandbox", "redshift", "--s3", endpoint], stdout=subprocess.PIPE, text=True,
            cwd=REPOSITORY, env={**os.environ, **secret},
        ))  # fmt: skip
        stack.callback(process.terminate)
        if process.stdout is None or not (url := process.stdout.readline().strip()):
            raise RuntimeError("the sandbox Redshift did not start")
        yield Redshift(url, endpoint)


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **KEYS)  # type: ignore[call-overload]


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])
