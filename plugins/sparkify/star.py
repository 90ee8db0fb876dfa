"""The star schema's tables, and what must hold of them before anybody reads them."""

from sparkify.checks import Check, accepted, holds, not_null, references, unique

RUN, STAR = "{{ run() }}", "{{ star() }}"
PUBLISHED = ("songplays", "users", "songs", "artists", "time")
IN_INTERVAL = "start_time >= %(start)s and start_time < %(end)s"


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
    *not_null(f"{RUN}.songplays", "songplay_id", "start_time", "user_id", "level", "session_id"),
    unique(f"{RUN}.songplays", "songplay_id"),
    accepted(f"{RUN}.songplays", "level", ["free", "paid"]),
    holds(f"{RUN}.songplays", "starts in the interval", IN_INTERVAL),
    references(f"{RUN}.songplays", "start_time", f'{RUN}."time"', "start_time"),
    references(f"{RUN}.songplays", "user_id", f"{RUN}.users", "user_id"),
    *not_null(f"{RUN}.users", "user_id", "first_name", "last_name", "level"),
    unique(f"{RUN}.users", "user_id", "hour"),
    *not_null(f"{RUN}.songs", "song_id", "title", "artist_id", "duration"),
    unique(f"{RUN}.songs", "song_id"),
    *not_null(f"{RUN}.artists", "artist_id", "name"),
    unique(f"{RUN}.artists", "artist_id"),
    unique(f'{RUN}."time"', "start_time"),
    holds(f"{RUN}.songs", "duration is positive", "duration > 0", severity="warn"),
    holds(f"{RUN}.artists", "latitude is on the globe", "latitude between -90 and 90", severity="warn"),
    holds(f"{RUN}.artists", "longitude is on the globe", "longitude between -180 and 180", severity="warn"),
]
# A run that staged an object before it was replaced must not undo what was published from the newer version.
BEFORE_PUBLISHING = [
    Check(
        "staged_objects are not older than what is published",
        "select count(*), coalesce(sum(case when known.last_modified > staged.last_modified then 1 else 0 end), 0) "
        f"from {RUN}.staged_objects as staged left join {STAR}.loaded_objects as known "
        "on staged.bucket = known.bucket and staged.object_key = known.object_key",
    )
]
BEFORE_COMMIT = [
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
    unique(f"{STAR}.users", "user_id"),
    unique(f"{STAR}.songs", "song_id"),
    unique(f"{STAR}.artists", "artist_id"),
]
