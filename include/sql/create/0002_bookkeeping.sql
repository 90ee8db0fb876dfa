-- What makes the published tables a function of the input, whatever the order of the runs, and what tells what was
-- loaded when. Nobody but the pipeline writes here.
--
-- song_catalog and user_hours declare nothing NOT NULL: tables of a run are made LIKE them, and it is for the quality
-- checks to say what is missing, not for an INSERT to fail.

-- The newest version of every song, with its artist as the song's own metadata spells it: songs, artists and the links
-- of plays derive from it.
create table if not exists {{ star() }}.song_catalog (
    song_id varchar(64),
    title varchar(1024),
    artist_id varchar(64),
    year integer,
    duration double precision,
    artist_name varchar(1024),
    artist_location varchar(1024),
    artist_latitude double precision,
    artist_longitude double precision
)
diststyle all
sortkey (song_id);

-- Which song a play of (title, artist, duration) is: of several, the lowest song_id. Redshift ignores trailing blanks
-- when it compares VARCHAR (AWS: r_Character_types), so the byte lengths are part of what must be equal.
create view {{ star() }}.song_links as
select
    candidates.title,
    candidates.title_bytes,
    candidates.artist_name,
    candidates.artist_name_bytes,
    candidates.duration,
    candidates.song_id,
    candidates.artist_id
from (
    select
        title,
        octet_length(title) as title_bytes,
        artist_name,
        octet_length(artist_name) as artist_name_bytes,
        duration,
        song_id,
        artist_id,
        row_number() over (
            partition by title, octet_length(title), artist_name, octet_length(artist_name), duration
            order by song_id
        ) as preference
    from {{ star() }}.song_catalog
) as candidates
where candidates.preference = 1;

-- What a play is matched by, kept so that a song that arrives or changes later finds its plays.
create table if not exists {{ star() }}.play_match_keys (
    songplay_id char(32) not null,
    start_time timestamp not null,
    title varchar(1024),
    artist_name varchar(1024),
    duration double precision,
    primary key (songplay_id)
)
distkey (start_time)
sortkey (start_time);

-- The latest play of each user in each hour: users are the latest of these, so an hour that is loaded again, or late,
-- takes back or adds exactly what it says about its users.
create table if not exists {{ star() }}.user_hours (
    user_id bigint,
    first_name varchar(1024),
    last_name varchar(1024),
    gender varchar(16),
    level varchar(16),
    hour timestamp,
    ts bigint,
    session_id bigint,
    item_in_session integer
)
distkey (user_id)
compound sortkey (hour, user_id);

-- Every object loaded, in the version that was loaded last.
create table if not exists {{ star() }}.loaded_objects (
    bucket varchar(256) not null,
    object_key varchar(1024) not null,
    etag varchar(256) not null,
    last_modified timestamp not null,
    size_bytes bigint not null,
    lines_scanned bigint,
    staged_table varchar(256) not null,
    run_id varchar(256) not null,
    loaded_at timestamp not null,
    primary key (bucket, object_key)
)
diststyle all
sortkey (object_key);

-- Every hour that was published, empty ones too. The fingerprint is a checksum of the hour's staged rows that does not
-- depend on their order: an hour is stale when its object would now give another one.
create table if not exists {{ star() }}.loaded_hours (
    hour timestamp not null,
    run_id varchar(256) not null,
    events bigint not null,
    plays bigint not null,
    fingerprint bigint not null,
    published_at timestamp not null,
    primary key (hour)
)
diststyle all
sortkey (hour);

-- One row for each publication.
create table if not exists {{ star() }}.published_runs (
    run_id varchar(256) not null,
    interval_start timestamp not null,
    interval_end timestamp not null,
    events bigint not null,
    plays bigint not null,
    matched_plays bigint not null,
    published_at timestamp not null
)
diststyle all
sortkey (published_at);

-- The outcome of every check of every run; only ever added to, so that a run that fails keeps its results.
create table if not exists {{ star() }}.quality_results (
    run_id varchar(256) not null,
    check_name varchar(256) not null,
    severity varchar(16) not null,
    examined bigint not null,
    failed bigint not null,
    passed boolean not null,
    checked_at timestamp not null
)
diststyle even
sortkey (checked_at);

-- The run schemas that exist, so that those of failed runs can be found and dropped when they expire; a row for each
-- time that one was prepared, since a retry puts that off.
create table if not exists {{ star() }}.run_schemas (
    schema_name varchar(128) not null,
    run_id varchar(256) not null,
    created_at timestamp not null
)
diststyle all;
