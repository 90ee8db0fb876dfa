-- One row for each staged song. Two objects may describe one song: the greater description wins, so that the order
-- in which they are read does not matter.
select
    described.song_id,
    described.title,
    described.artist_id,
    described.year,
    described.duration,
    described.artist_name,
    described.artist_location,
    described.artist_latitude,
    described.artist_longitude
from (
    select
        song_id,
        title,
        artist_id,
        year,
        duration,
        artist_name,
        artist_location,
        artist_latitude,
        artist_longitude,
        row_number() over (
            partition by song_id
            order by
                title desc, artist_id desc, year desc, duration desc, artist_name desc, artist_location desc,
                artist_latitude desc, artist_longitude desc
        ) as preference
    from {{ run() }}.staging_songs
) as described
where described.preference = 1
