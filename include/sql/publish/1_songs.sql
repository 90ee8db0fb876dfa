-- The song objects that this run publishes: those that it staged or found gone, but for the ones of which a later
-- reading has been published meanwhile.
create temporary table fresh_objects as
select
    staged.bucket,
    staged.object_key
from {{ run() }}.staging_songs_objects as staged
left join {{ star() }}.loaded_objects as known
    on
        staged.bucket = known.bucket
        and staged.object_key = known.object_key
where {{ not_older('staged', 'known') }};

create temporary table touched_songs as
select known.song_id
from {{ star() }}.song_objects as known
inner join fresh_objects
    on
        known.bucket = fresh_objects.bucket
        and known.object_key = fresh_objects.object_key
union
select staged.song_id
from {{ run() }}.songs as staged
inner join fresh_objects
    on
        staged.bucket = fresh_objects.bucket
        and staged.object_key = fresh_objects.object_key
union
-- a run that is limited to the dimensions makes all of them anew
select song_id
from {{ star() }}.song_catalog
where {{ bind.only }} = 'dimensions';

delete from {{ star() }}.song_objects
using fresh_objects
where
    song_objects.bucket = fresh_objects.bucket
    and song_objects.object_key = fresh_objects.object_key;

insert into {{ star() }}.song_objects (
    bucket, object_key, song_id, title, artist_id, year, duration,
    artist_name, artist_location, artist_latitude, artist_longitude
)
select
    staged.bucket, staged.object_key, staged.song_id, staged.title, staged.artist_id, staged.year, staged.duration,
    staged.artist_name, staged.artist_location, staged.artist_latitude, staged.artist_longitude
from {{ run() }}.songs as staged
inner join fresh_objects
    on
        staged.bucket = fresh_objects.bucket
        and staged.object_key = fresh_objects.object_key;

-- Of several descriptions of a song the greatest counts, so that the order in which they arrive does not matter.
create temporary table described_songs as
select
    described.song_id, described.title, described.artist_id, described.year, described.duration,
    described.artist_name, described.artist_location, described.artist_latitude, described.artist_longitude
from (
    select
        known.song_id,
        known.title,
        known.artist_id,
        known.year,
        known.duration,
        known.artist_name,
        known.artist_location,
        known.artist_latitude,
        known.artist_longitude,
        row_number() over (
            partition by known.song_id
            order by
                known.title desc, known.artist_id desc, known.year desc, known.duration desc, known.artist_name desc,
                known.artist_location desc, known.artist_latitude desc, known.artist_longitude desc
        ) as preference
    from {{ star() }}.song_objects as known
    inner join touched_songs on known.song_id = touched_songs.song_id
) as described
where described.preference = 1;

-- What the songs meant before and what they mean now: an artist or a play may be touched by either.
create temporary table touched_artists as
select artist_id from described_songs
union
select known.artist_id
from {{ star() }}.song_catalog as known
inner join touched_songs on known.song_id = touched_songs.song_id;

create temporary table touched_titles as
select title, artist_name, duration from described_songs
union
select known.title, known.artist_name, known.duration
from {{ star() }}.song_catalog as known
inner join touched_songs on known.song_id = touched_songs.song_id;

delete from {{ star() }}.song_catalog
using touched_songs
where song_catalog.song_id = touched_songs.song_id;

insert into {{ star() }}.song_catalog (
    song_id, title, artist_id, year, duration, artist_name, artist_location, artist_latitude, artist_longitude
)
select song_id, title, artist_id, year, duration, artist_name, artist_location, artist_latitude, artist_longitude
from described_songs;

delete from {{ star() }}.songs
using touched_songs
where songs.song_id = touched_songs.song_id;

insert into {{ star() }}.songs (song_id, title, artist_id, year, duration)
select song_id, title, artist_id, year, duration
from described_songs;
