-- The latest hour decides; a user with no hour left is gone.
delete from {{ star() }}.latest_user_hours
using touched_users
where latest_user_hours.user_id = touched_users.user_id;

insert into {{ star() }}.latest_user_hours (
    user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session
)
select
    latest.user_id, latest.first_name, latest.last_name, latest.gender, latest.level, latest.hour, latest.ts,
    latest.session_id, latest.item_in_session
from (
    select
        user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session,
        row_number() over (partition by user_id order by hour desc) as recency
    from user_candidates
) as latest
where latest.recency = 1;

delete from {{ star() }}.users
using touched_users
where users.user_id = touched_users.user_id;

insert into {{ star() }}.users (user_id, first_name, last_name, gender, level)
select latest.user_id, latest.first_name, latest.last_name, latest.gender, latest.level
from {{ star() }}.latest_user_hours as latest
inner join touched_users on latest.user_id = touched_users.user_id;
