-- The plays of each hour of the interval beside those of the same hour of the same weekday in the eight weeks before.
-- What is usual is the median: a quarter of all hours has no plays, and one odd week must not decide. An hour is odd if
-- it is five times as far from the median as hours usually are: the median distance, scaled to a standard deviation
-- (1.4826 where they are spread normally), or that of a count, its square root, where that is more. With fewer than
-- four weeks of history it is not judged. The hours of the interval itself are no history: they are being replaced.
with weeks as (
    select 1 as week union all select 2 union all select 3 union all select 4
    union all select 5 union all select 6 union all select 7 union all select 8
),

history as (
    select
        loaded.hour + weeks.week * interval '7 days' as hour,
        loaded.plays
    from {{ star() }}.loaded_hours as loaded
    cross join weeks
    cross join {{ run() }}.covered
    where
        loaded.hour >= covered.interval_start - interval '56 days'
        and loaded.hour < covered.interval_start
        and loaded.hour + weeks.week * interval '7 days' >= covered.interval_start
        and loaded.hour + weeks.week * interval '7 days' < covered.interval_end
),

medians as (
    select
        hour,
        count(*) as weeks,
        percentile_cont(0.5) within group (order by plays) as plays
    from history
    group by hour
),

usual as (
    select
        medians.hour,
        medians.weeks,
        medians.plays,
        1.4826 * percentile_cont(0.5) within group (order by abs(history.plays - medians.plays)) as distance
    from history
    inner join medians on history.hour = medians.hour
    group by medians.hour, medians.weeks, medians.plays
),

played as (
    select
        date_trunc('hour', start_time) as hour,
        count(*) as plays
    from {{ run() }}.songplays
    group by date_trunc('hour', start_time)
)

select
    coalesce(usual.hour, played.hour) as hour,
    coalesce(played.plays, 0) as plays,
    usual.plays as usual_plays,
    usual.weeks as weeks_known,
    case when usual.weeks >= 4 then 1 else 0 end as examined,
    case
        when
            usual.weeks >= 4
            and abs(coalesce(played.plays, 0) - usual.plays) > 5 * greatest(usual.distance, sqrt(usual.plays), 1)
            then 1
        else 0
    end as failed
from usual
full outer join played on usual.hour = played.hour
