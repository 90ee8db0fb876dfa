"""The job that a peer does: one object of events in S3 becomes rows in PostgreSQL.

A peer runs in a process of its own, and in its own environment, so this imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

VARIABLE = "PEERS_JOB"


@dataclass(frozen=True)
class Job:
    """From where to where.

    Args:
        endpoint: of S3.
        region: of the bucket.
        keys: access keys, as boto3 names them.
        bucket: where the object is.
        key: the object.
        dsn: URI of the database.
        schema: where the table is.
        table: it is there, empty; one that makes its table itself finds none.
        columns: type by name, as the events have it; in the table the names are in lower case.
    """

    endpoint: str
    region: str
    keys: dict[str, str] = field(repr=False)
    bucket: str
    key: str
    dsn: str = field(repr=False)
    schema: str
    table: str
    columns: dict[str, str]

    def body(self) -> Any:
        """The object as boto3 streams it, by one GET: the stand-in for S3 answers many by ranges far more slowly."""
        import boto3

        s3 = boto3.client("s3", endpoint_url=self.endpoint, region_name=self.region, **self.keys)
        return s3.get_object(Bucket=self.bucket, Key=self.key)["Body"]


def run(load: Callable[[Job], object]) -> None:
    """Loads, and prints the seconds that it took; other output goes to stderr.

    The clock starts when the peer's own imports are done, in a process that does nothing else: as a task does it.
    """
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = given()
    began = time.perf_counter()
    load(job)
    print(time.perf_counter() - began, file=answer, flush=True)


def given() -> Job:
    """The job of this process."""
    return Job(**json.loads(os.environ[VARIABLE]))


def environment(job: Job) -> dict[str, str]:
    """The variable that tells a peer's process of its job."""
    return {VARIABLE: json.dumps(asdict(job))}
