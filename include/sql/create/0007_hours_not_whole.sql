-- Earlier versions noted hours as loaded that they had not loaded as a whole. They are forgotten here: so they show as
-- missing, and are right when they are loaded again.
delete from {{ star() }}.loaded_hours
where
    hour <> date_trunc('hour', hour)
    -- published before they were over, in the future too
    or published_at < dateadd(hour, 1, hour);

-- Hours of which a part was replaced since they were published, or was all that was published.
delete from {{ star() }}.loaded_hours
using {{ star() }}.published_runs
where
    published_runs.published_at >= loaded_hours.published_at
    and published_runs.interval_start < dateadd(hour, 1, loaded_hours.hour)
    and published_runs.interval_end > loaded_hours.hour
    and (
        published_runs.interval_start > loaded_hours.hour
        or published_runs.interval_end < dateadd(hour, 1, loaded_hours.hour)
    );

-- Hours that were published as if there were no object, although an older one had been read: a range in the year 12 was
-- looked for under the keys of that year, and then replaced hours of 2018, 2012 or 2001.
delete from {{ star() }}.loaded_hours
using {{ star() }}.loaded_objects
where
    loaded_hours.etag = ''
    and loaded_objects.staged_table = 'staging_events'
    and loaded_objects.etag <> ''
    and loaded_objects.day = date_trunc('day', loaded_hours.hour)
    and loaded_objects.last_modified < loaded_hours.loaded_at;

-- And what was noted of those keys, which do not name the day that is noted with them.
delete from {{ star() }}.loaded_objects
where
    staged_table = 'staging_events'
    and etag = ''
    and day is not null
    and position(to_char(day, 'YYYY-MM-DD') in object_key) = 0;
