"""Hours that were published from events which the source has changed since."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import ClassVar

from sparkify.copying import Copy
from sparkify.interval import HOUR, Interval, timestamp
from sparkify.objects import S3Object, Store
from sparkify.warehouse import Session

log = logging.getLogger(__name__)

EVENTS = "#recent_events"


@dataclass
class StaleSql:
    """The statements of a search, as templates or ``.sql`` files.

    Attributes:
        create: creates the temporary tables ``#object_versions`` (day, etag, last_modified) and ``#recent_events``.
        suspects: returns the days of which an hour was published from another version than ``#object_versions`` has.
        hours: creates ``#stale_hours`` (hour): those of them that were published from other events.
    """

    create: str
    suspects: str
    hours: str

    template_fields: ClassVar[Sequence[str]] = ("create", "suspects", "hours")


@dataclass(frozen=True)
class Stale:
    """What a search found.

    Attributes:
        hours: the first moment of every stale hour, in UTC, in order.
        objects: the objects that hold their days now, or that there are none.
    """

    hours: Sequence[datetime]
    objects: Sequence[S3Object]

    @property
    def interval(self) -> Interval:
        """From the first of the hours to the end of the last."""
        return Interval(self.hours[0], self.hours[-1] + HOUR)

    @property
    def run_id(self) -> str:
        """Names the run that loads them again: asked for twice it is the same run, unless an object has changed."""
        versions = "\n".join([f"{self.interval}", *(f"{found.url} {found.etag}" for found in self.objects)])
        return f"stale__{self.interval.start:%Y-%m-%dT%H}_{sha256(versions.encode()).hexdigest()[:12]}"


def find(
    session: Session,
    store: Store,
    copy: Copy,
    objects: Sequence[S3Object],
    since: datetime,
    sql: StaleSql,
    staged: Sequence[S3Object] = (),
) -> Stale:
    """Compare what hours were published from with what the source holds now: by its versions, then by the events.

    Args:
        session: in autocommit mode; the search leaves its temporary tables in it.
        store: takes the manifest.
        copy: how events are copied into ``#recent_events``.
        objects: every day's object as it is now, or that there is none.
        since: earlier hours are left alone.
        sql: rendered.
        staged: further objects, whose events ``sql.hours`` finds elsewhere.
    """
    bound = {"since": timestamp(since)}
    session.script(sql.create)
    versions = [
        {"day": found.day and timestamp(found.day), "etag": found.etag, "last_modified": timestamp(found.last_modified)}
        for found in (*objects, *staged)
    ]
    session.insert("#object_versions", versions)
    suspects = {_utc(day) for (day,) in session.run(sql.suspects, bound)}
    unread = [found for found in objects if found.day in suspects and found.has_records]
    log.info("%d of %d days have changed since they were published", len(suspects), len(objects) + len(staged))
    if unread:
        store.write_manifest(copy.manifest_url, unread)
        session.run(copy.statement)
    session.script(sql.hours, bound)
    hours = [_utc(hour) for (hour,) in session.run("select hour from #stale_hours order by hour")]
    days = {hour.replace(hour=0) for hour in hours}
    return Stale(hours, [found for found in (*objects, *staged) if found.day in days])


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=timezone.utc)
