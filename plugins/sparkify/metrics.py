"""Run metrics, told to Airflow's stats, which send them by StatsD or OpenTelemetry (Airflow: "Metrics Configuration").

Names are stable: dashboards and alarms are built on them. What there are many of, such as tasks and tables, is a tag,
since each value of a tag is a series of its own to whoever keeps them. Plain StatsD has no tags: there, counters are
the sum over all tags. Nothing is asked of the warehouse to tell a metric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from airflow.sdk.observability import stats

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """Something that is measured.

    Attributes:
        name: without the prefix that Airflow is configured to set before it (``airflow.`` by default).
        unit: of its values, in the plural.
        meaning: what it says, for the documentation.
    """

    name: str
    unit: str
    meaning: str


class Counter(Metric):
    """Adds up."""

    def add(self, number: int, tags: Tags) -> None:
        """Add a number, which may be 0, so that the series exists before the first of its kind."""
        stats.incr(self.name, number, tags=dict(tags))


class Gauge(Metric):
    """Is as it was last told."""

    def set(self, value: float, tags: Tags) -> None:
        """Tell how it is now."""
        stats.gauge(self.name, value, tags=dict(tags))


class Timer(Metric):
    """How long something takes."""

    def record(self, seconds: float, tags: Tags) -> None:
        """Tell how long it took this time; StatsD and OpenTelemetry get it in milliseconds."""
        stats.timing(self.name, timedelta(seconds=seconds), tags=dict(tags))


OBJECTS = Counter("sparkify.stage.objects", "objects", "S3 objects that were copied")
BYTES = Counter("sparkify.stage.bytes", "bytes", "their size in S3")
LINES = Counter("sparkify.stage.lines", "lines", "lines that COPY scanned")
ROWS = Counter("sparkify.stage.rows", "rows", "rows that were staged and kept")
REJECTED = Counter(
    "sparkify.stage.rejected",
    "records",
    "records that went to quarantine, each time that they are met; also of stages that fail because of them",
)
COPY = Timer("sparkify.stage.copy", "milliseconds", "one COPY statement")
STAGE = Timer("sparkify.stage.duration", "milliseconds", "a stage task, from its first look at S3 to its commit")
PASSED = Counter("sparkify.checks.passed", "checks", "quality checks that passed")
WARNED = Counter("sparkify.checks.warned", "checks", "quality checks of severity `warn` that did not pass")
FAILED = Counter("sparkify.checks.failed", "checks", "quality checks of severity `error` that did not pass")
MATCH_RATE = Gauge(
    "sparkify.match_rate", "0 to 1", "share of the run's plays and those of the week before that are of a known song"
)
PUBLISH = Counter("sparkify.publish", "publications", "publications that were committed")
PUBLISHED_ROWS = Counter("sparkify.publish.rows", "rows", "rows that they inserted into published tables")
PUBLICATION = Timer("sparkify.publish.duration", "milliseconds", "a publication, with its wait for the mutex")
HOURS_BEHIND = Gauge("sparkify.hours_behind", "hours", "from the end of a scheduled run's interval to its publication")
STALE = Counter("sparkify.stale.hours", "hours", "hours that were found to be stale and are loaded again")
