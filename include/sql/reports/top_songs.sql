-- Which ten songs are played most?
-- All plays are accounted for: after the ten come the other songs together, and the plays that no song was matched to,
-- of which the star knows no title. Of songs with as many plays the one with the lower song_id comes first.
with played as (
    select
        songplays.song_id,
        songplays.user_id
    from {{ star() }}.songplays
    where
        songplays.start_time >= {{ bind.start }}
        and songplays.start_time < {{ bind.end }}
),

ranked as (
    select
        song_id,
        row_number() over (order by count(*) desc, song_id) as place
    from played
    where song_id is not null
    group by song_id
),

placed as (
    select
        played.user_id,
        case when ranked.place <= 10 then ranked.place end as place,
        case when ranked.place <= 10 then ranked.song_id end as song_id,
        case
            when ranked.place <= 10 then 'song'
            when ranked.place > 10 then 'other songs'
            else 'no song matched'
        end as counted_as
    from played
    left join ranked on played.song_id = ranked.song_id
)

select
    placed.place,
    placed.counted_as,
    songs.title,
    artists.name as artist,
    count(*) as plays,
    count(distinct placed.user_id) as users,
    ratio_to_report(count(*)) over () as share_of_plays
from placed
left join {{ star() }}.songs on placed.song_id = songs.song_id
left join {{ star() }}.artists on songs.artist_id = artists.artist_id
group by placed.place, placed.counted_as, songs.title, artists.name
order by placed.place asc nulls last, placed.counted_as desc
