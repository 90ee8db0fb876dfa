"""The star schema's tables, and what must hold of them before anybody reads them."""

from dataclasses import replace

from sparkify.checks import (
    Mask,
    Share,
    accepted,
    custom,
    expect,
    holds,
    in_range,
    matches,
    not_null,
    references,
    unique,
)
from sparkify.checks.rules import Rule
from sparkify.contracts import EVENTS, LEVELS, SONGS
from sparkify.feed import Feed, first_broken
from sparkify.macros import FRESH_HOURS
from sparkify.metrics import MATCH_RATE
from sparkify.operators.publish import Step
from sparkify.parts import CHECKS, DIMENSIONS, FACTS

RUN, STAR = "{{ run() }}", "{{ star() }}"
SOURCE_VARIABLE = "sparkify_source"  # below which the app writes its objects
LOG_KEY_FORMAT = "%Y/%m/%Y-%m-%d-events.json"  # of the app's daily objects, with the codes of strftime
PUBLISHED = ("songplays", "users", "songs", "artists", "time")
PLAYED = ("songplay_id", "start_time", "user_id", "level", "session_id")
DIMENSION_KEYS = {"users": "user_id", "songs": "song_id", "artists": "artist_id"}
LEAST_MATCH_RATE = 0.001  # of Sparkify's own plays, half a percent is of a song that it has metadata for
IN_INTERVAL = "start_time >= %(start)s and start_time < %(end)s"
COVERED = "start_time >= interval_start and start_time < interval_end"  # the same, of a table joined to run.covered

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

# Samples of failing rows tell users apart by a hash, and nothing else about them.
PERSONAL: dict[str, Mask] = {
    **dict.fromkeys(("user_id", "userid"), "hash"),
    **dict.fromkeys(
        ("first_name", "firstname", "last_name", "lastname", "location", "user_agent", "useragent"), "hide"
    ),
}


def keeps_contract(feed: Feed) -> Rule:
    """The check that no row breaks a rule of its feed."""
    columns = dict.fromkeys(rule.column for rule in feed.rules)
    return holds("keeps the contract", f"({first_broken(feed.rules)}) is null", *columns)


# Zero rows pass almost everywhere: a quarter of all hours has no plays, and most runs bring no songs.
BEFORE_PUBLICATION = [
    # What breaks the contract is in quarantine by now. An event without a time would be in no interval: lost.
    *expect(f"{RUN}.staging_events", keeps_contract(EVENTS), zero_rows="pass"),
    *expect(f"{RUN}.staging_songs", keeps_contract(SONGS), zero_rows="pass"),
    *expect(
        f"{RUN}.songplays",
        custom(
            "staged plays are published, in quarantine or delivered twice",
            "check/plays_reconcile.sql",
            shown=("staged_plays", "published_plays", "quarantined_plays", "duplicate_plays"),
            unit="plays",
            others=dict.fromkeys((f"{RUN}.staging_events", f"{RUN}.broken_events"), ("page", "ts")),
        ),
        zero_rows="pass",
    ),
    *expect(
        f"{RUN}.songplays",
        *map(not_null, PLAYED),
        unique("songplay_id"),
        matches("songplay_id", "^[0-9a-f]{32}$"),
        accepted("level", LEVELS),
        holds("starts in the interval", COVERED, "start_time", join=f"left join {RUN}.covered on true"),
        references("start_time", f'{RUN}."time"', "start_time"),
        references("user_id", f"{RUN}.users", "user_id"),
        zero_rows="pass",
    ),
    *expect(
        f"{RUN}.songplays",
        custom(
            "plays an hour are as many as usual",
            "check/row_count.sql",
            shown=("hour", "plays", "usual_plays", "weeks_known"),
            unit="hours",
            unknown="fewer than 4 of the 8 weeks before are known",
        ),
        custom(
            f"somebody played in the last {FRESH_HOURS} hours",
            "check/freshness.sql",
            shown=("newest_play", "interval_end"),
            unit="ends of an interval",
            unknown=f"the {FRESH_HOURS} hours before its end are not all loaded",
        ),
        zero_rows="pass",
        severity="warn",
    ),
    *expect(
        f"{RUN}.songplays",
        custom(
            "plays are of a known song",
            "check/match_rate.sql",
            shown=("plays", "matched"),
            unit="plays",
            unknown="fewer than 1,000 plays in the run and the 7 days before",
            others={f"{RUN}.songs": ("title", "artist_name", "duration")},
        ),
        zero_rows="pass",
        severity="warn",
        at_most=Share(1 - LEAST_MATCH_RATE),
        gauge=MATCH_RATE,
    ),
    *expect(
        f"{RUN}.users",
        *map(not_null, ("user_id", "first_name", "last_name", "level")),
        unique("user_id", "hour"),
        zero_rows="pass",
    ),
    *expect(
        f"{RUN}.songs",
        *map(not_null, ("song_id", "title", "artist_id", "duration")),
        holds("its object is known", "song_id is null or object_key is not null", "song_id", "object_key"),
        zero_rows="pass",
    ),
    *expect(
        f"{RUN}.songs",
        holds("duration is positive", "duration > 0", "duration"),
        in_range("year", 0, 2100),
        zero_rows="pass",
        severity="warn",
    ),
    *expect(f"{RUN}.artists", *map(not_null, ("artist_id", "name")), unique("artist_id"), zero_rows="pass"),
    *expect(
        f"{RUN}.artists",
        in_range("latitude", -90, 90),
        in_range("longitude", -180, 180),
        zero_rows="pass",
        severity="warn",
    ),
    *expect(f'{RUN}."time"', unique("start_time"), zero_rows="pass"),
]
LINKED = [
    *expect(
        f"{STAR}.songplays",
        unique("songplay_id"),
        references("start_time", f'{STAR}."time"', "start_time", parent_where=IN_INTERVAL),
        references("user_id", f"{STAR}.users", "user_id"),
        references("song_id", f"{STAR}.songs", "song_id"),
        references("artist_id", f"{STAR}.artists", "artist_id"),
        zero_rows="pass",
        where=IN_INTERVAL,
    ),
    *expect(f'{STAR}."time"', unique("start_time"), zero_rows="pass", where=IN_INTERVAL),
]
BEFORE_COMMIT = [
    *LINKED,
    *expect(
        f"{STAR}.songplays",
        custom(
            "only hours that were staged are replaced",
            "check/replaced_hours.sql",
            shown=("replaced_hour", "staged_from", "staged_to", "staged_at"),
            unit="hours",
        ),
        zero_rows="pass",
    ),
    # What this publication did not touch was proved when it was.
    *(
        check
        for table, key in DIMENSION_KEYS.items()
        for check in expect(
            f"{STAR}.{table}", unique(key), zero_rows="pass", where=f"{key} in (select {key} from {RUN}.{table})"
        )
    ),
]

# What a run that is limited to the checks looks at. Where nothing was published yet, there are no rows.
OF_PUBLISHED = [
    replace(check, name=f"published {check.name}", tables=("published",))
    for check in (
        *expect(
            f"{STAR}.songplays",
            *map(not_null, PLAYED),
            accepted("level", LEVELS),
            zero_rows="pass",
            where=IN_INTERVAL,
        ),
        *LINKED,
        *expect(f"{STAR}.users", unique("user_id"), *map(not_null, ("user_id", "level")), zero_rows="pass"),
        *expect(
            f"{STAR}.songs",
            unique("song_id"),
            *map(not_null, ("song_id", "title", "artist_id", "duration")),
            zero_rows="pass",
        ),
        *expect(f"{STAR}.artists", unique("artist_id"), *map(not_null, ("artist_id", "name")), zero_rows="pass"),
    )
]
