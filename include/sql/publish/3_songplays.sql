-- The interval's plays are replaced, each linked to the song that the catalogue knows now; then older plays follow the
-- songs that this run added or changed.
delete from {{ star() }}.songplays
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }};

delete from {{ star() }}.play_match_keys
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }};

insert into {{ star() }}.songplays (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, location, user_agent
)
select
    plays.songplay_id,
    plays.start_time,
    plays.user_id,
    plays.level,
    links.song_id,
    links.artist_id,
    plays.session_id,
    plays.location,
    plays.user_agent
from {{ run() }}.songplays as plays
left join {{ star() }}.song_links as links
    on
        plays.title = links.title
        and octet_length(plays.title) = links.title_bytes
        and plays.artist_name = links.artist_name
        and octet_length(plays.artist_name) = links.artist_name_bytes
        and plays.duration = links.duration;

insert into {{ star() }}.play_match_keys (songplay_id, start_time, title, artist_name, duration)
select songplay_id, start_time, title, artist_name, duration
from {{ run() }}.songplays
where title is not null;

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
        and played.duration = links.duration
where
    played.start_time < {{ bind.start }}
    or played.start_time >= {{ bind.end }};

update {{ star() }}.songplays
set
    song_id = relinked_plays.song_id,
    artist_id = relinked_plays.artist_id
from relinked_plays
where
    songplays.songplay_id = relinked_plays.songplay_id
    and songplays.start_time = relinked_plays.start_time;
