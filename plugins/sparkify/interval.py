"""The half-open interval ``[start, end)`` of whole UTC hours that a run covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
from airflow.sdk.exceptions import AirflowFailException

HOW_TO_GIVE_ONE = (
    'Trigger the DAG with both params, e.g. {"start": "2018-11-01T00:00:00Z", "end": "2018-11-02T00:00:00Z"}: '
    "`start` is included, `end` is not, both are whole hours in UTC."
)
LONGEST = timedelta(hours=100_000)  # what publish/0_hours.sql counts up to
HOUR, DAY, MILLISECOND = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Interval:
    """A half-open range of time.

    Attributes:
        start: first moment of the range, in UTC.
        end: first moment after the range, in UTC.
    """

    start: datetime
    end: datetime

    @classmethod
    def from_bound(cls, bound: Mapping[str, str] | None) -> Interval:
        """Make an interval of what :attr:`bound` holds; ``start_ms`` and ``end_ms`` will do.

        Raises:
            AirflowFailException: there is none.
        """
        if bound is None:
            raise AirflowFailException("Objects are named by day here, so the operator needs an interval.")
        return cls(*(EPOCH + int(bound[name]) * MILLISECOND for name in ("start_ms", "end_ms")))

    @classmethod
    def blocks(cls, hours: Sequence[datetime]) -> list[Interval]:
        """The fewest intervals that hold these hours and no other.

        Args:
            hours: their first moments, in UTC, in order.
        """
        made: list[Interval] = []
        for hour in hours:
            start = made.pop().start if made and made[-1].end == hour else hour
            made.append(cls(start, hour + HOUR))
        return made

    @property
    def start_ms(self) -> int:
        """Milliseconds from 1970-01-01T00:00:00Z to the start."""
        return (self.start - EPOCH) // MILLISECOND

    @property
    def end_ms(self) -> int:
        """Milliseconds from 1970-01-01T00:00:00Z to the end."""
        return (self.end - EPOCH) // MILLISECOND

    @property
    def bound(self) -> dict[str, str]:
        """The interval as SQL parameters: ``start`` and ``end`` as UTC timestamps, ``start_ms`` and ``end_ms``."""
        return {
            "start": timestamp(self.start),
            "end": timestamp(self.end),
            "start_ms": str(self.start_ms),
            "end_ms": str(self.end_ms),
        }

    def days(self) -> list[datetime]:
        """The midnights (UTC) of every day that the interval touches, in order."""
        first = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        return [first + n * DAY for n in range((self.end - first + timedelta(days=1, microseconds=-1)).days)]

    def __str__(self) -> str:
        """The interval as mathematicians write it, so that it is plain which end is included."""
        return f"[{self.start:%Y-%m-%dT%H:%MZ}, {self.end:%Y-%m-%dT%H:%MZ})"


def timestamp(moment: datetime) -> str:
    """A moment as a SQL parameter, to the second.

    Args:
        moment: in UTC, as all timestamps in the warehouse are.
    """
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def of_run(dag_run: Any, params: Mapping[str, Any]) -> Interval:
    """Say which interval a run covers: its params where they are given, its data interval otherwise.

    Args:
        dag_run: the run, as Airflow puts it into the context.
        params: the run's params; ``start`` and ``end`` are ISO 8601 or None.

    Returns:
        The interval, in UTC.

    Raises:
        AirflowFailException: the run has no interval, only half of one, one that is not of whole hours or is empty, or
            params on a run that is not manual (a backfill would load the same range over and over).
    """
    start, end = params.get("start") or "", params.get("end") or ""
    if start or end:
        _require(bool(start and end), f"Params start={start!r} and end={end!r}: give both or neither.")
        _require(
            dag_run.run_type in ("manual", "operator_triggered"),
            f"Params start and end are for manual runs, and {dag_run.run_id} is a {dag_run.run_type} run: "
            "it covers its own data interval.",
        )
        interval = Interval(_parsed("start", start), _parsed("end", end))
    else:
        # Airflow 3 gives a manual run without a logical date no data interval.
        _require(
            dag_run.data_interval_start is not None and dag_run.data_interval_end is not None,
            f"Run {dag_run.run_id} has no interval: it was triggered without a logical date and without params.",
        )
        interval = Interval(_utc(dag_run.data_interval_start), _utc(dag_run.data_interval_end))
    _require(
        interval.start < interval.end, f"The interval {interval} is empty or runs backwards: start must be before end."
    )
    _require(
        interval.end - interval.start <= LONGEST,
        f"The interval {interval} is longer than {LONGEST // timedelta(hours=1):,} hours: load it in parts.",
    )
    return interval


def _parsed(name: str, text: str) -> datetime:
    try:
        moment = pendulum.parse(text, tz="UTC")
    except ValueError as error:
        raise AirflowFailException(f"Param {name}={text!r} is not an ISO 8601 date-time. {HOW_TO_GIVE_ONE}") from error
    if not isinstance(moment, pendulum.DateTime):
        raise AirflowFailException(f"Param {name}={text!r} is not a moment in time. {HOW_TO_GIVE_ONE}")
    utc = _utc(moment)
    _require(
        utc == utc.replace(minute=0, second=0, microsecond=0), f"Param {name}={text!r} is not a whole hour in UTC."
    )
    return utc


def _utc(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp(), tz=timezone.utc)


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise AirflowFailException(f"{problem} {HOW_TO_GIVE_ONE}")
