"""The half-open interval ``[start, end)`` of whole UTC hours that a run covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
from airflow.sdk.exceptions import AirflowFailException

GIVE_PARAMS = (
    'give both params, e.g. {"start": "2018-11-01T00:00:00Z", "end": "2018-11-02T00:00:00Z"}: `start` is included, '
    "`end` is not, both are whole hours in UTC, not before 1970 and not after the last full hour."
)
GIVE_BACKFILL = (
    "To load each hour of a range by a run of its own, `make backfill FROM=... TO=... HOURLY=1` or "
    "`airflow backfill create`."
)
# The types of run that get their hour from the timetable, so that their logical date is where it begins. All others
# get an interval that a person did not mean: for a manual run with a logical date the API takes the hour before that
# date, while `airflow dags trigger` and TriggerDagRunOperator take the last full hour of now (Airflow 3.3.2:
# TriggerDAGRunPostBody.validate_context, api/common/trigger_dag.py). One that was typed into the form looks the same.
OF_THE_TIMETABLE = ("scheduled", "backfill")
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
        return f"[{_minute(self.start)}, {_minute(self.end)})"


def timestamp(moment: datetime) -> str:
    """A moment as a SQL parameter, to the second.

    Not by ``strftime``: Linux writes the year 12 as ``12``, which SQL then reads as a month or as 2012.

    Args:
        moment: in UTC, as all timestamps in the warehouse are.
    """
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def of_run(dag_run: Any, params: Mapping[str, Any]) -> Interval:
    """Say which hours a run covers, whatever started it: the one place where this is decided, and checked.

    Args:
        dag_run: the run, as Airflow puts it into the context, or its row in Airflow's metadata.
        params: the run's params; ``start`` and ``end`` are ISO 8601 or None.

    Returns:
        Whole hours in UTC, one at least: those of the schedule or of the backfill, or else those of the params.

    Raises:
        AirflowFailException: it is not clear which hours are meant, or they are none that can be loaded.
    """
    start, end = params.get("start") or "", params.get("end") or ""
    run_type = str(getattr(dag_run.run_type, "value", dag_run.run_type))
    if run_type in OF_THE_TIMETABLE:
        _require_no_params(dag_run.run_id, run_type, start, end)
        interval = Interval(_utc(dag_run.data_interval_start), _utc(dag_run.data_interval_end))
    else:
        _require_params(dag_run, run_type, start, end)
        interval = Interval(_parsed("start", start), _parsed("end", end))
    # The scheduler starts no run before its run_after, by the clock of its database. A worker's may be behind that by
    # seconds, and the run of an hour starts as soon as the hour is over.
    _require_loadable(interval, max(datetime.now(timezone.utc), dag_run.run_after))
    return interval


def _require_no_params(run_id: str, run_type: str, start: str, end: str) -> None:
    if start or end:
        raise AirflowFailException(
            f"Run {run_id} covers its own hour, as every {run_type} run does, and was given start={start!r} and "
            f"end={end!r} as well. "
            + (
                "Cancel the backfill and create it again without them: --from-date and --to-date are its range."
                if run_type == "backfill"
                else "Leave these params without a default in the DAG."
            )
        )


def _require_params(dag_run: Any, run_type: str, start: str, end: str) -> None:
    if start and end:
        return
    if start or end:
        raise AirflowFailException(f"Params start={start!r} and end={end!r}: {GIVE_PARAMS}")
    dated = dag_run.data_interval_start is not None
    raise AirflowFailException(
        f"It is not clear which hours run {dag_run.run_id} is to load: it has the type {run_type} and no params. "
        + ("A logical date or a data interval does not count, since Airflow may have made it up. " if dated else "")
        + f"Trigger another run, and {GIVE_PARAMS} {GIVE_BACKFILL}"
        + (" Delete this run: no other can have its logical date while it is there." if dated else "")
    )


def _require_loadable(interval: Interval, now: datetime) -> None:
    full = _hour(now)
    if interval.start != _hour(interval.start) or interval.end != _hour(interval.end):
        problem = "is not of whole hours in UTC"
    elif interval.start >= interval.end:
        problem = "is empty or runs backwards: start must be before end"
    elif interval.start < EPOCH:
        problem = "begins before 1970"
    elif interval.end > full:
        problem = f"ends after the last full hour: at {_minute(now)} that ends at {_minute(full)}"
    elif interval.end - interval.start > LONGEST:
        problem = f"is longer than {LONGEST // HOUR:,} hours: load it in parts"
    else:
        return
    raise AirflowFailException(f"The interval {interval} {problem}. To load a range, {GIVE_PARAMS}")


def _parsed(name: str, text: str) -> datetime:
    try:
        moment = pendulum.parse(text, tz="UTC", exact=True)
        if isinstance(moment, pendulum.DateTime):
            return _utc(moment)
        if isinstance(moment, pendulum.Date):
            return datetime(moment.year, moment.month, moment.day, tzinfo=timezone.utc)
    except (ValueError, OverflowError) as error:  # no text of a moment, or one that is none in UTC: 9999-12-31T23-02:00
        raise AirflowFailException(
            f"Param {name}={text!r} is not an ISO 8601 date-time ({error}): {GIVE_PARAMS}"
        ) from error
    raise AirflowFailException(f"Param {name}={text!r} is not a moment in time: {GIVE_PARAMS}")


def _utc(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp(), tz=timezone.utc)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _minute(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='minutes')}Z"
