"""The overview: the state of every hour, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sparkify.alerts.callbacks import LATE_ADVICE
from sparkify.alerts.incidents import CORRECT_AND_CLEAR, LATE_AFTER
from sparkify.interval import DAY, timestamp
from sparkify.objects import S3Object
from sparkify.observe import DAG_ID, alerts, runs, source
from sparkify.observe.books import Books
from sparkify.observe.calendar import Calendar, PublishedDay, days_between, drawn, midnight
from sparkify.observe.runs import AirflowFacts
from sparkify.observe.unavailable import Attention, UnavailableError

SHOWN_DAYS = 31


@dataclass
class Overview:
    """What became of the hours.

    Args:
        now: when that was asked.
        calendar: the state of every hour.
        start: the first day that is shown, its midnight in UTC.
        end: the midnight after the last.
        plays: of the days shown, how many there are and how many of them are of a known song.
        attention: what needs a person.
    """

    now: datetime
    calendar: Calendar
    start: datetime
    end: datetime
    plays: dict[datetime, tuple[int, int]]
    attention: list[Attention] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As the page and scripts read it."""
        known = self.calendar.known
        return {
            "as_of": iso(self.now),
            "dag_id": DAG_ID,
            "start": iso(self.start),
            "end": iso(self.end),
            "first_hour": iso(known[0]) if known else None,
            "last_hour": iso(known[-1]) if known else None,
            "days": [self._day(day) for day in days_between(self.start, self.end)],
            "counts": self.calendar.counts(self.start, self.end),
            "attention": [one.json() for one in self.attention],
        }

    def _day(self, day: datetime) -> dict[str, Any]:
        rows, matched = self.plays.get(day, (0, 0))
        return {"day": f"{day:%Y-%m-%d}", "states": self.calendar.letters(day), "rows": rows, "matched": matched}


def overview(books: Books, start: datetime | None = None, end: datetime | None = None) -> Overview:
    """Ask everywhere what became of the hours.

    Args:
        books: the warehouse's.
        start: the first moment to show, in UTC, no earlier than what is known; by default 31 days before the end.
        end: the moment after the last to show, no later than what is known, which is also the default.

    Raises:
        UnavailableError: the warehouse does not answer.
    """
    now, airflow = datetime.now(timezone.utc), runs.known()
    published = _published(books)
    objects, attention = _objects()
    calendar = drawn(published, objects, airflow, _published_again(books, airflow), now)
    first, last = _range(calendar, now, start, end)
    in_range = {day: found for day, found in published.items() if first <= day < last}
    if not attention:
        attention = _mark_stale(calendar, books, objects, in_range)
    attention += needs_a_person(calendar, airflow)
    return Overview(now, calendar, first, last, _plays(books, first, last), attention)


def needs_a_person(calendar: Calendar, airflow: AirflowFacts) -> list[Attention]:
    """Say what does not come right by itself. Hours that are missing or stale are left to the schedule.

    Args:
        calendar: the state of every hour, not only of those shown.
        airflow: what Airflow knows.
    """
    try:
        told = [alert.attention for alert in alerts.latest() if alert.asks_for_somebody]
    except UnavailableError as error:
        told = [error.attention]
    return [*_unhealthy(airflow), *_failed(calendar), *told, *_late(calendar)]


def iso(moment: datetime) -> str:
    """A moment as ISO 8601, in UTC, to the second."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _published(books: Books) -> dict[datetime, PublishedDay]:
    return {
        row["day"]: PublishedDay(
            row["loaded"], row["empty"], frozenset((row["least_etag"], row["greatest_etag"])), row["published_at"]
        )
        for row in books.ask("hours")
    }


def _published_again(books: Books, airflow: AirflowFacts) -> dict[datetime, datetime]:
    """When the hours that failed runs cover were published."""
    failed = [run.interval for run in airflow.runs if run.failed]
    if not failed:
        return {}
    first, last = min(one.start for one in failed), max(one.end for one in failed)
    rows = books.ask("published", start=timestamp(first), end=timestamp(last))
    return {row["hour"]: row["published_at"] for row in rows}


def _objects() -> tuple[dict[datetime, S3Object], list[Attention]]:
    try:
        return source.daily_objects(), []
    except Exception as error:  # whatever it is, what is published is to be seen nevertheless
        do = "See that S3 answers, and what the connection may do. Until then missing and stale hours are not shown."
        return {}, [Attention("The source cannot be listed", str(error), do)]


def _mark_stale(
    calendar: Calendar, books: Books, objects: Mapping[datetime, S3Object], published: Mapping[datetime, PublishedDay]
) -> list[Attention]:
    try:
        stale = source.stale_hours(books, objects, published)
    except Exception as error:  # as above
        do = "Stale hours are not shown. The scheduled runs look for those of the last days all the same."
        return [Attention("The search for stale hours failed", str(error), do)]
    for hour in stale:
        if calendar.state(hour) in ("loaded", "empty"):
            calendar.put(hour, "stale")
    return []


def _range(
    calendar: Calendar, now: datetime, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    known = calendar.known or [now, now]
    first, after = midnight(known[0]), midnight(known[-1]) + DAY
    last = min(after, midnight(end + DAY - timedelta(microseconds=1))) if end else after
    return max(first, midnight(start) if start else last - SHOWN_DAYS * DAY), last


def _plays(books: Books, start: datetime, end: datetime) -> dict[datetime, tuple[int, int]]:
    rows = books.ask("plays", start=timestamp(start), end=timestamp(end))
    return {row["day"]: (row["plays"], row["matched"]) for row in rows}


def _unhealthy(airflow: AirflowFacts) -> Iterator[Attention]:
    if airflow.unhealthy:
        yield Attention(
            "a component of Airflow is not healthy, and who is dead sends no alert",
            f"No heartbeat: {', '.join(airflow.unhealthy)}.",
            "Start it again, and see its log for why it ended.",
        )


def _failed(calendar: Calendar) -> Iterator[Attention]:
    if hours := calendar.hours("failed"):
        latest = max((calendar.runs[hour] for hour in hours), key=lambda run: run.changed)
        yield Attention(
            counted(len(hours), "failed"),
            f"The latest run that failed is {latest.run_id}, at {iso(latest.changed)}.",
            f"Open it, see the log of its failed task, {CORRECT_AND_CLEAR}",
            latest.url,
        )


def _late(calendar: Calendar) -> Iterator[Attention]:
    if hours := calendar.hours("late"):
        run = calendar.runs.get(hours[-1])
        state = f"its run {run.run_id} is not finished" if run else "the scheduler has made no run of it"
        yield Attention(
            f"the schedule is on, and the hour {hours[-1]:%Y-%m-%d %H}h is not loaded",
            f"{counted(len(hours), 'late')}; of the last, {state} {LATE_AFTER // timedelta(minutes=1)} minutes after "
            "its end.",
            f"{LATE_ADVICE[0].upper()}{LATE_ADVICE[1:]}",
            run.url if run else "",
        )


def counted(number: int, state: str) -> str:
    """How many hours are in a state, in words."""
    return f"{number:,} {'hour' if number == 1 else 'hours'} {state}"
