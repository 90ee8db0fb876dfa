-- Each user's latest play in each hour of the interval, with the level that the user had then.
select
    latest.user_id,
    latest.first_name,
    latest.last_name,
    latest.gender,
    latest.level,
    latest.hour,
    latest.ts,
    latest.session_id,
    latest.item_in_session
from (
    select
        userid as user_id,
        firstname as first_name,
        lastname as last_name,
        gender,
        level,
        timestamp 'epoch' + (ts / 3600000) * interval '1 hour' as hour,
        ts,
        sessionid as session_id,
        iteminsession as item_in_session,
        row_number() over (
            partition by userid, ts / 3600000
            order by ts desc, sessionid desc, iteminsession desc, level desc, firstname desc, lastname desc, gender desc
        ) as recency
    from {{ run() }}.plays
    where
        ts >= {{ bind.start_ms }}
        and ts < {{ bind.end_ms }}
) as latest
where latest.recency = 1
