-- The catalogue takes the staged songs; songs follow it. What the songs meant before and what they mean now is kept
-- for the two statements files that follow: an artist or a play may be touched by either.
create temporary table touched_artists as
select artist_id from {{ run() }}.songs
union
select known.artist_id
from {{ star() }}.song_catalog as known
inner join {{ run() }}.songs as staged on known.song_id = staged.song_id;

create temporary table touched_titles as
select title, artist_name, duration from {{ run() }}.songs
union
select known.title, known.artist_name, known.duration
from {{ star() }}.song_catalog as known
inner join {{ run() }}.songs as staged on known.song_id = staged.song_id;

delete from {{ star() }}.song_catalog
using {{ run() }}.songs as staged
where song_catalog.song_id = staged.song_id;

insert into {{ star() }}.song_catalog
select
    song_id, title, artist_id, year, duration,
    artist_name, artist_location, artist_latitude, artist_longitude
from {{ run() }}.songs;

delete from {{ star() }}.songs
using {{ run() }}.songs as staged
where songs.song_id = staged.song_id;

insert into {{ star() }}.songs (song_id, title, artist_id, year, duration)
select song_id, title, artist_id, year, duration
from {{ run() }}.songs;
