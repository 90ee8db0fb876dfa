"""Where the journal is kept: one object in the work prefix of S3, changed by conditional writes.

Not in the warehouse, which may be what the incident is about. Not in an Airflow Variable: that can be set, but not
compared and set, and tasks of several hours fail at the same moment. Not in Airflow's task or asset state, which
belongs to one task of one run, or to an asset, and is out of reach for callbacks that the DAG processor and the
triggerer run. S3 decides between writers that know which version they have read (AWS: "How to prevent object
overwrites with conditional writes"), and all of Airflow's processes reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, stop_all, wait_random

from sparkify.addresses import split
from sparkify.alerts.journal import Journal
from sparkify.objects import hook_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

T = TypeVar("T")
PATIENCE, ATTEMPTS = 10.0, 20  # seconds and attempts, both, in which a writer must win against the others
LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404"}
# Short, since Airflow gives a callback 20 s after the end of its task (`[core] task_success_overtime`).
CLIENT: dict[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}


class OvertakenError(Exception):
    """Another process wrote the journal first."""


class State:
    """The journal of one DAG.

    Args:
        aws_conn_id: connection that may read and write the object.
        url: ``s3://bucket/prefix`` of the work prefix.
        dag_id: the DAG.
    """

    def __init__(self, aws_conn_id: str, url: str, dag_id: str) -> None:
        self.aws_conn_id = aws_conn_id
        self.url = url
        self.dag_id = dag_id

    def change(self, by: Callable[[Journal], T]) -> T:
        """Change the journal in one step; nothing is written if nothing changes.

        Args:
            by: what changes it; called again on what others have written if they were faster.

        Returns:
            What ``by`` returned.

        Raises:
            ClientError, BotoCoreError: S3 refuses or does not answer.
            OvertakenError: others were faster for all of ``PATIENCE`` and all ``ATTEMPTS``.
        """
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        client: S3Client = hook_of(S3Hook, self.aws_conn_id, CLIENT).get_conn()
        overtaken = retry_if_exception_type(OvertakenError)
        # A busy machine may spend all of the time on one attempt.
        stop = stop_all(stop_after_delay(PATIENCE), stop_after_attempt(ATTEMPTS))
        retrying = Retrying(retry=overtaken, wait=wait_random(0, 0.2), stop=stop, reraise=True)
        changed: T = retrying(self._change, client, by)
        return changed

    def _change(self, client: S3Client, by: Callable[[Journal], T]) -> T:
        bucket, key = located(self.url, self.dag_id)
        before, etag = read(client, bucket, key)
        journal = Journal.read(before) if before else Journal()
        unchanged = journal.text()
        result = by(journal)
        if journal.text() != unchanged:
            _write(client, bucket, key, journal.text(), etag)
        return result


def located(url: str, dag_id: str) -> tuple[str, str]:
    """The bucket and the key of a DAG's journal, by the work prefix."""
    bucket, prefix = split(url)
    return bucket, f"{prefix.rstrip('/')}/alerts/{dag_id}.json".lstrip("/")


def read(client: S3Client, bucket: str, key: str) -> tuple[str, str]:
    """The journal's text and the version of its object; both are empty if there is none."""
    from botocore.exceptions import ClientError

    try:
        found = client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return "", ""
        raise
    return found["Body"].read().decode(), found["ETag"]


def _write(client: S3Client, bucket: str, key: str, text: str, etag: str) -> None:
    from botocore.exceptions import ClientError

    body = text.encode()
    try:
        if etag:
            client.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag)
        else:
            client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] in LOST:
            raise OvertakenError from error
        raise
