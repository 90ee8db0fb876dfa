"""The state of every hour, drawn from what the warehouse, the source and Airflow know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from sparkify.interval import DAY, EPOCH, HOUR
from sparkify.observe import NOT_DUE, STATES
from sparkify.observe.runs import AirflowFacts, RunFacts

ALWAYS = EPOCH, datetime(9999, 1, 1, tzinfo=timezone.utc)  # the range of all hours
NAMES = {letter: name for name, letter in STATES.items()}


@dataclass(frozen=True)
class PublishedDay:
    """What is published of one day.

    Args:
        loaded: its hours that had plays, as bits, midnight the lowest.
        empty: its hours that had none, as bits.
        versions: the versions of its object that the hours were published from.
        published_at: when the last of them was.
    """

    loaded: int
    empty: int
    versions: frozenset[str]
    published_at: datetime


@dataclass
class Calendar:
    """The states of all hours that are known of, a letter each.

    Args:
        days: the letters of a day's hours, by its midnight in UTC.
        runs: the run that a failed or late hour is waiting for, where there is one.
    """

    days: dict[datetime, list[str]] = field(default_factory=dict)
    runs: dict[datetime, RunFacts] = field(default_factory=dict)

    def put(self, hour: datetime, state: str) -> None:
        """Set the state of an hour.

        Args:
            hour: its first moment, in UTC.
            state: one of `STATES`.
        """
        self.days.setdefault(hour.replace(hour=0), [NOT_DUE] * 24)[hour.hour] = STATES[state]

    def fill(self, day: datetime, hours: int, state: str) -> None:
        """Set the state of several hours of a day, faster than one by one.

        Args:
            day: its midnight, in UTC.
            hours: which, as bits, midnight the lowest.
            state: one of `STATES`.
        """
        letters = self.days.setdefault(day, [NOT_DUE] * 24)
        for hour in range(24):
            if hours >> hour & 1:
                letters[hour] = STATES[state]

    def state(self, hour: datetime) -> str:
        """The name of an hour's state; empty if nothing is known of it, and nothing due."""
        letters = self.days.get(hour.replace(hour=0))
        return NAMES.get(letters[hour.hour], "") if letters else ""

    def letters(self, day: datetime) -> str:
        """The 24 letters of a day."""
        return "".join(self.days.get(day, [NOT_DUE] * 24))

    def hours(self, state: str) -> list[datetime]:
        """The hours in a state, in order."""
        letter = STATES[state]
        return [day + n * HOUR for day in sorted(self.days) for n, one in enumerate(self.days[day]) if one == letter]

    def counts(self, start: datetime, end: datetime) -> dict[str, int]:
        """How many hours of a half-open range of whole days are in each state."""
        counted: Counter[str] = Counter()
        for day, letters in self.days.items():
            if start <= day < end:
                counted.update(letters)
        return {name: counted[letter] for name, letter in STATES.items()}

    @property
    def known_days(self) -> list[datetime]:
        """The days of which an hour has a state, in order."""
        return [day for day in sorted(self.days) if set(self.days[day]) != {NOT_DUE}]

    @property
    def known(self) -> list[datetime]:
        """The first and the last hour that has a state; empty if none has."""
        days = self.known_days
        if not days:
            return []
        of_first = next(n for n, letter in enumerate(self.days[days[0]]) if letter != NOT_DUE)
        of_last = max(n for n, letter in enumerate(self.days[days[-1]]) if letter != NOT_DUE)
        return [days[0] + of_first * HOUR, days[-1] + of_last * HOUR]


def drawn(
    published: Mapping[datetime, PublishedDay],
    with_object: Iterable[datetime],
    airflow: AirflowFacts,
    published_at: Mapping[datetime, datetime],
    now: datetime,
) -> Calendar:
    """Say of every hour what became of it. Where several things are true, the one that somebody should act on wins.

    Args:
        published: what is published, by day.
        with_object: the days of which the source has an object.
        airflow: what failed, is late or due.
        published_at: when the hours that a failed run covers were published.
        now: the time; an hour that is not over is not due.
    """
    calendar = Calendar()
    for day in with_object:
        calendar.fill(day, _over(day, now), "missing")
    for day, of_day in published.items():
        if over := _over(day, now):  # nothing is known of the future, whatever somebody wrote into the books
            calendar.fill(day, of_day.loaded & over, "loaded")
            calendar.fill(day, of_day.empty & over, "empty")
    for hour, run in airflow.late_hours(now).items():
        if calendar.state(hour) in ("", "missing"):
            _blame(calendar, hour, "late", run)
    for hour, failed in airflow.failed_hours(published_at).items():
        if EPOCH <= hour < now:
            _blame(calendar, hour, "failed", failed)
    return calendar


def _over(day: datetime, now: datetime) -> int:
    """The hours of a day that are over, as bits, midnight the lowest."""
    return int((1 << min(24, max(0, (now - day) // HOUR))) - 1)


def iso(moment: datetime) -> str:
    """A moment as ISO 8601, in UTC, to the second."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def midnight(moment: datetime) -> datetime:
    """The beginning of a moment's day, in UTC."""
    return moment.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def days_between(start: datetime, end: datetime) -> list[datetime]:
    """The midnights of a half-open range of whole days."""
    return [start + n * DAY for n in range(max(timedelta(0), end - start) // DAY)]


def _blame(calendar: Calendar, hour: datetime, state: str, run: RunFacts | None) -> None:
    calendar.put(hour, state)
    if run:
        calendar.runs[hour] = run
