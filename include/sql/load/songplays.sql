-- The plays of the interval, each once: the same event delivered twice has the same key, two plays within one
-- millisecond have different ones. Which song a play is of is decided when it is published, under the mutex.
select
    plays.songplay_id,
    plays.start_time,
    plays.user_id,
    plays.level,
    plays.session_id,
    plays.location,
    plays.user_agent,
    plays.title,
    plays.artist_name,
    plays.duration
from (
    select
        md5(
            userid::varchar || '|' || sessionid::varchar || '|' || iteminsession::varchar || '|' || ts::varchar
        ) as songplay_id,
        start_time,
        userid as user_id,
        level,
        sessionid as session_id,
        location,
        useragent as user_agent,
        song as title,
        artist as artist_name,
        length as duration,
        row_number() over (
            partition by userid, sessionid, iteminsession, ts
            order by level desc, location desc, useragent desc, song desc, artist desc, length desc
        ) as delivery
    from {{ run() }}.plays
    where
        ts >= {{ bind.start_ms }}
        and ts < {{ bind.end_ms }}
) as plays
where plays.delivery = 1
