-- How long are sessions, and how many plays do they have, by level?
-- A session belongs to the range that it begins in and is counted whole, across midnight too. It lasts from the start
-- of its first play to that of its last, so one with a single play lasts 0 minutes. One in which the level changed is
-- neither free nor paid, but 'both'.
with sessions as (
    select
        songplays.user_id,
        songplays.session_id,
        case when min(songplays.level) = max(songplays.level) then min(songplays.level) else 'both' end as level,
        count(*) as plays,
        datediff(millisecond, min(songplays.start_time), max(songplays.start_time))::float / 60000 as minutes
    from {{ star() }}.songplays
    group by songplays.user_id, songplays.session_id
    having
        min(songplays.start_time) >= {{ bind.start }}
        and min(songplays.start_time) < {{ bind.end }}
)

select
    level,
    count(*) as sessions,
    sum(plays)::bigint as plays,
    avg(plays::float) as plays_per_session,
    sum(case when plays = 1 then 1 else 0 end) as single_plays,
    percentile_cont(0.25) within group (order by minutes) as p25_minutes,
    percentile_cont(0.5) within group (order by minutes) as median_minutes,
    percentile_cont(0.75) within group (order by minutes) as p75_minutes
from sessions
group by level
order by level
