"""Objects in S3: which ones a load reads, and the manifest that names them to COPY."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from io import BufferedReader
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from sparkify.addresses import split
from sparkify.errors import RETRY
from sparkify.interval import EPOCH

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

Hook = TypeVar("Hook")

BUFFER = 1 << 16  # bytes that are read of an object at a time
THREADS = 10  # requests to S3 at a time: as many connections as a client keeps (botocore: max_pool_connections)
# By itself botocore waits a minute for an answer, five times over (botocore: Config). What is asked for here is small:
# a worker can tell sooner that nobody answers, and leave the rest to Airflow's retry.
CLIENT: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"mode": "standard", "total_max_attempts": 5},
}
PERMANENT_S3_CODES = ("NoSuchBucket", "AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch")


class ObjectReplacedError(AirflowException):
    """An object was replaced, removed or added while it was being read: what was read of it counts for nothing."""


@dataclass(frozen=True)
class S3Object:
    """One version of an object, or that there is none.

    Attributes:
        bucket: the bucket's name.
        key: the full key.
        etag: identifies the content, without quotes; empty if there is no such object.
        size: bytes.
        last_modified: when this version was written, in UTC, to the second.
        day: the midnight (UTC) of the day whose records the key promises; None if it promises none.
    """

    bucket: str
    key: str
    etag: str = ""
    size: int = 0
    last_modified: datetime = EPOCH
    day: datetime | None = None

    @property
    def url(self) -> str:
        """The address as COPY and its load-error views write it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def has_records(self) -> bool:
        """Whether there is something to copy: an empty object is as good as none."""
        return self.size > 0


def hook_of(hook: Callable[..., Hook], aws_conn_id: str, client: Mapping[str, Any]) -> Hook:
    """A provider's hook whose client is configured.

    Args:
        hook: its class.
        aws_conn_id: the connection; what its extra says of the client (``config_kwargs``) comes before ours.
        client: parameters of botocore's Config.
    """
    from botocore.config import Config

    theirs: Any = hook(aws_conn_id=aws_conn_id)  # a hook that is given a configuration does not read the connection's
    return hook(aws_conn_id=aws_conn_id, config=Config(**client).merge(theirs.config))


class Store:
    """What a load needs of S3, with errors that name the bucket, the key and the connection."""

    def __init__(self, hook: S3Hook) -> None:
        self.hook = hook

    @classmethod
    def of(cls, aws_conn_id: str) -> Store:
        """The store that a connection leads to, by a client that does not wait for ever.

        Args:
            aws_conn_id: the connection; see :func:`hook_of`.
        """
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return cls(hook_of(S3Hook, aws_conn_id, CLIENT))

    @property
    def client(self) -> S3Client:
        """The boto3 client of the connection."""
        client: S3Client = self.hook.get_conn()
        return client

    def under(self, url: str, pattern: str) -> list[S3Object]:
        """List the objects below a prefix whose file name matches.

        Args:
            url: ``s3://bucket/prefix``.
            pattern: a shell pattern for the last part of the key, e.g. ``*.json``. Folder markers and other empty
                objects hold nothing to load and are left out.

        Returns:
            The objects, in the order of their keys.

        Raises:
            AirflowFailException: the bucket does not exist or may not be listed.
        """
        bucket, prefix = split(url)
        return [
            found
            for found in self._listed(bucket, prefix)
            if found.has_records and fnmatchcase(found.key.rsplit("/", 1)[-1], pattern)
        ]

    def named(self, url: str, key: str) -> S3Object:
        """Find an object by its exact name: ``x.json.bak`` is not ``x.json``.

        Args:
            url: ``s3://bucket/prefix``, to which the key is relative.
            key: what to look for.

        Returns:
            The object, or that there is none.

        Raises:
            AirflowFailException: the bucket does not exist or may not be listed.
        """
        bucket, prefix = split(url)
        name = f"{prefix}{key}"
        exact = (found for found in self._listed(bucket, name) if found.key == name)
        return next(exact, S3Object(bucket, name))

    def daily(self, url: str, key_format: str, days: Sequence[datetime]) -> list[S3Object]:
        """Find the object of each day.

        Args:
            url: ``s3://bucket/prefix``, to which the keys are relative.
            key_format: a key with the codes of ``strftime``, e.g. ``%Y/%m/%Y-%m-%d-events.json``.
            days: their midnights, in UTC.

        Returns:
            One for each day, in their order; see :meth:`named`.
        """
        with ThreadPoolExecutor(THREADS) as threads:
            found = threads.map(lambda day: replace(self.named(url, f"{day:{key_format}}"), day=day), days)
            return list(found)

    def dated(self, url: str, key_format: str) -> dict[datetime, S3Object]:
        """Find the objects of all days that have one, by one listing of everything below the prefix.

        Args:
            url: ``s3://bucket/prefix``, to which the keys are relative.
            key_format: see :meth:`daily`; its last part tells the whole date.

        Returns:
            The objects, by the midnight (UTC) of their day, in order.
        """
        bucket, prefix = split(url)
        found = {}
        for one in self._listed(bucket, prefix):
            day = _day_of(one.key.removeprefix(prefix), key_format)
            if day:
                found[day] = replace(one, day=day)
        return found

    def is_empty(self, url: str) -> bool:
        """Whether there is no object at all below a prefix, folder markers aside."""
        bucket, prefix = split(url)
        return not any(not found.key.endswith("/") for found in self._listed(bucket, prefix))

    def read(self, url: str, purpose: str) -> bytes:
        """Read a small object that must exist.

        Args:
            url: ``s3://bucket/key``.
            purpose: what it is for.

        Raises:
            AirflowFailException: it does not exist.
        """
        from botocore.exceptions import ClientError

        bucket, key = split(url)
        with self._explained(url):
            try:
                return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                # S3 says of what is missing that it is denied, to those who may list only some prefixes
                # (AWS: API_GetObject).
                if self.named(f"s3://{bucket}/", key).etag:
                    raise
                raise AirflowFailException(
                    f"{url} does not exist; it is {purpose}. Put it there. "
                    f"(Connection {self.hook.aws_conn_id!r} was used to look.)"
                ) from error

    def write_manifest(self, url: str, objects: Sequence[S3Object]) -> None:
        """Write the list of the objects that a COPY shall read, each of which must exist.

        Args:
            url: where to write it.
            objects: what it lists (AWS: loading-data-files-using-manifest).
        """
        bucket, key = split(url)
        body = {"entries": [{"url": found.url, "mandatory": True} for found in objects]}
        with self._explained(url):
            self.client.put_object(Bucket=bucket, Key=key, Body=json.dumps(body).encode())

    def lines(self, found: S3Object) -> Iterator[bytes]:
        """Stream the lines of an object, each with its line end, in the version that was listed.

        Raises:
            ObjectReplacedError: it is not that version any more.
        """
        from botocore.exceptions import ClientError

        with self._explained(found.url):
            try:
                answer = self.client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=found.etag)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "412", "NoSuchKey", "404"):
                    raise ObjectReplacedError(f"{found.url} was replaced while it was being read. {RETRY}") from error
                raise
            # The body's own iter_lines() would end a line at every carriage return too, which COPY does not.
            yield from BufferedReader(answer["Body"], BUFFER)  # type: ignore[type-var]  # it is an io.IOBase

    def _listed(self, bucket: str, prefix: str) -> Iterator[S3Object]:
        with self._explained(f"s3://{bucket}/{prefix}"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    yield S3Object(bucket, entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"])

    @contextmanager
    def _explained(self, url: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
            used = f"connection {self.hook.aws_conn_id!r}"
            if code in PERMANENT_S3_CODES:
                raise AirflowFailException(
                    f"Bucket {split(url)[0]!r} cannot be used with {used}: {error}. "
                    "Check the bucket's name, that it exists, and what the connection may do."
                ) from error
            raise AirflowException(f"S3 did not serve {url} on {used}: {error}. {RETRY}") from error


def _day_of(key: str, key_format: str) -> datetime | None:
    """The day that a key of this format promises; None for any other key, as `…-events.json.bak` is."""
    try:
        day = datetime.strptime(key.rsplit("/", 1)[-1], key_format.rsplit("/", 1)[-1]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return day if f"{day:{key_format}}" == key else None
