"""PostgreSQL, the sandbox Redshift and an S3 for the clients, each on a free port."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from include.sandbox.postgres import Postgres
from include.sandbox.redshift import RedshiftConfig, install

USER, REGION, BUCKET = "awsuser", "us-west-2", "clients"
SERVER = """
import asyncio, json, os, sys
from include.sandbox.redshift import RedshiftConfig, serve
config = RedshiftConfig(os.environ["SANDBOX_POSTGRES_DSN"], **json.load(sys.stdin))
asyncio.run(serve(config, lambda port: print(port, flush=True)))
"""


@contextmanager
def serving() -> Iterator[dict[str, object]]:
    """Serves until left; gives what conftest.py makes a Sandbox of."""
    # Not below the checkout: PostgreSQL runs as another account, which may not enter that one.
    folder = Path(tempfile.mkdtemp(prefix="clients-"))
    postgres, aws = (
        Postgres(folder / "postgres", _free_port(), secrets.token_urlsafe()),
        ThreadedMotoServer("127.0.0.1", 0, verbose=False),
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    postgres.start()
    aws.start()
    try:
        endpoint = "http://{}:{}".format(*aws.get_host_and_port())
        keys, role = _account(endpoint)
        config = RedshiftConfig(postgres.dsn("postgres"), "127.0.0.1", 0, aws_endpoint=endpoint, default_iam_role=role)
        password = secrets.token_urlsafe()
        install(config, USER, password)
        with _redshift(config) as port:
            yield {
                "host": config.host, "port": port, "database": config.database, "user": USER, "password": password,
                "bucket": BUCKET, "role": role, "endpoint": endpoint, "region": REGION, **keys,
            }  # fmt: skip
    finally:
        aws.stop()
        postgres.stop()
        shutil.rmtree(folder)


def _account(endpoint: str) -> tuple[dict[str, str], str]:
    """Makes a bucket, a role and a user; returns the user's keys and the role's ARN."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    iam = boto3.client("iam", endpoint_url=endpoint, **keys)
    role = iam.create_role(RoleName="redshift", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.create_user(UserName="client")
    made = iam.create_access_key(UserName="client")["AccessKey"]
    location = {"LocationConstraint": REGION}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}, role


@contextmanager
def _redshift(config: RedshiftConfig) -> Iterator[int]:
    given = dataclasses.asdict(config)
    environment = os.environ | {"SANDBOX_POSTGRES_DSN": given.pop("postgres_dsn")}
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(given))
        process.stdin.close()
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
