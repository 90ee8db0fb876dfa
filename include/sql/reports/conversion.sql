-- How many users go from free to paid, and after how many days?
-- By the levels of their plays in the range: converted is who played free and later played paid. Days are counted from
-- the first free play to the first paid one after it; that somebody pays shows only once they play.
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

firsts as (
    select
        user_id,
        min(case when level = 'free' then start_time end) as first_free
    from played
    group by user_id
),

changes as (
    select
        firsts.user_id,
        firsts.first_free,
        min(case when played.level = 'paid' then played.start_time end) as first_paid,
        min(case when played.level = 'paid' and played.start_time > firsts.first_free then played.start_time end)
            as converted
    from firsts
    inner join played on firsts.user_id = played.user_id
    group by firsts.user_id, firsts.first_free
),

outcomes as (
    select
        case
            when converted is not null then 'free, then paid'
            when first_paid is null then 'free only'
            when first_free is null then 'paid only'
            else 'paid, then free'
        end as outcome,
        datediff(millisecond, first_free, converted)::float / 86400000 as days
    from changes
),

counted as (
    select
        outcome,
        count(*) as users,
        min(days) as least_days,
        percentile_cont(0.5) within group (order by days) as median_days,
        max(days) as most_days
    from outcomes
    group by outcome
)

select
    outcome,
    users,
    ratio_to_report(users) over () as share_of_users,
    least_days,
    median_days,
    most_days
from counted
order by outcome
