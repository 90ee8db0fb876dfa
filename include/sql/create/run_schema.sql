-- The schema of one run: the same table names as in the star, holding this run's rows only. Nobody else reads it.
create schema if not exists {{ run() }};

{% set events = run() ~ '.staging_events' %}{% include 'create/staging_events.sql' %}
-- What a play is: a NextSong. One of nobody has gone to quarantine by then. Seconds and milliseconds are added one
-- after the other: as one interval, ts would pass through floating point.
create or replace view {{ run() }}.plays as
select
    userid,
    firstname,
    lastname,
    gender,
    level,
    sessionid,
    iteminsession,
    ts,
    timestamp 'epoch' + (ts / 1000) * interval '1 second' + mod(ts, 1000) * interval '1 millisecond' as start_time,
    location,
    useragent,
    song,
    artist,
    length
from {{ run() }}.staging_events
where page = 'NextSong';

create table if not exists {{ run() }}.staging_songs (
    artist_id varchar(64),
    artist_latitude double precision,
    artist_location varchar(1024),
    artist_longitude double precision,
    artist_name varchar(1024),
    duration double precision,
    num_songs integer,
    song_id varchar(64),
    title varchar(1024),
    year integer,
    object_key varchar(1024) -- not of the record: the object that it was copied from
)
diststyle even;

create table if not exists {{ run() }}.songplays (
    songplay_id char(32),
    start_time timestamp,
    user_id bigint,
    level varchar(16),
    session_id bigint,
    location varchar(1024),
    user_agent varchar(1024),
    title varchar(1024),
    artist_name varchar(1024),
    duration double precision
)
distkey (start_time)
sortkey (start_time);

create table if not exists {{ run() }}.users (like {{ star() }}.user_hours);
create table if not exists {{ run() }}.songs (like {{ star() }}.song_objects);
create table if not exists {{ run() }}.artists (
    artist_id varchar(64),
    name varchar(1024),
    location varchar(1024),
    latitude double precision,
    longitude double precision
)
diststyle all;
create table if not exists {{ run() }}."time" (like {{ star() }}."time");

-- What loaded and broke a rule of the contract, and which records were not loaded at all.
create table if not exists {{ run() }}.broken_events (like {{ run() }}.staging_events);
create table if not exists {{ run() }}.broken_songs (like {{ run() }}.staging_songs);
create table if not exists {{ run() }}.rejected_records (
    staged_table varchar(256) not null,
    record_id char(32) not null
)
diststyle even;

-- What each stage task found in S3; each has its own, so that they do not wait for each other.
create table if not exists {{ run() }}.staging_events_objects (like {{ star() }}.loaded_objects);
create table if not exists {{ run() }}.staging_songs_objects (like {{ star() }}.loaded_objects);

-- The interval of the run, for statements that would be long to bind its values to. Each attempt of prepare notes it.
create table if not exists {{ run() }}.intervals (
    interval_start timestamp not null,
    interval_end timestamp not null,
    interval_start_ms bigint not null,
    interval_end_ms bigint not null
)
diststyle all;
insert into {{ run() }}.intervals
values ({{ bind.start }}::timestamp, {{ bind.end }}::timestamp, {{ bind.start_ms }}::bigint, {{ bind.end_ms }}::bigint);
create or replace view {{ run() }}.covered as
select distinct
    interval_start,
    interval_end,
    interval_start_ms,
    interval_end_ms
from {{ run() }}.intervals;

-- Each stage and load task leaves here which of its attempts filled a table, and from which attempts of its inputs.
create table if not exists {{ run() }}.table_stamps (
    table_name varchar(256) not null,
    stamp varchar(64) not null,
    inputs varchar(4096) not null,
    stamped_at timestamp not null
)
diststyle all;
