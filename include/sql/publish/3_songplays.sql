-- The plays of the hours are replaced, each linked to the song that the catalogue knows now.
delete from {{ star() }}.songplays
using fresh_hours
where
    songplays.start_time >= {{ bind.start }}
    and songplays.start_time < {{ bind.end }}
    and date_trunc('hour', songplays.start_time) = fresh_hours.hour;

delete from {{ star() }}.play_match_keys
using fresh_hours
where
    play_match_keys.start_time >= {{ bind.start }}
    and play_match_keys.start_time < {{ bind.end }}
    and date_trunc('hour', play_match_keys.start_time) = fresh_hours.hour;

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
inner join fresh_hours on date_trunc('hour', plays.start_time) = fresh_hours.hour
left join {{ star() }}.song_links as links
    on
        plays.title = links.title
        and octet_length(plays.title) = links.title_bytes
        and plays.artist_name = links.artist_name
        and octet_length(plays.artist_name) = links.artist_name_bytes
        and plays.duration = links.duration;

insert into {{ star() }}.play_match_keys (songplay_id, start_time, title, artist_name, duration)
select plays.songplay_id, plays.start_time, plays.title, plays.artist_name, plays.duration
from {{ run() }}.songplays as plays
inner join fresh_hours on date_trunc('hour', plays.start_time) = fresh_hours.hour
where plays.title is not null;
