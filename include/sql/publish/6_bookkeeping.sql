-- What this publication was made from, committed together with it.
delete from {{ star() }}.loaded_objects
using {{ run() }}.staged_objects as staged
where
    loaded_objects.bucket = staged.bucket
    and loaded_objects.object_key = staged.object_key;

insert into {{ star() }}.loaded_objects
select bucket, object_key, etag, last_modified, size_bytes, lines_scanned, staged_table, run_id, loaded_at
from {{ run() }}.staged_objects;

delete from {{ star() }}.loaded_hours
where
    hour >= {{ bind.start }}
    and hour < {{ bind.end }};

-- Every hour of the interval has a row, also one without events. Redshift has no generate_series on tables, so the
-- hours are counted up in decimal digits: 100,000 hours, eleven years, in one run at most.
insert into {{ star() }}.loaded_hours (hour, run_id, events, plays, fingerprint, published_at)
with digits as (
    select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4
    union all select 5 union all select 6 union all select 7 union all select 8 union all select 9
),

hours as (
    select
        {{ bind.start }}::timestamp
        + (a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit + 10000 * e.digit) * interval '1 hour' as hour
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
    cross join digits as e
),

staged as (
    select
        timestamp 'epoch' + (ts / 3600000) * interval '1 hour' as hour,
        count(*) as events,
        sum(strtol(substring(md5(
            coalesce(artist, '~')
            || '|' || coalesce(auth, '~')
            || '|' || coalesce(firstname, '~')
            || '|' || coalesce(gender, '~')
            || '|' || coalesce(iteminsession::varchar, '~')
            || '|' || coalesce(lastname, '~')
            || '|' || coalesce(length::varchar, '~')
            || '|' || coalesce(level, '~')
            || '|' || coalesce(location, '~')
            || '|' || coalesce(method, '~')
            || '|' || coalesce(page, '~')
            || '|' || coalesce(registration::varchar, '~')
            || '|' || coalesce(sessionid::varchar, '~')
            || '|' || coalesce(song, '~')
            || '|' || coalesce(status::varchar, '~')
            || '|' || coalesce(ts::varchar, '~')
            || '|' || coalesce(useragent, '~')
            || '|' || coalesce(userid::varchar, '~')
        ), 1, 10), 16)) as fingerprint
    from {{ run() }}.staging_events
    where
        ts >= {{ bind.start_ms }}
        and ts < {{ bind.end_ms }}
    group by 1
),

played as (
    select
        date_trunc('hour', start_time) as hour,
        count(*) as plays
    from {{ run() }}.songplays
    group by 1
)

select
    hours.hour,
    {{ bind.run_id }}::varchar(256),
    coalesce(staged.events, 0),
    coalesce(played.plays, 0),
    coalesce(staged.fingerprint, 0),
    sysdate
from hours
left join staged on hours.hour = staged.hour
left join played on hours.hour = played.hour
where hours.hour < {{ bind.end }};

insert into {{ star() }}.published_runs (
    run_id, interval_start, interval_end, events, plays, matched_plays, published_at
)
select
    {{ bind.run_id }}::varchar(256),
    {{ bind.start }}::timestamp,
    {{ bind.end }}::timestamp,
    (
        select count(*) from {{ run() }}.staging_events
        where ts >= {{ bind.start_ms }} and ts < {{ bind.end_ms }}
    ),
    count(*),
    count(song_id),
    sysdate
from {{ star() }}.songplays
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }};
