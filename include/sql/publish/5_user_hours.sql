-- The users of the hours are replaced. Each user touched becomes what the latest hour left says: found among the hours
-- of this run and the latest hour known before it, or, where that was one of those replaced and nothing later came, in
-- the user's whole history (6_user_history.sql).
create temporary table touched_users as
select staged.user_id
from {{ run() }}.users as staged
inner join fresh_hours on staged.hour = fresh_hours.hour
union
select latest.user_id
from {{ star() }}.latest_user_hours as latest
inner join fresh_hours on latest.hour = fresh_hours.hour;

delete from {{ star() }}.user_hours
using fresh_hours
where
    user_hours.hour >= {{ bind.start }}
    and user_hours.hour < {{ bind.end }}
    and user_hours.hour = fresh_hours.hour;

insert into {{ star() }}.user_hours (
    user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session
)
select
    staged.user_id, staged.first_name, staged.last_name, staged.gender, staged.level, staged.hour, staged.ts,
    staged.session_id, staged.item_in_session
from {{ run() }}.users as staged
inner join fresh_hours on staged.hour = fresh_hours.hour;

create temporary table user_candidates as
select
    staged.user_id, staged.first_name, staged.last_name, staged.gender, staged.level, staged.hour, staged.ts,
    staged.session_id, staged.item_in_session
from {{ run() }}.users as staged
inner join fresh_hours on staged.hour = fresh_hours.hour
union all
select
    latest.user_id, latest.first_name, latest.last_name, latest.gender, latest.level, latest.hour, latest.ts,
    latest.session_id, latest.item_in_session
from {{ star() }}.latest_user_hours as latest
inner join touched_users on latest.user_id = touched_users.user_id
left join fresh_hours on latest.hour = fresh_hours.hour
where fresh_hours.hour is null;

create temporary table reconsidered_users as
with candidates as (
    select
        user_id,
        max(hour) as hour
    from user_candidates
    group by user_id
)

select latest.user_id
from {{ star() }}.latest_user_hours as latest
inner join fresh_hours on latest.hour = fresh_hours.hour
left join candidates on latest.user_id = candidates.user_id
where candidates.hour is null or candidates.hour < latest.hour;
