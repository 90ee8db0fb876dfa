-- Whether anybody played anything in the last hours before the interval's end: an empty hour is a success, so that a
-- source that has dried up would be loaded as nothing, hour after hour. It looks back from the end of what the run is
-- about, not from now: a backfill of old hours is as fresh as they were. It can only be told where all of those hours
-- are known, because they were loaded before or are of this run.
with recent as (
    select
        interval_start,
        interval_end,
        least((interval_end_ms - interval_start_ms) / 3600000, {{ fresh_hours }}) as hours_covered,
        interval_end - {{ fresh_hours }} * interval '1 hour' as since
    from {{ run() }}.covered
),

loaded as (
    select
        sum(case when recent.since <= loaded_hours.hour then 1 else 0 end) as hours,
        sum(case when recent.since <= loaded_hours.hour then loaded_hours.plays else 0 end) as plays,
        max(case when loaded_hours.plays > 0 then loaded_hours.hour end) as newest_hour
    from {{ star() }}.loaded_hours
    cross join recent
    where loaded_hours.hour < recent.interval_start
),

played as (
    select
        count(*) as plays,
        max(songplays.start_time) as newest
    from {{ run() }}.songplays
    cross join recent
    where songplays.start_time >= recent.since
),

known as (
    select
        recent.interval_end,
        coalesce(loaded.hours, 0) + recent.hours_covered as hours,
        coalesce(loaded.plays, 0) + played.plays as plays,
        played.newest,
        loaded.newest_hour
    from loaded
    cross join played
    cross join recent
)

select
    coalesce(known.newest, known.newest_hour) as newest_play,
    known.interval_end,
    case when known.plays > 0 or known.hours >= {{ fresh_hours }} then 1 else 0 end as examined,
    case when known.plays = 0 and known.hours >= {{ fresh_hours }} then 1 else 0 end as failed
from known
