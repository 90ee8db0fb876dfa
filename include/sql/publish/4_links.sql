-- Plays follow the songs that this run added, changed or removed. This looks through all plays, and is run only if
-- there is such a song.
create temporary table relinked_plays as
select
    played.songplay_id,
    played.start_time,
    links.song_id,
    links.artist_id
from {{ star() }}.play_match_keys as played
inner join touched_titles
    on
        played.title = touched_titles.title
        and played.artist_name = touched_titles.artist_name
        and played.duration = touched_titles.duration
left join {{ star() }}.song_links as links
    on
        played.title = links.title
        and octet_length(played.title) = links.title_bytes
        and played.artist_name = links.artist_name
        and octet_length(played.artist_name) = links.artist_name_bytes
        and played.duration = links.duration;

update {{ star() }}.songplays
set
    song_id = relinked_plays.song_id,
    artist_id = relinked_plays.artist_id
from relinked_plays
where
    songplays.songplay_id = relinked_plays.songplay_id
    and songplays.start_time = relinked_plays.start_time
    and (
        coalesce(songplays.song_id, '') <> coalesce(relinked_plays.song_id, '')
        or coalesce(songplays.artist_id, '') <> coalesce(relinked_plays.artist_id, '')
    );
