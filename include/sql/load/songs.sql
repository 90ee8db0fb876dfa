-- Every staged song as its object describes it. Several objects may describe one song: which description counts is
-- decided when they are published, among those of all objects. A record without a song_id is of no known object, and is
-- kept for the checks to find.
select distinct
    objects.bucket,
    staged.object_key,
    staged.song_id,
    staged.title,
    staged.artist_id,
    staged.year,
    staged.duration,
    staged.artist_name,
    staged.artist_location,
    staged.artist_latitude,
    staged.artist_longitude
from {{ run() }}.staging_songs as staged
left join {{ run() }}.staging_songs_objects as objects on staged.object_key = objects.object_key
