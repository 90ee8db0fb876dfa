"""The objects that a COPY reads, by key prefix or manifest (AWS: copy-parameters-data-source-s3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from include.sandbox.redshift.copy.manifest import UNKNOWN, Source, parts_of, sources_of
from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.threads import CREW, Crew

# What is read ahead: small objects whole, so many at a time, because each costs a round trip.
SMALL, AHEAD = 1 << 20, 2 * CREW
REASONS = {
    "AccessDenied": "Access Denied", "NoSuchKey": "The specified key does not exist.",
    "NoSuchBucket": "The specified bucket does not exist",
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "PermanentRedirect": "The bucket you are attempting to access must be addressed using the specified endpoint.",
}  # fmt: skip


@dataclass
class Opened:
    """An object being read.

    Args:
        source: which one.
        stream: its bytes.
        etag: S3's entity tag, without quotes.
        modified: when it was last written.
        size: bytes.
    """

    source: Source
    stream: IO[bytes]
    etag: str
    modified: datetime
    size: int


class Bucket:
    """S3 as a COPY sees it; errors come in Redshift's words and name the object.

    Args:
        client: a boto3 S3 client, which retries by itself.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def text(self, url: str, what: str) -> str:
        """Reads a small UTF-8 object, e.g. a jsonpaths file.

        Raises:
            RedshiftError: it cannot be read; the message names it as `what`.
        """
        try:
            return cast("str", self._get(url)["Body"].read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise RedshiftError(f"{what} {url} is not UTF-8") from None
        except (ClientError, BotoCoreError) as error:
            raise RedshiftError(f"Problem reading {what} file - {_service_text(error)}", detail=_where(url)) from error

    def sources(self, url: str, *, manifest: bool) -> list[Source]:
        """Returns the objects that a FROM text stands for.

        Raises:
            RedshiftError: there is none, or the manifest is missing or malformed.
        """
        return sources_of(self.text(url, "manifest"), _where(url)) if manifest else self._found(url)

    def _found(self, url: str) -> list[Source]:
        bucket, prefix = parts_of(url)
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            objects = [item for page in pages for item in page.get("Contents", ())]
        except (ClientError, BotoCoreError) as error:
            raise RedshiftError(_service_text(error), detail=_where(url)) from error
        if not objects:
            raise RedshiftError(f"The specified S3 prefix '{prefix}' does not exist", detail=_where(url))
        return [Source(f"s3://{bucket}/{item['Key']}", size=item["Size"]) for item in objects]

    def read(self, sources: list[Source]) -> Iterator[Opened]:
        """Yields the objects in order, reading small ones ahead; missing ones that are not mandatory are left out.

        Raises:
            RedshiftError: an object cannot be read, or none was there at all.
        """
        crew = Crew(CREW)
        try:
            yield from self._in_order(sources, crew)
        finally:
            crew.dismiss()

    def _in_order(self, sources: list[Source], crew: Crew) -> Iterator[Opened]:
        found = False
        waiting = iter(sources)
        ahead: list[tuple[Source, Future[Opened | None] | None]] = [(source, None) for source in islice(waiting, 1)]
        while True:
            for source in islice(waiting, AHEAD - len(ahead)):
                small = source.size == UNKNOWN or source.size <= SMALL
                ahead.append((source, crew.submit(self._open_small, source) if small else None))
            if not ahead:
                break
            source, future = ahead.pop(0)
            try:
                opened = (future.result() if future else None) or self._open(source)
            except (ClientError, BotoCoreError) as error:
                if not source.mandatory and _is_missing(error):
                    continue
                raise RedshiftError(_service_text(error), detail=_where(source.url)) from error
            found = True
            yield opened
        if not found:
            raise RedshiftError("No files to load: none of the manifest's files exists", detail=_where(sources[0].url))

    def _open_small(self, source: Source) -> Opened | None:
        """Reads an object ahead; None if it is large after all, so that its connection would only wait."""
        answer = self._get(source.url)
        if answer["ContentLength"] <= SMALL:
            return self._opened(source, answer)
        answer["Body"].close()
        return None

    def _open(self, source: Source) -> Opened:
        return self._opened(source, self._get(source.url))

    def _opened(self, source: Source, answer: Any) -> Opened:
        size = answer["ContentLength"]
        stream = io.BytesIO(answer["Body"].read()) if size <= SMALL else _Body(answer["Body"], source.url)
        return Opened(source, cast("IO[bytes]", stream), answer["ETag"].strip('"'), answer["LastModified"], size)

    def _get(self, url: str) -> Any:
        bucket, key = parts_of(url)
        return self._client.get_object(Bucket=bucket, Key=key)


class _Body(io.RawIOBase):
    """An object's bytes as a file that the decompressors can read; errors come in Redshift's words."""

    def __init__(self, body: Any, url: str) -> None:
        self._body = body
        self._url = url

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return cast("bytes", self._body.read(None if size < 0 else size))
        except BotoCoreError as error:
            raise RedshiftError(_service_text(error), detail=_where(self._url)) from error

    def readinto(self, buffer: Any) -> int:
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in ("NoSuchKey", "404")


def _where(url: str) -> str:
    return f"S3 key being read : {url}"


def _service_text(error: Exception) -> str:
    """Returns the text of an S3 error as Redshift gives it."""
    if not isinstance(error, ClientError):
        return f"S3ServiceException:{error}"
    code, meta = error.response["Error"]["Code"], error.response["ResponseMetadata"]
    reason = REASONS.get(code, error.response["Error"].get("Message", code))
    request = meta.get("RequestId", "")
    return f"S3ServiceException:{reason},Status {meta['HTTPStatusCode']},Error {code},Rid {request},CanRetry 1"


def service_error(error: Exception, url: str) -> RedshiftError:
    """Returns the error for what S3 refused, in Redshift's words."""
    return RedshiftError(_service_text(error), detail=f"S3 key being written : {url}")
