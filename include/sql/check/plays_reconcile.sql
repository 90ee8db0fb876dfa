-- Every play that was staged for the interval is about to be published, is in quarantine, or was delivered twice.
with staged as (
    select
        count(*) as plays,
        count(*) - count(
            distinct userid::varchar || '|' || sessionid::varchar || '|' || iteminsession::varchar || '|' || ts::varchar
        ) as duplicates
    from {{ run() }}.staging_events
    cross join {{ run() }}.covered
    where
        page = 'NextSong'
        and ts >= interval_start_ms
        and ts < interval_end_ms
),

broken as (
    select count(*) as plays
    from {{ run() }}.broken_events
    cross join {{ run() }}.covered
    where
        page = 'NextSong'
        and ts >= interval_start_ms
        and ts < interval_end_ms
),

prepared as (
    select count(*) as plays from {{ run() }}.songplays
)

select
    staged.plays + broken.plays as staged_plays,
    prepared.plays as published_plays,
    broken.plays as quarantined_plays,
    staged.duplicates as duplicate_plays,
    staged.plays + broken.plays as examined,
    abs(staged.plays - prepared.plays - staged.duplicates) as failed
from staged
cross join broken
cross join prepared
