-- Every moment of the interval at which something was played, once, taken apart in UTC.
select
    moments.start_time,
    extract(hour from moments.start_time) as hour,
    extract(day from moments.start_time) as day,
    extract(week from moments.start_time) as week,
    extract(month from moments.start_time) as month,
    extract(year from moments.start_time) as year,
    extract(dow from moments.start_time) as weekday
from (
    select distinct start_time
    from {{ run() }}.plays
    where
        ts >= {{ bind.start_ms }}
        and ts < {{ bind.end_ms }}
) as moments
