"""The ordinary life of the app: who visits on a day, and what they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from include.sandbox.sample.draw import Draw
from include.sandbox.sample.listeners import Listener, listeners
from include.sandbox.sample.session import Event, Session
from include.sandbox.sample.songs import Song, ordinary_songs, unlisted_songs

DAY_MS = 86_400_000
SESSIONS_PER_DAY = 1000
FIRST_SESSION_DAY = date(2018, 11, 1)

# Plays of songs that the catalogue has, in 100. The real logs have less than one; a sample should show links.
MATCH_PERCENT = 36
# When visits begin: mornings to nights, most of them late in the afternoon.
BUSY_HOURS = (0, 0, 7, 8, 9, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16, 16, 16, 17, 17, 17, 18, 18, 19, 20, 21, 22, 23)
OTHER_PAGES = ("Home", "Home", "Home", "Home", "Settings", "Save Settings", "Help", "About", "Error")


@dataclass(frozen=True)
class App:
    """The app with its music and its users.

    Args:
        seed: equal seeds give equal days.
        catalogue: the songs that have metadata, the most played first.
        unlisted: the songs that have none.
        people: the users.
    """

    seed: int
    catalogue: Sequence[Song]
    unlisted: Sequence[Song]
    people: Sequence[Listener]

    @classmethod
    def of(cls, seed: int) -> "App":
        """Invent music and users from a seed."""
        return cls(seed, ordinary_songs(seed), unlisted_songs(seed), listeners(seed))

    def events_of(self, day: date, *, never_quiet: bool = False) -> list[Event]:
        """Tell all events of a UTC day, in the order of the log; some belong to sessions begun the day before.

        Args:
            day: the UTC day.
            never_quiet: whether every hour has plays, from its first minutes on; else a quarter of them has none.
        """
        begun = [*self._sessions_of(day - timedelta(days=1)), *self._sessions_of(day)]
        if never_quiet:
            begun += self._round_the_clock(day)
        silent = set() if never_quiet else self._quiet_hours(day)
        return in_log_order(
            event
            for session in begun
            for event in session.events
            if 0 <= event["ts"] - timestamp(day) < DAY_MS and (event["ts"] - timestamp(day)) // 3_600_000 not in silent
        )

    def _sessions_of(self, day: date) -> Iterator[Session]:
        draw = Draw(self.seed, "sessions", day)
        numbers = iter(range(session_number(day), session_number(day) + SESSIONS_PER_DAY))
        for person in self.people:
            changes = person.level(day) != person.level(day + timedelta(days=1))
            level = person.level(day)
            begin = timestamp(day)
            for _ in range(_visits(draw, level, changes)):
                begin = max(begin, _moment(draw, day, draw.pick(BUSY_HOURS)))
                session = Session(person, next(numbers), level, begin)
                self._spend(session, draw, changes)
                yield session
                level, changes, begin = session.level, False, session.ts + 600_000

    def _spend(self, session: Session, draw: Draw, changes: bool) -> None:
        """Fill a session with what its listener does; `changes` when the account goes from free to paid or back."""
        if draw.chance(20):
            _log_in(session, draw)
        for step in range(draw.between(8, 75) if session.level == "paid" else draw.between(3, 22)):
            if changes and step == 2:
                session.visit("Upgrade" if session.level == "free" else "Downgrade")
                session.wait(draw.between(5, 60))
                session.change_level()
                session.wait(1)
            elif draw.chance(86):
                session.play(self._song(draw))
            else:
                session.visit(draw.pick(OTHER_PAGES))
                session.wait(draw.between(1, 90))
        if draw.chance(15):
            session.visit("Logout")
            session.wait(draw.between(1, 20))
            session.logged_in = False
            session.visit("Home")

    def _round_the_clock(self, day: date) -> Iterator[Session]:
        draw = Draw(self.seed, "round the clock", day)
        steady = [person for person in self.people if not person.period]
        last = session_number(day) + SESSIONS_PER_DAY - 1
        for hour in range(24):
            person = draw.pick(steady)
            session = Session(person, last - hour, person.level(day), _moment(draw, day, hour, within_minutes=3))
            for _ in range(draw.between(3, 8)):
                session.play(self._song(draw))
            yield session

    def _song(self, draw: Draw) -> Song:
        return draw.favour(self.catalogue if draw.chance(MATCH_PERCENT) else self.unlisted)

    def _quiet_hours(self, day: date) -> set[int]:
        """Trap 4: a quarter of all hours is empty."""
        draw = Draw(self.seed, "quiet hours", day)
        night = draw.between(1, 4)
        return {*range(night, night + 5), draw.between(11, 20)}


def _visits(draw: Draw, level: str, changes: bool) -> int:
    likely = draw.chance(36 if level == "paid" else 24)
    return max(int(changes), int(likely) + int(likely and draw.chance(25)))


def _log_in(session: Session, draw: Draw) -> None:
    session.logged_in = False
    session.visit("Home")
    session.wait(draw.between(2, 60))
    session.visit("Login")
    session.wait(1)
    session.logged_in = True


def _moment(draw: Draw, day: date, hour: int, within_minutes: int = 60) -> int:
    """Draw a time in an hour; Trap 3: its milliseconds are never 000."""
    return timestamp(day) + (hour * 3600 + draw.below(within_minutes * 60)) * 1000 + draw.between(1, 999)


def timestamp(day: date) -> int:
    """Milliseconds from 1970 to the begin of a UTC day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp()) * 1000


def session_number(day: date) -> int:
    """The lowest session id of a day."""
    return max(0, (day - FIRST_SESSION_DAY).days) * SESSIONS_PER_DAY


def in_log_order(events: Iterator[Event] | Sequence[Event]) -> list[Event]:
    """Sort events as the app writes them."""
    return sorted(events, key=lambda event: (event["ts"], event["sessionId"], event["itemInSession"]))
