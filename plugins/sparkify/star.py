"""The star schema's tables, and what must hold of them before anybody reads them."""

from dataclasses import replace

from sparkify.checks import accepted, holds, not_null, references, unique
from sparkify.operators.publish import Step
from sparkify.parts import CHECKS, DIMENSIONS, FACTS

RUN, STAR = "{{ run() }}", "{{ star() }}"
LOG_KEY_FORMAT = "%Y/%m/%Y-%m-%d-events.json"  # of the app's daily objects, with the codes of strftime
PUBLISHED = ("songplays", "users", "songs", "artists", "time")
PLAYED = ("songplay_id", "start_time", "user_id", "level", "session_id")
IN_INTERVAL = "start_time >= %(start)s and start_time < %(end)s"

# What a run that is limited to a part has to do with; what is not listed belongs to every run.
PARTS_OF = {
    "songplays": (FACTS,),
    **dict.fromkeys(("users", "songs", "artists", "time", "staging_songs"), (DIMENSIONS,)),
    **dict.fromkeys(("staging_events", "publish"), (FACTS, DIMENSIONS)),
    "published": (CHECKS,),
}

PUBLICATION = [
    Step("publish/0_hours.sql"),
    Step("publish/1_songs.sql", "songs"),
    Step("publish/2_artists.sql", "artists"),
    Step("publish/3_songplays.sql", "songplays"),
    Step("publish/4_links.sql", "songs", only_if="select 1 from touched_titles limit 1"),
    Step("publish/5_user_hours.sql", "users"),
    Step("publish/6_user_history.sql", "users", only_if="select 1 from reconsidered_users limit 1"),
    Step("publish/7_users.sql", "users"),
    Step("publish/8_time.sql", "time"),
    Step("publish/9_bookkeeping.sql"),
]

DAY_MS = 86_400_000
IN_DAYS = (
    f"ts >= %(start_ms)s::bigint / {DAY_MS} * {DAY_MS} "
    f"and ts < (%(end_ms)s::bigint + {DAY_MS - 1}) / {DAY_MS} * {DAY_MS}"
)

BEFORE_PUBLICATION = [
    # An event without a usable ts is in no interval, so that no run would ever publish it.
    *not_null(f"{RUN}.staging_events", "ts"),
    holds(f"{RUN}.staging_events", "ts is in milliseconds", "ts >= 1000000000000"),
    holds(f"{RUN}.staging_events", "ts is of the object's day", IN_DAYS, severity="warn"),
    *not_null(f"{RUN}.staging_events", "page", severity="warn"),
    holds(f"{RUN}.staging_events", "a play has a user", "page <> 'NextSong' or userid is not null", severity="warn"),
    *not_null(f"{RUN}.songplays", *PLAYED),
    unique(f"{RUN}.songplays", "songplay_id"),
    accepted(f"{RUN}.songplays", "level", ["free", "paid"]),
    holds(f"{RUN}.songplays", "starts in the interval", IN_INTERVAL),
    references(f"{RUN}.songplays", "start_time", f'{RUN}."time"', "start_time"),
    references(f"{RUN}.songplays", "user_id", f"{RUN}.users", "user_id"),
    *not_null(f"{RUN}.users", "user_id", "first_name", "last_name", "level"),
    unique(f"{RUN}.users", "user_id", "hour"),
    *not_null(f"{RUN}.songs", "song_id", "title", "artist_id", "duration"),
    holds(f"{RUN}.songs", "its object is known", "song_id is null or object_key is not null"),
    *not_null(f"{RUN}.artists", "artist_id", "name"),
    unique(f"{RUN}.artists", "artist_id"),
    unique(f'{RUN}."time"', "start_time"),
    holds(f"{RUN}.songs", "duration is positive", "duration > 0", severity="warn"),
    holds(f"{RUN}.artists", "latitude is on the globe", "latitude between -90 and 90", severity="warn"),
    holds(f"{RUN}.artists", "longitude is on the globe", "longitude between -180 and 180", severity="warn"),
]
LINKED = [
    unique(f"{STAR}.songplays", "songplay_id", where=IN_INTERVAL),
    references(
        f"{STAR}.songplays",
        "start_time",
        f'{STAR}."time"',
        "start_time",
        where=IN_INTERVAL,
        parent_where=IN_INTERVAL,
    ),
    references(f"{STAR}.songplays", "user_id", f"{STAR}.users", "user_id", where=IN_INTERVAL),
    references(f"{STAR}.songplays", "song_id", f"{STAR}.songs", "song_id", where=IN_INTERVAL),
    references(f"{STAR}.songplays", "artist_id", f"{STAR}.artists", "artist_id", where=IN_INTERVAL),
    unique(f'{STAR}."time"', "start_time", where=IN_INTERVAL),
]
BEFORE_COMMIT = [
    *LINKED,
    # What this publication did not touch was proved when it was.
    unique(f"{STAR}.users", "user_id", where=f"user_id in (select user_id from {RUN}.users)"),
    unique(f"{STAR}.songs", "song_id", where=f"song_id in (select song_id from {RUN}.songs)"),
    unique(f"{STAR}.artists", "artist_id", where=f"artist_id in (select artist_id from {RUN}.artists)"),
]

# What a run that is limited to the checks looks at.
OF_PUBLISHED = [
    replace(check, name=f"published {check.name}", tables=("published",))
    for check in (
        *not_null(f"{STAR}.songplays", *PLAYED, where=IN_INTERVAL),
        accepted(f"{STAR}.songplays", "level", ["free", "paid"], where=IN_INTERVAL),
        *LINKED,
        *(unique(f"{STAR}.{table}", f"{table[:-1]}_id") for table in ("users", "songs", "artists")),
        *not_null(f"{STAR}.users", "user_id", "level"),
        *not_null(f"{STAR}.songs", "song_id", "title", "artist_id", "duration"),
        *not_null(f"{STAR}.artists", "artist_id", "name"),
    )
]
