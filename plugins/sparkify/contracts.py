"""The feeds of Sparkify's app, and what they promise."""

from sparkify.feed import Feed, Key, Rule

TEXT = Key(("text", "number"))  # a title may be given as a number, and loads as it is written
NUMBER = Key(("number",))
PLAYED = "page = 'NextSong' and "
LEVELS = ("free", "paid")
# The text NaN or Infinity loads into a double, as in PostgreSQL. However NaN compares, it is not between these.
INFINITE = "not ({} between -1e300 and 1e300)"

EVENTS = Feed(
    keys={
        **dict.fromkeys(("artist", "auth", "firstName", "gender", "lastName", "location", "method", "song"), TEXT),
        **dict.fromkeys(("itemInSession", "length", "registration", "sessionId", "status", "ts"), NUMBER),
        "level": Key(("text",)),
        "page": Key(("text",)),
        "userAgent": TEXT,
        "userId": TEXT,
    },
    rules=(
        Rule("ts", "an event has a time", "ts is null"),
        Rule("ts", "the time is in milliseconds", "ts < 1000000000000 or ts >= 10000000000000"),
        Rule("page", "an event has a page", "page is null"),
        Rule("userid", "a play has a user", f"{PLAYED}userid is null"),
        Rule("sessionid", "a play has a session", f"{PLAYED}sessionid is null"),
        Rule("iteminsession", "a play has a place in its session", f"{PLAYED}iteminsession is null"),
        Rule("level", "a play has a level", f"{PLAYED}coalesce(level, '') = ''"),
        Rule(
            "level",
            f"a play's level is {' or '.join(LEVELS)}",
            f"{PLAYED}level not in ({', '.join(map(repr, LEVELS))})",
        ),
        Rule("firstname", "a play's user has a first name", f"{PLAYED}firstname is null"),
        Rule("lastname", "a play's user has a last name", f"{PLAYED}lastname is null"),
        Rule("length", "the length of a song is a number", PLAYED + INFINITE.format("length")),
        Rule("song", "a play has a song", f"{PLAYED}coalesce(song, '') = ''"),
    ),
    dated_by="ts",
    personal=("firstName", "lastName", "gender", "location", "userAgent"),
)

SONGS = Feed(
    keys={
        **dict.fromkeys(("artist_latitude", "artist_longitude", "duration", "num_songs", "year"), NUMBER),
        **dict.fromkeys(("artist_location", "artist_name", "title"), TEXT),
        **dict.fromkeys(("artist_id", "song_id"), Key(("text",))),
    },
    rules=(
        Rule("song_id", "a song has an id", "coalesce(song_id, '') = ''"),
        Rule("title", "a song has a title", "title is null"),
        Rule("artist_id", "a song has an artist", "coalesce(artist_id, '') = ''"),
        Rule("artist_name", "an artist has a name", "artist_name is null"),
        Rule("duration", "a song has a duration", "duration is null"),
        Rule("duration", "a duration is a number", INFINITE.format("duration")),
        Rule("artist_latitude", "a latitude is a number", INFINITE.format("artist_latitude")),
        Rule("artist_longitude", "a longitude is a number", INFINITE.format("artist_longitude")),
    ),
    identified_by="song_id",
)
