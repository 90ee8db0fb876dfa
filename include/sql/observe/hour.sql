-- What is published of one hour.
with played as (
    select
        count(*) as plays,
        count(song_id) as matched
    from {{ star() }}.songplays
    where
        start_time >= {{ bind.start }}
        and start_time < {{ bind.end }}
)

select
    published.run_id,
    published.published_at,
    played.plays,
    played.matched
from {{ star() }}.loaded_hours as published
cross join played
where published.hour = {{ bind.start }}
