-- What was played in this range?
-- Plays, who made them and when, and how many are of a song that is in `songs`: the others have no title in the star.
select
    count(*) as plays,
    count(songplays.song_id) as matched_plays,
    count(songplays.song_id)::float / nullif(count(*), 0) as matched_share,
    count(distinct songplays.user_id) as users,
    count(distinct songplays.user_id || '/' || songplays.session_id) as sessions,
    count(distinct songplays.song_id) as songs,
    min(songplays.start_time) as first_play,
    max(songplays.start_time) as last_play
from {{ star() }}.songplays
where
    songplays.start_time >= {{ bind.start }}
    and songplays.start_time < {{ bind.end }}
having count(*) > 0
