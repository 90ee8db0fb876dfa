-- The hours that were published from another version than there is now, and from other events.
create table #stale_hours as
with current_events as (
    {% include 'stale/fingerprints.sql' %}
)

select published.hour
from {{ star() }}.loaded_hours as published
inner join #object_versions as versions on date_trunc('day', published.hour) = versions.day
left join current_events on published.hour = current_events.hour
where
    published.hour >= {{ bind.since }}
    and coalesce(published.etag, '?') <> versions.etag
    and published.fingerprint <> coalesce(current_events.fingerprint, 0);
