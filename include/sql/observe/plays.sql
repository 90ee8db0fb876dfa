-- What is published of each day of a range. A song that arrives later finds its plays, so the plays are asked, and not
-- what was counted when they were published.
select
    date_trunc('day', start_time) as day,
    count(*) as plays,
    count(song_id) as matched
from {{ star() }}.songplays
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }}
group by 1
order by 1
