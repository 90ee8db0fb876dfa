"""One visit to the app, and the events that it leaves in the log."""

from dataclasses import dataclass, field
from typing import TypedDict

from include.sandbox.sample.listeners import Listener
from include.sandbox.sample.songs import Song


class Event(TypedDict):
    """A line of the log, its keys in the order of the real files."""

    artist: str | None
    auth: str
    firstName: str | None
    gender: str | None
    itemInSession: int
    lastName: str | None
    length: float | None
    level: str
    location: str | None
    method: str
    page: str
    registration: float | None
    sessionId: int
    song: str | None
    status: int
    ts: int
    userAgent: str | None
    userId: str


# What the app answers where it is not GET and 200.
REQUESTS = {
    "NextSong": ("PUT", 200),
    "Login": ("PUT", 307),
    "Logout": ("PUT", 307),
    "Save Settings": ("PUT", 307),
    "Submit Upgrade": ("PUT", 307),
    "Submit Downgrade": ("PUT", 307),
    "Error": ("GET", 404),
}


@dataclass
class Session:
    """A visit that is being written down.

    Args:
        listener: who visits.
        session_id: the number that all events of the visit share.
        level: the account's level, "free" or "paid", which changes within a session.
        ts: when the next event happens, in milliseconds since 1970.
        logged_in: False for events without a user, before the log-in and after the log-out.
    """

    listener: Listener
    session_id: int
    level: str
    ts: int
    logged_in: bool = True
    events: list[Event] = field(default_factory=list)

    def visit(self, page: str, song: Song | None = None) -> None:
        """Write the event of opening a page, now."""
        method, status = REQUESTS.get(page, ("GET", 200))
        who = self.listener if self.logged_in else None
        self.events.append(
            Event(
                artist=str(song.artist.name) if song else None,
                auth="Logged In" if who else "Logged Out",
                firstName=who.first_name if who else None,
                gender=who.gender if who else None,
                itemInSession=len(self.events),
                lastName=who.last_name if who else None,
                length=song.duration if song else None,
                level=self.level,
                location=who.location if who else None,
                method=method,
                page=page,
                registration=float(who.registration) if who else None,
                sessionId=self.session_id,
                song=str(song.title) if song else None,
                status=status,
                ts=self.ts,
                userAgent=who.user_agent if who else None,
                userId=who.user_id if who else "",  # Trap 1: no user, yet a level
            )
        )

    def play(self, song: Song) -> None:
        """Write a play, and let the song run to its end."""
        self.visit("NextSong", song)
        self.wait(int(song.duration))

    def change_level(self) -> None:
        """Trap 4: go from free to paid or back, in mid-session."""
        self.visit("Submit Upgrade" if self.level == "free" else "Submit Downgrade")
        self.level = "paid" if self.level == "free" else "free"

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.ts += seconds * 1000
