-- How many plays of this run and of the week before are of a known song. A single hour has too few to tell, and so has
-- less than a thousand. The run's own plays are looked for among the songs that are published and those that the run
-- brings; what was published before has been counted.
with songs as (
    select title, artist_name, duration from {{ star() }}.song_catalog
    union all
    select title, artist_name, duration from {{ run() }}.songs
),

run_plays as (
    select
        count(distinct played.songplay_id) as plays,
        count(distinct case when songs.title is not null then played.songplay_id end) as matched
    from {{ run() }}.songplays as played
    left join songs
        on
            played.title = songs.title
            and octet_length(played.title) = octet_length(songs.title)
            and played.artist_name = songs.artist_name
            and octet_length(played.artist_name) = octet_length(songs.artist_name)
            and played.duration = songs.duration
),

earlier as (
    select
        coalesce(sum(plays), 0) as plays,
        coalesce(sum(matched_plays), 0) as matched
    from {{ star() }}.published_runs as published
    cross join {{ run() }}.covered
    where
        published.interval_start >= covered.interval_start - interval '7 days'
        and published.interval_end <= covered.interval_start
        and part = 'everything'
),

counted as (
    select
        run_plays.plays + earlier.plays as plays,
        run_plays.matched + earlier.matched as matched
    from run_plays
    cross join earlier
)

select
    plays,
    matched,
    case when plays >= 1000 then plays else 0 end as examined,
    case when plays >= 1000 then plays - matched else 0 end as failed
from counted
