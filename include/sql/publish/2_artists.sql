-- An artist is what its newest song says (then the lowest song_id), over the whole catalogue; one without songs goes.
delete from {{ star() }}.artists
using touched_artists
where artists.artist_id = touched_artists.artist_id;

insert into {{ star() }}.artists (artist_id, name, location, latitude, longitude)
select
    believed.artist_id,
    believed.artist_name as name,
    believed.artist_location as location,
    believed.artist_latitude as latitude,
    believed.artist_longitude as longitude
from (
    select
        known.artist_id,
        known.artist_name,
        known.artist_location,
        known.artist_latitude,
        known.artist_longitude,
        row_number() over (
            partition by known.artist_id order by coalesce(known.year, 0) desc, known.song_id asc
        ) as preference
    from {{ star() }}.song_catalog as known
    inner join touched_artists on known.artist_id = touched_artists.artist_id
) as believed
where believed.preference = 1;
