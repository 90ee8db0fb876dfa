-- Of the users who first played in a week, how many play again in the weeks after?
-- Weeks are ISO weeks in UTC, from Monday on. A cohort is the users whose first play of all is in the range, by the
-- week of that play. Each week up to the last one played in has a row, also one in which nobody came back. `is_whole`
-- is false of the week that the range ends in: the rest of it is not counted.
with recursive played (user_id, week, first_play) as (
    select
        songplays.user_id,
        date_trunc('week', songplays.start_time) as week,
        min(songplays.start_time) as first_play
    from {{ star() }}.songplays
    where songplays.start_time < {{ bind.end }}
    group by songplays.user_id, date_trunc('week', songplays.start_time)
),

cohorts (user_id, cohort) as (
    select
        user_id,
        min(week) as cohort
    from played
    group by user_id
    having min(first_play) >= {{ bind.start }}
),

weeks (week, last_week) as (
    select
        min(cohorts.cohort) as week,
        max(played.week) as last_week
    from cohorts
    inner join played on cohorts.user_id = played.user_id
    union all
    select
        week + interval '7 days' as week,
        last_week
    from weeks
    where week + interval '7 days' <= last_week
),

sizes (cohort, cohort_users) as (
    select
        cohort,
        count(*) as cohort_users
    from cohorts
    group by cohort
),

active (cohort, week, active_users) as (
    select
        cohorts.cohort,
        played.week,
        count(*) as active_users
    from cohorts
    inner join played on cohorts.user_id = played.user_id
    group by cohorts.cohort, played.week
)

select
    sizes.cohort,
    sizes.cohort_users,
    datediff(day, sizes.cohort, weeks.week) / 7 as weeks_after,
    coalesce(active.active_users, 0) as active_users,
    coalesce(active.active_users, 0)::float / sizes.cohort_users as active_share,
    weeks.week + interval '7 days' <= {{ bind.end }}::timestamp as is_whole
from sizes
inner join weeks on sizes.cohort <= weeks.week
left join active on sizes.cohort = active.cohort and weeks.week = active.week
order by sizes.cohort, weeks_after
