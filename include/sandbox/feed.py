"""The live feed: keeps replacing the current UTC day's log object with a longer one, as the app does."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from include.sandbox.sample import SEED, App, as_lines, log_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


def run_feed(
    s3_client: "S3Client",
    bucket: str,
    *,
    seed: int = SEED,
    interval_seconds: float = 60,
    stop: threading.Event,
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
) -> None:
    """Write what has happened up to now, again and again, until told to stop.

    Events follow from seed and day alone, so a feed that is started anew goes on where the last one stopped. A failed
    request is logged and made up for by the next round.

    Args:
        s3_client: connected to where the bucket is.
        bucket: the source bucket's name.
        seed: the sample's, so that plays match its songs.
        interval_seconds: from one round to the next.
        stop: set by another thread to end the feed.
        now: tells the time, with a time zone.
    """
    app = App.of(seed)
    while not stop.is_set():
        try:
            write_once(s3_client, bucket, app, now())
        except (BotoCoreError, ClientError) as error:
            log.warning(
                "The feed could not write to s3://%s and tries again in %g s: %s", bucket, interval_seconds, error
            )
        stop.wait(interval_seconds)


def write_once(s3_client: "S3Client", bucket: str, app: App, now: datetime) -> None:
    """Bring the log object of the current UTC day up to a moment, and in a day's first hour also the day before's.

    An object is replaced only by a longer one, which begins with the same bytes.

    Args:
        s3_client: connected to where the bucket is.
        bucket: the source bucket's name.
        app: whose events are written.
        now: the moment, with a time zone.
    """
    for day in sorted({moment.astimezone(timezone.utc).date() for moment in (now - timedelta(hours=1), now)}):
        happened = [event for event in app.events_of(day, never_quiet=True) if event["ts"] <= now.timestamp() * 1000]
        body = as_lines(happened).encode()
        if len(body) > _size(s3_client, bucket, log_key(day)):
            s3_client.put_object(Bucket=bucket, Key=log_key(day), Body=body)
            log.info("s3://%s/%s now holds %d events", bucket, log_key(day), len(happened))


def _size(s3_client: "S3Client", bucket: str, key: str) -> int:
    """Ask for an object's bytes, 0 if it is not there."""
    try:
        return s3_client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return 0
        raise
