"""The sandbox as a client's tests see it, in whatever environment they run: an address, a bucket, a schema."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest

# `python -m tests.clients` sets both; without, these modules are not collected: their clients need not be installed.
ADDRESS, RESULTS = "CLIENTS_ADDRESS", "CLIENTS_RESULTS"
if ADDRESS not in os.environ:
    collect_ignore_glob = ["*"]


@dataclass(frozen=True)
class Sandbox:
    """Where the sandbox Redshift and its S3 are, and who may enter."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    bucket: str
    role: str
    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def libpq(self) -> dict[str, Any]:
        return {"host": self.host, "port": self.port, "dbname": self.database, "user": self.user,
                "password": self.password}  # fmt: skip

    @property
    def connector(self) -> dict[str, Any]:
        return {"host": self.host, "port": self.port, "database": self.database, "user": self.user,
                "password": self.password, "ssl": False, "application_name": "clients"}  # fmt: skip

    @property
    def s3(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name=self.region, aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
        )  # fmt: skip

    def put(self, key: str, body: str | bytes) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Returns the objects below a prefix, by the rest of their key."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return {
            item["Key"].removeprefix(prefix): self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()
            for item in found
        }


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return Sandbox(**json.loads(os.environ[ADDRESS]))


@pytest.fixture
def schema(sandbox: Sandbox) -> Iterator[str]:
    """A schema of the test's own, which is also its prefix in S3."""
    name = f"c_{secrets.token_hex(5)}"
    with closing(psycopg2.connect(**sandbox.libpq)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE SCHEMA {name}")
        yield name
        connection.cursor().execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Iterator[None]:
    """Writes what each test shows and whether it passed, one JSON object a line."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" or report.failed:
        can = [name for mark in item.iter_markers("can") for name in mark.args]
        line = {"test": item.nodeid, "can": can, "passed": report.passed}
        with Path(os.environ[RESULTS]).open("a") as file:
            file.write(json.dumps(line) + "\n")
