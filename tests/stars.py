"""Star schemas of a few plays, made by hand."""

from __future__ import annotations

from tests.oracle import Counts, Tables

SONGS = [(f"SO{n:02}", f"Title {n % 7}", f"AR{n % 4}", 2000, 100.5 + n) for n in range(14)]
ARTISTS = [(f"AR{n}", f"Artist {n % 3}", None, None, None) for n in range(4)]


def tables(*plays):
    """The star of plays, each a moment, a user, a level, a session and a song or None, in this order."""
    songs = {song[0]: song for song in SONGS}
    rows, users, moments = [], {}, set()
    for number, (at, user, level, session, song) in enumerate(sorted(plays, key=lambda play: play[0])):
        rows.append((f"{number:032}", at, user, level, song, song and songs[song][2], session, "", ""))
        users[user] = (user, "Ada", "L", "F", level)
        moments.add((at, at.hour, at.day, at.isocalendar()[1], at.month, at.year, at.isoweekday() % 7))
    counts = Counts(*[0] * 7)
    return Tables(rows, sorted(users.values()), SONGS, ARTISTS, sorted(moments), counts)


def play(at, user=1, level="free", session=1, song=None):
    return (at, user, level, session, song)
