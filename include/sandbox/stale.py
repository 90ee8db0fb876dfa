"""Which published hours are stale, by the pipeline's own search, over all that is published."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.sandbox.aws import SOURCE_BUCKET, WORK_BUCKET
from include.sandbox.data import EVENTS, JSONPATHS_KEY
from include.sandbox.services import SCHEMA, connect, pipeline_client, query
from include.sandbox.state import REGION, REPOSITORY, State

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SQL = REPOSITORY / "include" / "sql"


@dataclass(frozen=True)
class Connection:
    """What the pipeline's store of objects asks of an Airflow hook.

    Args:
        client: with the pipeline's own keys.
    """

    client: S3Client
    aws_conn_id: str = "sparkify_aws"

    def get_conn(self) -> S3Client:
        """Returns the client."""
        return self.client


def stale_hours(state: State) -> list[datetime]:
    """Returns the hours whose events are not those that they were published from, in UTC, in order.

    Nothing is changed: what is copied to compare goes into a temporary table.

    Args:
        state: of the running sandbox, in which something has been published.
    """
    # Airflow's SDK, which these import, takes seconds.
    from sparkify import staleness
    from sparkify.copying import SKIP_BAD_RECORDS, Copy
    from sparkify.interval import EPOCH
    from sparkify.objects import Store
    from sparkify.star import LOG_KEY_FORMAT
    from sparkify.warehouse import Session

    logging.getLogger("sparkify").setLevel(logging.WARNING)  # each statement is of interest in the log of a task only
    store = Store(Connection(pipeline_client(state, "s3")))  # type: ignore[arg-type]  # all that it asks of a hook
    copy = Copy(
        table=staleness.EVENTS,
        manifest_url=f"s3://{WORK_BUCKET}/status/recent_events.manifest",
        iam_role=state.aws["role_arn"],
        jsonpaths=f"s3://{SOURCE_BUCKET}/{JSONPATHS_KEY}",
        region=REGION,
        options=[SKIP_BAD_RECORDS],
    )
    with connect(state) as connection:
        connection.autocommit = True
        published = query(connection, "select distinct date_trunc('day', hour) from sparkify.loaded_hours order by 1")
        days = [day.replace(tzinfo=timezone.utc) for (day,) in published]
        objects = store.daily(f"s3://{SOURCE_BUCKET}/{EVENTS}/", LOG_KEY_FORMAT, days)
        return list(staleness.find(Session(connection, pid=0), store, copy, objects, EPOCH, _sql()).hours)


def _sql() -> Any:
    from sparkify.macros import MACROS
    from sparkify.staleness import EVENTS as RECENT
    from sparkify.staleness import StaleSql

    templates = Environment(loader=FileSystemLoader(SQL), undefined=StrictUndefined)  # noqa: S701 - it renders SQL
    values = {**MACROS, "star": lambda: SCHEMA, "events": RECENT}
    create, suspects, hours = (
        templates.get_template(f"stale/{name}.sql").render(values) for name in ("create", "suspects", "hours")
    )
    return StaleSql(create, suspects, hours)
