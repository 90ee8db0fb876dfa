-- One row for each artist of the staged songs: an artist comes with several names and places, and the newest song
-- (then the lowest song_id) is believed. What is published follows the same rule over the whole catalogue.
select
    believed.artist_id,
    believed.name,
    believed.location,
    believed.latitude,
    believed.longitude
from (
    select
        artist_id,
        artist_name as name,
        artist_location as location,
        artist_latitude as latitude,
        artist_longitude as longitude,
        row_number() over (
            partition by artist_id order by coalesce(year, 0) desc, song_id asc, artist_name desc
        ) as preference
    from {{ run() }}.staging_songs
) as believed
where believed.preference = 1
