-- How soon do free users go to paid?
-- Of the users who played free in the range: those who played paid later in it, by whole days after their first free
-- play, one after the other and summed up. Who began late in the range had less time to be seen converting.
with played as (
    select
        songplays.user_id,
        songplays.level,
        songplays.start_time
    from {{ star() }}.songplays
    where
        songplays.start_time >= {{ bind.start }}
        and songplays.start_time < {{ bind.end }}
),

free_users as (
    select
        user_id,
        min(start_time) as first_free
    from played
    where level = 'free'
    group by user_id
),

converted as (
    select
        free_users.user_id,
        datediff(millisecond, free_users.first_free, min(played.start_time)) / 86400000 as days
    from free_users
    inner join played on free_users.user_id = played.user_id and free_users.first_free < played.start_time
    where played.level = 'paid'
    group by free_users.user_id, free_users.first_free
),

by_day as (
    select
        days,
        count(*) as users
    from converted
    group by days
),

everybody as (
    select count(*) as users
    from free_users
)

select
    by_day.days,
    by_day.users,
    everybody.users as free_users,
    sum(by_day.users) over (order by by_day.days rows unbounded preceding)::float / everybody.users as share_by_then
from by_day
cross join everybody
order by by_day.days
