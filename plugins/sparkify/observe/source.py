"""What the source holds: the object of each day, and which published hours it has changed since."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from datetime import datetime

from sparkify import staleness
from sparkify.addresses import base, split
from sparkify.alerts.channels import AWS_CONNECTION
from sparkify.alerts.reporting import WORK_VARIABLE
from sparkify.copying import SKIP_BAD_RECORDS, Copy
from sparkify.interval import EPOCH
from sparkify.objects import S3Object, Store
from sparkify.observe.books import Books, rendered
from sparkify.observe.calendar import PublishedDay
from sparkify.staleness import StaleSql
from sparkify.star import LOG_KEY_FORMAT, SOURCE_VARIABLE

_search = threading.Lock()
_found: tuple[object, list[datetime]] = (None, [])


def daily_objects() -> dict[datetime, S3Object]:
    """The object of every day that has one, by the day's midnight in UTC.

    Raises:
        AirflowException: S3 does not answer, or refuses.
    """
    return Store.of(AWS_CONNECTION).dated(_events(), LOG_KEY_FORMAT)


def stale_hours(
    books: Books, objects: Mapping[datetime, S3Object], published: Mapping[datetime, PublishedDay]
) -> list[datetime]:
    """The hours whose events are not those that they were published from, by the pipeline's own search.

    Nothing is changed: what is copied to compare goes into a temporary table. Days whose object is the one that they
    were published from are not looked at, and the same question asked again is not asked of the warehouse.

    Args:
        books: of the warehouse.
        objects: of every day that has one.
        published: what is published of the days to look at.
    """
    global _found
    bucket, prefix = split(_events())
    suspects = {}
    for day, of_day in published.items():
        found = objects.get(day) or S3Object(bucket, f"{prefix}{day:{LOG_KEY_FORMAT}}", day=day)
        if of_day.versions != {found.etag}:
            suspects[found] = of_day.published_at
    if not suspects:
        return []
    with _search:
        question = tuple(suspects.items())
        if _found[0] != question:
            hours = staleness.find(
                books.session, Store.of(AWS_CONNECTION), _copy(), list(suspects), EPOCH, _sql()
            ).hours
            _found = question, list(hours)
        return _found[1]


def _events() -> str:
    return f"{_base(SOURCE_VARIABLE)}/log_data/"


def _base(variable: str) -> str:
    from airflow.sdk import Variable

    return base(Variable.get(variable), variable)


def _copy() -> Copy:
    from airflow.sdk import Variable

    return Copy(
        table=staleness.EVENTS,
        # two searches at once must not write one manifest, and old ones must not pile up
        manifest_url=f"{_base(WORK_VARIABLE)}/observe/{socket.gethostname()}_{os.getpid()}.manifest",
        iam_role=Variable.get("sparkify_iam_role"),
        jsonpaths=f"{_base(SOURCE_VARIABLE)}/log_json_path.json",
        region=Variable.get("sparkify_region"),
        options=[SKIP_BAD_RECORDS],
    )


def _sql() -> StaleSql:
    return StaleSql(
        *(rendered(f"stale/{name}.sql", events=staleness.EVENTS) for name in ("create", "suspects", "hours"))
    )
