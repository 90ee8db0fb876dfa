-- Which version of which object every published hour and every song comes from. Of two runs that read an object at
-- different times the later reading wins, whichever is published first.
alter table {{ star() }}.loaded_objects add column day timestamp;
alter table {{ star() }}.loaded_objects add column rows_loaded bigint;

-- The version of the day's object that the hour was published from: '' if there was no object, null if it is not known.
alter table {{ star() }}.loaded_hours add column etag varchar(256);
alter table {{ star() }}.loaded_hours add column last_modified timestamp;
alter table {{ star() }}.loaded_hours add column loaded_at timestamp;

alter table {{ star() }}.published_runs add column part varchar(16) default 'everything';

-- Every song as every object describes it. The catalogue holds, of the descriptions of a song, the greatest: so an
-- object that changes takes its own description back, and no other.
create table if not exists {{ star() }}.song_objects (
    bucket varchar(256),
    object_key varchar(1024),
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

-- The row of user_hours that users are made of, so that an hour that is published need not look through all of them.
create table if not exists {{ star() }}.latest_user_hours (like {{ star() }}.user_hours);

insert into {{ star() }}.latest_user_hours (
    user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session
)
select
    latest.user_id,
    latest.first_name,
    latest.last_name,
    latest.gender,
    latest.level,
    latest.hour,
    latest.ts,
    latest.session_id,
    latest.item_in_session
from (
    select
        user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session,
        row_number() over (partition by user_id order by hour desc) as recency
    from {{ star() }}.user_hours
) as latest
where latest.recency = 1;

-- The objects of songs that were loaded before are read again, for song_objects.
delete from {{ star() }}.loaded_objects
where staged_table = 'staging_songs';
