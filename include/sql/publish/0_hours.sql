-- The hours that this run publishes: those of its interval, but for the ones that were published from a later reading
-- of their object meanwhile. Every hour counts, also one without events. Redshift has no generate_series on tables, so
-- they are counted up in decimal digits: 100,000 hours, eleven years, in one run at most.
create temporary table fresh_hours as
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

published as (
    select hour, etag, last_modified, loaded_at
    from {{ star() }}.loaded_hours
    where
        hour >= {{ bind.start }}
        and hour < {{ bind.end }}
)

select
    hours.hour,
    staged.etag,
    staged.last_modified,
    staged.loaded_at
from hours
left join {{ run() }}.staging_events_objects as staged on date_trunc('day', hours.hour) = staged.day
left join published as known on hours.hour = known.hour
where
    hours.hour < {{ bind.end }}
    and {{ not_older('staged', 'known') }};
