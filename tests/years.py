"""Five years of hourly runs before the sample: what the warehouse keeps of them, and their objects in the source."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.services import SCHEMA, Sandbox, app_client, connect
from tests.benchmarks import history

HOURS = 5 * 365 * 24
AN_HOUR = 4  # plays
CHECKED_DAYS = 180  # for as long are results of checks kept


def write(sandbox: Sandbox, *, objects: bool) -> None:
    """Write them; a run has published songs and hours of the sample already.

    Args:
        sandbox: in which it runs.
        objects: whether the source has their objects; otherwise the hours were published when it had none.
    """
    end = datetime.fromisoformat(history.BEFORE)
    checked_since = end - timedelta(days=CHECKED_DAYS)
    history.write(sandbox, SCHEMA, HOURS * AN_HOUR, an_hour=AN_HOUR, checked_since=checked_since)
    if not objects:
        with connect(sandbox.state) as connection:
            statement = f"update {SCHEMA}.loaded_hours set etag = '' where hour < '{history.BEFORE}'"
            connection.cursor().execute(statement)
            connection.commit()
        return
    s3 = app_client(sandbox.state)
    for n in range(HOURS // 24):
        day = end - timedelta(days=n + 1)
        # of this content S3's ETag, its MD5, is the version that the hours say they were published from
        key, content = f"log_data/{day:%Y/%m/%Y-%m-%d}-events.json", f"{day:%Y-%m-%d}".encode()
        s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=content)
