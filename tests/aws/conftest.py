"""An AWS account by moto, and stacks of the template in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from include.aws import template
from include.aws.stack import Stack
from include.sandbox.state import LOOPBACK, REPOSITORY

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
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.aws.moto_gaps"], cwd=REPOSITORY, env=variables, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as server, pytest.MonkeyPatch.context() as patch:  # fmt: skip
        for name in os.environ.keys() - variables.keys():
            patch.delenv(name)
        made = Account(f"http://{LOOPBACK}:{int(server.stdout.readline())}")
        made.client("s3").create_bucket(
            Bucket=PARAMETERS["SourceBucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        made.client("iam").create_role(RoleName=AIRFLOW_ROLE, AssumeRolePolicyDocument="{}")
        yield made
        server.stdin.close()


@pytest.fixture(scope="module")
def stack(account: Account) -> Stack:
    """A stack of the provisioned variant, which no test changes."""
    return account.deploy("sparkify")
