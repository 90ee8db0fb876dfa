"""The overview: the state of every hour, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sparkify.interval import DAY, timestamp
from sparkify.objects import S3Object
from sparkify.observe import DAG_ID, alerts, runs, settings, source
from sparkify.observe.attention import Attention, UnavailableError
from sparkify.observe.books import Books
from sparkify.observe.calendar import Calendar, PublishedDay, days_between, drawn, iso, midnight
from sparkify.observe.needs import needs_a_person
from sparkify.observe.runs import AirflowFacts

SHOWN_DAYS = 31


@dataclass
class Overview:
    """What became of the hours.

    Args:
        now: when that was asked.
        calendar: the state of every hour.
        days: those that are shown, their midnights in UTC, in order.
        plays: of the days shown, how many there are and how many of them are of a known song.
        stale: the hours shown whose source has changed since they were published; some may have failed since.
        attention: what needs a person.
    """

    now: datetime
    calendar: Calendar
    days: list[datetime]
    plays: dict[datetime, tuple[int, int]] = field(default_factory=dict)
    stale: list[datetime] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As the page and scripts read it."""
        known = self.calendar.known
        start, end = bounds(self.days, self.now)
        return {
            "as_of": iso(self.now),
            "dag_id": DAG_ID,
            "start": iso(start),
            "end": iso(end),
            "first_hour": iso(known[0]) if known else None,
            "last_hour": iso(known[-1]) if known else None,
            "days": [self._day(day) for day in self.days],
            "counts": self.calendar.counts(start, end),
            "stale": [iso(hour) for hour in self.stale],
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
        end: the moment after the last to show, no later than what is known, which is also the default. With neither,
            the newest 31 days of which something is known, wherever they lie, and today if the schedule is on.

    Raises:
        UnavailableError: the warehouse does not answer.
    """
    now = datetime.now(timezone.utc)
    airflow, troubles = _airflow()
    published = _published(books)
    objects, unlisted = _objects()
    calendar = drawn(published, objects, airflow, _published_again(books, airflow), now)
    days = days_between(*_range(calendar, now, start, end)) if start or end else _newest(calendar, airflow, now)
    first, last = bounds(days, now)
    shown = Overview(now, calendar, days, _plays(books, first, last))
    if not unlisted:
        shown.stale, unlisted = _stale(
            books, objects, {day: published[day] for day in published if first <= day < last}
        )
    for hour in shown.stale:
        if calendar.state(hour) in ("loaded", "empty"):
            calendar.put(hour, "stale")
    shown.attention = [*_missing_settings(), *unlisted, *troubles, *_needed(calendar, airflow)]
    return shown


def without_books(unavailable: UnavailableError) -> Overview:
    """Tell what is known while the warehouse does not answer.

    Args:
        unavailable: why it does not.
    """
    now = datetime.now(timezone.utc)
    airflow, troubles = _airflow()
    attention = [*_missing_settings(), unavailable.attention, *troubles, *_needed(Calendar(), airflow)]
    return Overview(now, Calendar(), [], attention=attention)


def bounds(days: Sequence[datetime], now: datetime) -> tuple[datetime, datetime]:
    """The half-open range that holds all of some days; an empty one today if there are none.

    Args:
        days: their midnights, in order.
        now: the time.
    """
    return (days[0], days[-1] + DAY) if days else (midnight(now), midnight(now))


def _airflow() -> tuple[AirflowFacts, list[Attention]]:
    """What Airflow knows, or that it cannot be asked."""
    try:
        return runs.known(), []
    except Exception as error:  # whatever it is, the warehouse is to be seen nevertheless
        do = "See that the metadata database runs. Until then failed and late hours are not shown."
        return AirflowFacts([], None, []), [Attention("Airflow's metadata cannot be read", _first_line(error), do)]


def _missing_settings() -> list[Attention]:
    try:
        return [*settings.missing()]
    except Exception as error:  # as above
        do = "See that the metadata database and the secrets backend answer."
        return [Attention("Variables and connections cannot be read", _first_line(error), do)]


def _needed(calendar: Calendar, airflow: AirflowFacts) -> list[Attention]:
    try:
        return needs_a_person(calendar, airflow, alerts.recorded())
    except UnavailableError as error:
        return [error.attention, *needs_a_person(calendar, airflow, [])]


def _first_line(error: BaseException) -> str:
    """What an error says, without what libraries add below."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


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
    except Exception as error:  # as above
        do = "See that S3 answers, and what the connection may do. Until then missing and stale hours are not shown."
        return {}, [Attention("The source cannot be listed", _first_line(error), do)]


def _stale(
    books: Books, objects: Mapping[datetime, S3Object], published: Mapping[datetime, PublishedDay]
) -> tuple[list[datetime], list[Attention]]:
    try:
        return source.stale_hours(books, objects, published), []
    except Exception as error:  # as above
        do = "Stale hours are not shown. The scheduled runs look for those of the last days all the same."
        return [], [Attention("The search for stale hours failed", _first_line(error), do)]


def _newest(calendar: Calendar, airflow: AirflowFacts, now: datetime) -> list[datetime]:
    """The days that are looked at first: years may lie between a history that was loaded and the hours of today."""
    today = [midnight(now)] if airflow.due else []
    return sorted({*calendar.known_days, *today})[-SHOWN_DAYS:]


def _range(
    calendar: Calendar, now: datetime, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    known = calendar.known or [now, now]
    first, after = midnight(known[0]), midnight(known[-1]) + DAY
    last = midnight(min(end, after) + DAY - timedelta(microseconds=1)) if end else after
    return max(first, midnight(start) if start else last - SHOWN_DAYS * DAY), last


def _plays(books: Books, start: datetime, end: datetime) -> dict[datetime, tuple[int, int]]:
    rows = books.ask("plays", start=timestamp(start), end=timestamp(end))
    return {row["day"]: (row["plays"], row["matched"]) for row in rows}
