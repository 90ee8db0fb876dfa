"""What each report must answer, worked out in plain Python from the rows that a correct load publishes.

Nothing here comes from the reports: no SQL, no import from them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle import Tables

Answer = list[dict[str, Any]]
WEEK, DAY, MINUTE = timedelta(days=7), timedelta(days=1), timedelta(minutes=1)
TOP = 10


class Play(NamedTuple):
    """A row of songplays."""

    songplay_id: str
    at: datetime
    user: int
    level: str
    song: str | None
    artist: str | None
    session: int
    location: str | None
    user_agent: str | None


def expected_answers(tables: Tables, start: datetime, end: datetime) -> dict[str, Answer]:
    """The rows of every report, by its name.

    Args:
        tables: all that is published.
        start: first moment of the range, in UTC, naive.
        end: first moment after it.
    """
    everything = [Play(*row) for row in tables.songplays]
    plays = [play for play in everything if start <= play.at < end]
    titles = {song: (title, artist) for song, title, artist, *_ in tables.songs}
    names = {artist: name for artist, name, *_ in tables.artists}
    return {
        "overview": _overview(plays),
        "plays_by_hour": _plays_by_hour(plays),
        "top_songs": _top(plays, "song", lambda song: {"title": titles[song][0], "artist": names[titles[song][1]]}),
        "top_artists": _top(plays, "artist", lambda artist: {"artist": names[artist]}),
        "retention": _retention([play for play in everything if play.at < end], start, end),
        "conversion": _conversion(plays),
        "time_to_paid": _time_to_paid(plays),
        "sessions": _sessions(everything, start, end),
    }


def _overview(plays: Sequence[Play]) -> Answer:
    if not plays:
        return []
    matched = [play for play in plays if play.song]
    return [
        {
            "plays": len(plays),
            "matched_plays": len(matched),
            "matched_share": len(matched) / len(plays),
            "users": _users(plays),
            "sessions": len({(play.user, play.session) for play in plays}),
            "songs": len({play.song for play in matched}),
            "first_play": min(play.at for play in plays),
            "last_play": max(play.at for play in plays),
        }
    ]


def _plays_by_hour(plays: Sequence[Play]) -> Answer:
    rows = []
    for hour in sorted({play.at.hour for play in plays}):
        free, paid = ([p for p in plays if p.at.hour == hour and p.level == level] for level in ("free", "paid"))
        counts = {"plays": len(free) + len(paid), "free_plays": len(free), "paid_plays": len(paid)}
        rows.append({"hour": hour, **counts, "free_users": _users(free), "paid_users": _users(paid)})
    return rows


def _top(plays: Sequence[Play], what: str, described: Callable[[Any], dict[str, Any]]) -> Answer:
    """The ten that are played most, then what is not among them, then what is not known."""
    of: dict[Any, list[Play]] = defaultdict(list)
    for play in plays:
        of[getattr(play, what)].append(play)
    unmatched = of.pop(None, [])
    ranked = sorted(of, key=lambda key: (-len(of[key]), key))
    others = [play for key in ranked[TOP:] for play in of[key]]
    nameless = dict.fromkeys(described(ranked[0])) if ranked else dict.fromkeys(NAMED[what])
    lines = [(place, what, described(key), of[key]) for place, key in enumerate(ranked[:TOP], 1)]
    lines += [(None, f"other {what}s", nameless, others), (None, "no song matched", nameless, unmatched)]
    return [
        {
            "place": place,
            "counted_as": counted_as,
            **about,
            "plays": len(found),
            **({"songs": len({play.song for play in found} - {None})} if what == "artist" else {}),
            "users": _users(found),
            "share_of_plays": len(found) / len(plays),
        }
        for place, counted_as, about, found in lines
        if found
    ]


NAMED = {"song": ("title", "artist"), "artist": ("artist",)}


def _retention(plays: Sequence[Play], start: datetime, end: datetime) -> Answer:
    first: dict[int, datetime] = {}
    weeks: dict[int, set[datetime]] = defaultdict(set)
    for play in sorted(plays, key=lambda play: play.at):
        first.setdefault(play.user, play.at)
        weeks[play.user].add(_monday(play.at))
    cohorts: dict[datetime, list[int]] = defaultdict(list)
    for user, at in first.items():
        if at >= start:
            cohorts[_monday(at)].append(user)
    last = max((week for users in cohorts.values() for user in users for week in weeks[user]), default=start)
    rows = []
    for cohort, users in sorted(cohorts.items()):
        for after in range((last - cohort) // WEEK + 1):
            week = cohort + after * WEEK
            active = sum(week in weeks[user] for user in users)
            row = {"cohort": cohort, "cohort_users": len(users), "weeks_after": after, "active_users": active}
            rows.append({**row, "active_share": active / len(users), "is_whole": week + WEEK <= end})
    return rows


def _conversion(plays: Sequence[Play]) -> Answer:
    days: dict[str, list[Fraction | None]] = defaultdict(list)
    for free, paid in _levels(plays):
        after = [at for at in paid if free and at > free[0]]
        if after:
            days["free, then paid"].append(Fraction((after[0] - free[0]) // timedelta(milliseconds=1), 86_400_000))
        else:
            days["free only" if not paid else "paid, then free" if free else "paid only"].append(None)
    users = sum(map(len, days.values()))
    rows = []
    for outcome, found in sorted(days.items()):
        known = [value for value in found if value is not None]
        rows.append(
            {
                "outcome": outcome,
                "users": len(found),
                "share_of_users": len(found) / users,
                "least_days": float(min(known)) if known else None,
                "median_days": _percentile(known, Fraction(1, 2)),
                "most_days": float(max(known)) if known else None,
            }
        )
    return rows


def _time_to_paid(plays: Sequence[Play]) -> Answer:
    began = [(free[0], paid) for free, paid in _levels(plays) if free]
    converted = Counter(
        (min(at for at in paid if at > free) - free) // DAY for free, paid in began if paid[-1:] > [free]
    )
    rows, so_far = [], 0
    for days, users in sorted(converted.items()):
        so_far += users
        rows.append({"days": days, "users": users, "free_users": len(began), "share_by_then": so_far / len(began)})
    return rows


def _sessions(plays: Iterable[Play], start: datetime, end: datetime) -> Answer:
    sessions: dict[tuple[int, int], list[Play]] = defaultdict(list)
    for play in sorted(plays, key=lambda play: play.at):
        sessions[play.user, play.session].append(play)
    of: dict[str, list[list[Play]]] = defaultdict(list)
    for found in sessions.values():
        levels = {play.level for play in found}
        if start <= found[0].at < end:
            of[levels.pop() if len(levels) == 1 else "both"].append(found)
    rows = []
    for level, found in sorted(of.items()):
        minutes = [Fraction((s[-1].at - s[0].at) // timedelta(milliseconds=1), 60_000) for s in found]
        rows.append(
            {
                "level": level,
                "sessions": len(found),
                "plays": sum(map(len, found)),
                "plays_per_session": sum(map(len, found)) / len(found),
                "single_plays": sum(len(session) == 1 for session in found),
                "p25_minutes": _percentile(minutes, Fraction(1, 4)),
                "median_minutes": _percentile(minutes, Fraction(1, 2)),
                "p75_minutes": _percentile(minutes, Fraction(3, 4)),
            }
        )
    return rows


def _levels(plays: Iterable[Play]) -> list[tuple[list[datetime], list[datetime]]]:
    """Of each user the moments of the free plays and of the paid ones, in order."""
    of: dict[int, dict[str, list[datetime]]] = defaultdict(lambda: {"free": [], "paid": []})
    for play in plays:
        of[play.user][play.level].append(play.at)
    return [(sorted(levels["free"]), sorted(levels["paid"])) for levels in of.values()]


def _users(plays: Iterable[Play]) -> int:
    return len({play.user for play in plays})


def _monday(at: datetime) -> datetime:
    """The first moment of an ISO week."""
    return datetime.fromisocalendar(*at.isocalendar()[:2], 1)


def _percentile(values: Iterable[Fraction], share: Fraction) -> float | None:
    """Between the two nearest values in proportion, as PERCENTILE_CONT does (AWS: r_PERCENTILE_CONT)."""
    ordered = sorted(values)
    if not ordered:
        return None
    below, part = divmod(share * (len(ordered) - 1), 1)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + part * (ordered[above] - ordered[below]))
