"""Airflow's own operator for the job, S3ToSqlOperator, with a parser that yields rows, as its guide advises."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from airflow.providers.amazon.aws.transfers.s3_to_sql import S3ToSqlOperator

from tests.benchmarks.peers import job


def load(given: job.Job) -> None:
    names = list(given.columns)

    def rows(path: str) -> Iterator[list[Any]]:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as the guide's parser does
            for line in file:
                event = json.loads(line)
                event["userId"] = event["userId"] or None
                if event["registration"] is not None:  # written with a fraction, and the column is of integers
                    event["registration"] = int(event["registration"])
                yield [event[name] for name in names]

    S3ToSqlOperator(
        task_id="load", s3_bucket=given.bucket, s3_key=given.key, column_list=[name.lower() for name in names],
        table=f"{given.schema}.{given.table}",  # PostgreSQL's hook takes no heed of the argument `schema`
        parser=rows,
    ).execute({})  # fmt: skip


def connections(given: job.Job) -> dict[str, str]:
    """The operator's default connections, as variables of the environment."""
    extra = {"endpoint_url": given.endpoint, "region_name": given.region}
    aws = {
        "conn_type": "aws", "login": given.keys["aws_access_key_id"], "password": given.keys["aws_secret_access_key"],
        "extra": json.dumps(extra),
    }  # fmt: skip
    return {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws), "AIRFLOW_CONN_SQL_DEFAULT": given.dsn}


if __name__ == "__main__":
    os.environ |= connections(job.given())
    job.run(load)
