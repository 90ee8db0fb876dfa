-- At which hours of the day do people listen, on the free level and on the paid one?
-- Hours are UTC. The level is that of the play, so a user who changed it is counted under both; an hour that nobody
-- played in has no row.
select
    moments.hour,
    count(*) as plays,
    sum(case when songplays.level = 'free' then 1 else 0 end) as free_plays,
    sum(case when songplays.level = 'paid' then 1 else 0 end) as paid_plays,
    count(distinct case when songplays.level = 'free' then songplays.user_id end) as free_users,
    count(distinct case when songplays.level = 'paid' then songplays.user_id end) as paid_users
from {{ star() }}.songplays
inner join {{ star() }}."time" as moments on songplays.start_time = moments.start_time
where
    songplays.start_time >= {{ bind.start }}
    and songplays.start_time < {{ bind.end }}
group by moments.hour
order by moments.hour
