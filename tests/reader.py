"""Somebody who reads the star schema all the while, and remembers everything seen."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.services import query

PAUSE = 0.1  # seconds between two polls
KEYS = {
    "songplays": "songplay_id start_time user_id level song_id artist_id session_id location user_agent",
    "users": "user_id first_name last_name gender level",
    "songs": "song_id title artist_id year duration",
    "artists": "artist_id name location latitude longitude",
    "time": "start_time hour day week month year weekday",
}

# What is there, how many rows, their checksum whatever their order, how many lead nowhere.
State = tuple[tuple[str, int, int, int], ...]


def _texts(table: str) -> list[str]:
    return [f"""coalesce("{table}".{column}::varchar, '~')""" for column in KEYS[table].split()]


def _checksum(texts: list[str]) -> str:
    return f"sum(strtol(substring(md5({' || chr(9) || '.join(texts)}), 1, 10), 16))"


PLAYS = f"""
select
    'plays of ' || date_trunc('hour', songplays.start_time)::varchar as what,
    count(*),
    {_checksum([text for table in KEYS for text in _texts(table)])},
    count(*) - sum(case when
        users.user_id = songplays.user_id and "time".start_time = songplays.start_time
        and coalesce(songs.song_id, '') = coalesce(songplays.song_id, '')
        and coalesce(artists.artist_id, '') = coalesce(songplays.artist_id, '')
    then 1 else 0 end)
from {{star}}.songplays
left join {{star}}.users on songplays.user_id = users.user_id
left join {{star}}.songs on songplays.song_id = songs.song_id
left join {{star}}.artists on songplays.artist_id = artists.artist_id
left join {{star}}."time" on songplays.start_time = "time".start_time
group by 1
"""


def _whole(table: str) -> str:
    return f"""select '{table}', count(*), {_checksum(_texts(table))}, 0 from {{star}}."{table}" """


# Of every hour the plays with all that they lead to, and of each table all; in one statement, which has one snapshot.
SUMMARY = "union all\n".join([PLAYS, *map(_whole, KEYS)])


def state(connection: Any, schema: str) -> State:
    """What a reader sees at this moment."""
    rows = query(connection, SUMMARY.format(star=schema))
    return tuple(sorted((what, int(count), int(checksum or 0), int(lost)) for what, count, checksum, lost in rows))


@dataclass
class Reader:
    """Polls in a thread while its block runs.

    Args:
        connection: nobody else's, in autocommit mode.
        schema: of the star.
    """

    connection: Any
    schema: str
    seen: Counter[State] = field(default_factory=Counter)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _failures: list[Exception] = field(default_factory=list)

    def __enter__(self) -> Reader:
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        if self._failures:
            raise self._failures[0]

    def _poll(self) -> None:
        try:
            while not self._stopped.wait(PAUSE):
                self.seen[state(self.connection, self.schema)] += 1
        except Exception as failure:
            self._failures.append(failure)
