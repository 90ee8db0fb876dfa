-- What this publication was made from, committed together with it. A run that is limited to a part publishes no hour as
-- a whole, so it leaves the books about hours and their objects as they are.
{% set events = run() ~ '.staging_events' %}
create temporary table fresh_versions as
select
    staged.bucket, staged.object_key, staged.etag, staged.last_modified, staged.size_bytes, staged.lines_scanned,
    staged.rows_loaded, staged.records_rejected, staged.inspection, staged.day, staged.staged_table, staged.run_id,
    staged.loaded_at
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
    bucket, object_key, etag, last_modified, size_bytes, lines_scanned, rows_loaded, records_rejected, inspection, day,
    staged_table, run_id, loaded_at
)
select
    bucket, object_key, etag, last_modified, size_bytes, lines_scanned, rows_loaded, records_rejected, inspection, day,
    staged_table, run_id, loaded_at
from fresh_versions;

-- A record that the newest version of its object does not hold any more, or that has been loaded now.
update {{ star() }}.quarantine
set
    resolved_by = {{ bind.run_id }},
    resolved_at = sysdate
from fresh_versions
where
    quarantine.resolved_at is null
    and quarantine.bucket = fresh_versions.bucket
    and quarantine.object_key = fresh_versions.object_key
    and quarantine.record_id not in (select record_id from {{ run() }}.rejected_records);

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
    run_id, interval_start, interval_end, events, plays, matched_plays, published_at, part, lines_scanned, rows_loaded,
    records_rejected, plays_staged, plays_quarantined, duplicate_plays
)
with staged as (
    select
        sum(lines_scanned) as lines_scanned,
        sum(rows_loaded) as rows_loaded,
        sum(records_rejected) as records_rejected
    from fresh_versions
),

events as (
    select
        count(*) as events,
        coalesce(sum(case when page = 'NextSong' then 1 else 0 end), 0) as staged_plays
    from {{ run() }}.staging_events
    where ts >= {{ bind.start_ms }} and ts < {{ bind.end_ms }}
),

broken as (
    select count(*) as broken_plays
    from {{ run() }}.broken_events
    where page = 'NextSong' and ts >= {{ bind.start_ms }} and ts < {{ bind.end_ms }}
),

prepared as (
    select count(*) as prepared_plays from {{ run() }}.songplays
),

published as (
    select
        count(*) as plays,
        count(song_id) as matched_plays
    from {{ star() }}.songplays
    where
        start_time >= {{ bind.start }}
        and start_time < {{ bind.end }}
)

select
    {{ bind.run_id }}::varchar(256),
    {{ bind.start }}::timestamp,
    {{ bind.end }}::timestamp,
    events.events,
    published.plays,
    published.matched_plays,
    sysdate,
    {{ bind.only }}::varchar(16),
    coalesce(staged.lines_scanned, 0),
    coalesce(staged.rows_loaded, 0),
    coalesce(staged.records_rejected, 0),
    events.staged_plays + broken.broken_plays,
    broken.broken_plays,
    events.staged_plays - prepared.prepared_plays
from published
cross join prepared
cross join broken
cross join events
cross join staged;
