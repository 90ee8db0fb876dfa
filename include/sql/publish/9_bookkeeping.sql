-- What this publication was made from, committed together with it. A run that is limited to a part publishes no hour as
-- a whole, so it leaves the books about hours and their objects as they are.
{% set events = run() ~ '.staging_events' %}
create temporary table fresh_versions as
select
    staged.bucket, staged.object_key, staged.etag, staged.last_modified, staged.size_bytes, staged.lines_scanned,
    staged.rows_loaded, staged.day, staged.staged_table, staged.run_id, staged.loaded_at
from (
    select * from {{ run() }}.staging_events_objects
    where {{ bind.only }} = 'everything'
    union all
    select * from {{ run() }}.staging_songs_objects
) as staged
left join {{ star() }}.loaded_objects as known
    on
        staged.bucket = known.bucket
        and staged.object_key = known.object_key
where {{ not_older('staged', 'known') }};

delete from {{ star() }}.loaded_objects
using fresh_versions
where
    loaded_objects.bucket = fresh_versions.bucket
    and loaded_objects.object_key = fresh_versions.object_key;

insert into {{ star() }}.loaded_objects (
    bucket, object_key, etag, last_modified, size_bytes, lines_scanned, rows_loaded, day, staged_table, run_id,
    loaded_at
)
select
    bucket, object_key, etag, last_modified, size_bytes, lines_scanned, rows_loaded, day, staged_table, run_id,
    loaded_at
from fresh_versions;

delete from {{ star() }}.loaded_hours
using fresh_hours
where
    loaded_hours.hour >= {{ bind.start }}
    and loaded_hours.hour < {{ bind.end }}
    and loaded_hours.hour = fresh_hours.hour
    and {{ bind.only }} = 'everything';

insert into {{ star() }}.loaded_hours (
    hour, run_id, events, plays, fingerprint, published_at, etag, last_modified, loaded_at
)
with staged as (
    {% include 'stale/fingerprints.sql' %}
),

played as (
    select
        date_trunc('hour', start_time) as hour,
        count(*) as plays
    from {{ run() }}.songplays
    group by 1
)

select
    fresh_hours.hour,
    {{ bind.run_id }}::varchar(256),
    coalesce(staged.events, 0),
    coalesce(played.plays, 0),
    coalesce(staged.fingerprint, 0),
    sysdate,
    fresh_hours.etag,
    fresh_hours.last_modified,
    fresh_hours.loaded_at
from fresh_hours
left join staged on fresh_hours.hour = staged.hour
left join played on fresh_hours.hour = played.hour
where {{ bind.only }} = 'everything';

insert into {{ star() }}.published_runs (
    run_id, interval_start, interval_end, events, plays, matched_plays, published_at, part
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
    sysdate,
    {{ bind.only }}::varchar(16)
from {{ star() }}.songplays
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }};
