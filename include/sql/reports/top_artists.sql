-- Which ten artists are played most?
-- All plays are accounted for: after the ten come the other artists together, and the plays that no song was matched
-- to, of which the star knows no artist. Of artists with as many plays the one with the lower artist_id comes first.
with played as (
    select
        songplays.artist_id,
        songplays.song_id,
        songplays.user_id
    from {{ star() }}.songplays
    where
        songplays.start_time >= {{ bind.start }}
        and songplays.start_time < {{ bind.end }}
),

ranked as (
    select
        artist_id,
        row_number() over (order by count(*) desc, artist_id) as place
    from played
    where artist_id is not null
    group by artist_id
),

placed as (
    select
        played.song_id,
        played.user_id,
        case when ranked.place <= 10 then ranked.place end as place,
        case when ranked.place <= 10 then ranked.artist_id end as artist_id,
        case
            when ranked.place <= 10 then 'artist'
            when ranked.place > 10 then 'other artists'
            else 'no song matched'
        end as counted_as
    from played
    left join ranked on played.artist_id = ranked.artist_id
)

select
    placed.place,
    placed.counted_as,
    artists.name as artist,
    count(*) as plays,
    count(distinct placed.song_id) as songs,
    count(distinct placed.user_id) as users,
    ratio_to_report(count(*)) over () as share_of_plays
from placed
left join {{ star() }}.artists on placed.artist_id = artists.artist_id
group by placed.place, placed.counted_as, artists.name
order by placed.place asc nulls last, placed.counted_as desc
