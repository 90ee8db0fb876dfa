"""From the outputs of a stack to the connections and variables of an Airflow; no password is among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

POOLS = Path(__file__).parents[1] / "pools.json"
USER_SQL = Path(__file__).with_name("airflow_user.sql")
LOGS = "log_data/"


class StackError(Exception):
    """There is no stack to read; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """What a stack of the template says of itself.

    Attributes:
        region: where it is.
        outputs: the template's outputs, by name.
    """

    region: str
    outputs: Mapping[str, str]

    @classmethod
    def read(cls, client: CloudFormationClient, name: str) -> Stack:
        """Asks CloudFormation.

        Args:
            client: boto3's, of the stack's region.
            name: of the stack.

        Raises:
            StackError: it does not exist, has no outputs yet, or may not be read.
        """
        region = client.meta.region_name
        try:
            found = client.describe_stacks(StackName=name)["Stacks"][0]
        except (BotoCoreError, ClientError) as error:
            raise StackError(
                f"Stack {name!r} in {region} cannot be read: {error}. Check name, region, and keys."
            ) from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        if "Host" not in outputs:
            raise StackError(
                f"Stack {name!r} in {region} is {found['StackStatus']} and does not name a warehouse. "
                "Wait until it is complete, and check that it was made of include/aws/template.yaml."
            )
        return cls(region, outputs)

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """The connections, as ``airflow connections import`` reads them.

        Airflow signs in by IAM. Its hook asks for a password by the connection ``aws_default`` (Amazon provider:
        RedshiftSQLHook), and the driver, which is told the same, once more by the role as which the process runs.
        """
        out = self.outputs
        extra: dict[str, Any] = {"iam": True, "region": self.region, "sslmode": "verify-full"}
        if "Workgroup" in out:
            extra |= {"is_serverless": True, "serverless_work_group": out["Workgroup"]}
        else:
            extra |= {"cluster_identifier": out["Cluster"], "db_user": out["DatabaseUser"]}
        # without a name the driver looks for one in the call stack, which takes half a second (redshift_connector)
        extra["application_name"] = "airflow"
        amazon = {"conn_type": "aws", "extra": {"region_name": self.region}}
        redshift = {
            "conn_type": "redshift", "host": out["Host"], "port": int(out["Port"]), "schema": out["Database"],
            "login": out["DatabaseUser"], "extra": extra,
        }  # fmt: skip
        return {"sparkify_redshift": redshift, "sparkify_aws": amazon, "aws_default": amazon}

    @property
    def variables(self) -> dict[str, str]:
        """The Variables of the DAG, as ``airflow variables import`` reads them."""
        out = self.outputs
        return {
            "sparkify_source": f"s3://{out['SourceBucket']}/{out['LogPrefix'].removesuffix(LOGS)}".rstrip("/"),
            "sparkify_work": out["Work"],
            "sparkify_iam_role": out["CopyRole"],
            "sparkify_region": self.region,
            "sparkify_schema": out["Schema"],
            "sparkify_alert_topic": out["AlertTopic"],
        }

    def environment(self) -> Iterator[str]:
        """Yields the lines of a file of environment variables, which Airflow reads, without quotes; it sets no pool."""
        for name, connection in self.connections.items():
            yield f"AIRFLOW_CONN_{name.upper()}={json.dumps(connection)}"
        for name, value in self.variables.items():
            yield f"AIRFLOW_VAR_{name.upper()}={value}"

    def write(self, folder: Path) -> dict[str, Path]:
        """Writes connections and variables, for Airflow's ``import`` commands; the pool is the repository's own.

        Args:
            folder: where to; made if missing.

        Returns:
            The files, by the name of the command: ``connections``, ``variables``, ``pools``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"connections": self.connections, "variables": self.variables}
        paths = {name: folder / f"{name}.json" for name in parts}
        for name, part in parts.items():
            paths[name].write_text(json.dumps(part, indent=2) + "\n")
        return {**paths, "pools": POOLS}

    def user_sql(self) -> str:
        """The SQL, a statement a line, by which the administrator makes Airflow's user and its readers' role."""
        out = self.outputs
        environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - it is no HTML
        template = environment.from_string(USER_SQL.read_text())
        return template.render(user=out["DatabaseUser"], database=out["Database"], schema=out["Schema"])
