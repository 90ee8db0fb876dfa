-- The interval's hours of every user are replaced, and each user touched becomes what the latest hour left says; a user
-- with no hour left is gone.
create temporary table touched_users as
select user_id from {{ run() }}.users
union
select user_id
from {{ star() }}.user_hours
where
    hour >= {{ bind.start }}
    and hour < {{ bind.end }};

delete from {{ star() }}.user_hours
where
    hour >= {{ bind.start }}
    and hour < {{ bind.end }};

insert into {{ star() }}.user_hours
select user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session
from {{ run() }}.users;

delete from {{ star() }}.users
using touched_users
where users.user_id = touched_users.user_id;

insert into {{ star() }}.users (user_id, first_name, last_name, gender, level)
select
    latest.user_id,
    latest.first_name,
    latest.last_name,
    latest.gender,
    latest.level
from (
    select
        known.user_id,
        known.first_name,
        known.last_name,
        known.gender,
        known.level,
        row_number() over (partition by known.user_id order by known.hour desc) as recency
    from {{ star() }}.user_hours as known
    inner join touched_users on known.user_id = touched_users.user_id
) as latest
where latest.recency = 1;
