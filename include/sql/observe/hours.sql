-- A row for each day of which an hour is published: which of its hours had plays and which had none, as bits, midnight
-- the lowest, and the versions of the day's object that they were published from. So five years are some 1,800 rows,
-- and not 44,000.
select
    date_trunc('day', hour) as day,
    sum(case when plays > 0 then power(2, date_part('hour', hour)) else 0 end)::integer as loaded,
    sum(case when plays = 0 then power(2, date_part('hour', hour)) else 0 end)::integer as empty,
    min(coalesce(etag, '?')) as least_etag,
    max(coalesce(etag, '?')) as greatest_etag,
    max(published_at) as published_at
from {{ star() }}.loaded_hours
group by 1
order by 1
