"""The feeds of Sparkify's app, and what they promise."""

from sparkify.feed import Feed, Key, Rule

TEXT = Key(("text", "number"))  # a title may be given as a number, and loads as it is written
NUMBER = Key(("number",))
PLAYED = "page = 'NextSong' and "

EVENTS = Feed(
    keys={
        **dict.fromkeys(("artist", "auth", "firstName", "gender", "lastName", "location", "method", "song"), TEXT),
        **dict.fromkeys(("length", "registration", "status"), NUMBER),
        "itemInSession": Key(("number",), required=True),
        "level": Key(("text",), required=True),
        "page": Key(("text",), required=True),
        "sessionId": Key(("number",), required=True),
        "ts": Key(("number",), required=True),
        "userAgent": TEXT,
        "userId": Key(("text", "number"), required=True),
    },
    rules=(
        Rule("ts", "an event has a time", "ts is null"),
        Rule("ts", "the time is in milliseconds", "ts < 1000000000000 or ts >= 10000000000000"),
        Rule("page", "an event has a page", "page is null"),
        Rule("userid", "a play has a user", f"{PLAYED}userid is null"),
        Rule("sessionid", "a play has a session", f"{PLAYED}sessionid is null"),
        Rule("iteminsession", "a play has a place in its session", f"{PLAYED}iteminsession is null"),
        Rule("level", "a play has a level", f"{PLAYED}coalesce(level, '') = ''"),
        Rule("song", "a play has a song", f"{PLAYED}coalesce(song, '') = ''"),
    ),
    dated_by="ts",
    personal=("firstName", "lastName", "gender", "location", "userAgent"),
)

SONGS = Feed(
    keys={
        **dict.fromkeys(("artist_latitude", "artist_longitude", "num_songs", "year"), NUMBER),
        "artist_id": Key(("text",), required=True),
        "artist_location": TEXT,
        "artist_name": Key(("text", "number"), required=True),
        "duration": Key(("number",), required=True),
        "song_id": Key(("text",), required=True),
        "title": Key(("text", "number"), required=True),
    },
    rules=(
        Rule("song_id", "a song has an id", "coalesce(song_id, '') = ''"),
        Rule("title", "a song has a title", "title is null"),
        Rule("artist_id", "a song has an artist", "coalesce(artist_id, '') = ''"),
        Rule("artist_name", "an artist has a name", "artist_name is null"),
        Rule("duration", "a song has a duration", "duration is null"),
    ),
    identified_by="song_id",
)
