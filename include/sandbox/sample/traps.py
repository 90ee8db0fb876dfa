"""Sessions written by hand, so that each trap is in every sample whatever its seed: `grep -n 'Trap'` finds them.

They take place in the hours 9, 10, 22 and 23, which are never quiet, and belong to users 901 and up.
"""

from collections.abc import Callable, Sequence
from datetime import date

from include.sandbox.sample.days import in_log_order, session_number, timestamp
from include.sandbox.sample.listeners import Listener
from include.sandbox.sample.odd_songs import near_misses, odd_songs
from include.sandbox.sample.session import Event, Session
from include.sandbox.sample.songs import Song

FIRST_SESSION = 500
NEWCOMERS = (
    ("Nico", "Eastgate", "M"),
    ("Mira", "Vance", "F"),
    ("Otis", "Vance", "M"),
    ("Ada", "Limes", "F"),
    ("Bo", "Strand", "M"),
    ("Cleo", "Amber", "F"),
    ("Dov", "Marsh", "M"),
    ("Etta", "Prior", "F"),
    ("Finn", "Arbor", "M"),
)


def planted(day: date, songs: Sequence[Song]) -> list[Event]:
    """Write the sessions of all traps, begun on one day, in the order of the log.

    Args:
        day: the UTC day on which they begin; one of them goes on after its midnight.
        songs: what is played where the song does not matter, three or more.
    """
    stage = Stage(day, songs)
    for trap in TRAPS:
        trap(stage)
    return in_log_order([event for session in stage.sessions for event in session.events])


class Stage:
    """Where the sessions of a day are opened.

    Args:
        day: the UTC day.
        songs: what is played.
    """

    def __init__(self, day: date, songs: Sequence[Song]) -> None:
        self.day = day
        self.songs = songs
        self.sessions: list[Session] = []

    def open(self, clock: str, who: int, level: str = "free") -> Session:
        """Open a session at a time of day written as HH:MM:SS.mmm."""
        hours, minutes, seconds = clock.split(":")
        at = timestamp(self.day) + (int(hours) * 60 + int(minutes)) * 60_000 + int(seconds.replace(".", ""))
        session = Session(_newcomer(who), session_number(self.day) + FIRST_SESSION + len(self.sessions), level, at)
        self.sessions.append(session)
        return session


def odd_titles(stage: Stage) -> None:
    """Traps 5 and 6: every odd song of the catalogue is played, and every song that only looks like one."""
    session = stage.open("09:00:10.500", who=0)
    for song in [*odd_songs(), *near_misses()]:
        session.play(song)


def edges_of_hours(stage: Stage) -> None:
    """Trap 3: a rounded timestamp would fall into the next second, hour or day."""
    for clock in ("09:59:59.999", "10:00:00.001", "23:59:59.999", "00:00:00.001"):
        stage.open(clock, who=1).play(stage.songs[0])


def shared_timestamp(stage: Stage) -> None:
    """Trap 3: two users start a song in the same millisecond; time has one row of it."""
    stage.open("10:15:00.123", who=2).play(stage.songs[1])
    stage.open("10:15:00.123", who=3).play(stage.songs[2])


def same_second(stage: Stage) -> None:
    """Two plays of one session in one second are two plays."""
    session = stage.open("10:20:30.101", who=2)
    session.visit("NextSong", stage.songs[0])
    session.ts += 800
    session.play(stage.songs[0])


def delivered_twice(stage: Stage) -> None:
    """The same event delivered twice is one play."""
    session = stage.open("10:31:07.007", who=3)
    session.play(stage.songs[1])
    session.events.append(session.events[-1])


def tie_for_latest(stage: Stage) -> None:
    """Trap 4: the latest two events share a ts; itemInSession decides as a number, 10 after 9: the user is free."""
    session = stage.open("22:05:00.250", who=4, level="paid")
    for _ in range(9):
        session.visit("Home")
        session.wait(20)
    session.visit("NextSong", stage.songs[0])
    session.level = "free"
    session.play(stage.songs[1])


def there_and_back(stage: Stage) -> None:
    """Trap 4: a level changes twice within a session; each play has its own, the user the last."""
    session = stage.open("22:10:00.060", who=5)
    session.play(stage.songs[0])
    session.change_level()
    session.wait(1)
    session.play(stage.songs[1])
    session.change_level()
    session.wait(1)
    session.play(stage.songs[2])


def new_name(stage: Stage) -> None:
    """A user's family name changes; the latest event's counts."""
    session = stage.open("22:15:00.940", who=6, level="paid")
    session.play(stage.songs[0])
    session.visit("Save Settings")
    session.wait(2)
    session.listener = session.listener.married("Loxley")
    session.play(stage.songs[1])


def level_after_last_play(stage: Stage) -> None:
    """Trap 4: only plays tell a user's level; the later page view of a downgraded account does not."""
    session = stage.open("22:20:00.333", who=7, level="paid")
    session.play(stage.songs[2])
    session.change_level()
    session.visit("Home")


def across_midnight(stage: Stage) -> None:
    """Trap 4: a session crosses hours and midnight, and changes its level on the way."""
    session = stage.open("22:30:00.018", who=8)
    midnight = timestamp(stage.day) + 86_400_000
    changed = False
    while session.ts < midnight + 2_400_000:
        session.play(stage.songs[len(session.events) % 3])
        if session.ts > midnight - 1_800_000 and not changed:
            session.change_level()
            session.wait(1)
            changed = True


TRAPS: tuple[Callable[[Stage], None], ...] = (
    odd_titles,
    edges_of_hours,
    shared_timestamp,
    same_second,
    delivered_twice,
    tie_for_latest,
    there_and_back,
    new_name,
    level_after_last_play,
    across_midnight,
)


def _newcomer(number: int) -> Listener:
    first_name, last_name, gender = NEWCOMERS[number]
    user_agent = "Mozilla/5.0 (X11; Linux i686; rv:60.0) Gecko/20100101 Firefox/60.0"
    return Listener(
        str(901 + number), first_name, last_name, gender, "Larkfield-Mossvale, OR", user_agent, 1540919166796, False
    )
