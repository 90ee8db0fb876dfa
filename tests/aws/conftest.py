"""An AWS account by moto, and stacks of the template in it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from include.aws import template
from include.aws.stack import Stack
from include.sandbox.state import LOOPBACK
from tests.aws import moto_gaps

REGION = "us-west-2"
AIRFLOW_ROLE = "airflow-worker"
PARAMETERS = {"SourceBucket": "sparkify-source", "AirflowRoleName": AIRFLOW_ROLE, "Warehouse": "provisioned"}


@dataclass
class Account:
    """An AWS account that moto plays.

    Its stacks are in `parameters`, by name.
    """

    endpoint: str
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, service: str, **keys: str) -> Any:
        """A boto3 client, with an administrator's keys or those given."""
        keys = keys or {"aws_access_key_id": "root", "aws_secret_access_key": "root"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def deploy(self, name: str, **parameters: str) -> Stack:
        """Create a stack, or update it with other parameters."""
        formation = self.client("cloudformation")
        change = formation.update_stack if name in self.parameters else formation.create_stack
        given = self.parameters[name] = {**PARAMETERS, **self.parameters.get(name, {}), **parameters}
        change(
            StackName=name,
            TemplateBody=template.PATH.read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        return Stack.read(formation, name)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account with a source bucket and Airflow's role, and nothing else of ours."""
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        moto_gaps.complete(patch)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        server.start()
        host, port = server.get_host_and_port()
        made = Account(f"http://{host}:{port}")
        # What it has is the process's, not the server's.
        httpx.post(f"{made.endpoint}/moto-api/reset", timeout=60).raise_for_status()
        made.client("s3").create_bucket(
            Bucket=PARAMETERS["SourceBucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        made.client("iam").create_role(RoleName=AIRFLOW_ROLE, AssumeRolePolicyDocument="{}")
        yield made
        server.stop()


@pytest.fixture(scope="module")
def stack(account: Account) -> Stack:
    """A stack of the provisioned variant, which no test changes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tried to parse .* but it's not supported by moto")
        return account.deploy("sparkify")
