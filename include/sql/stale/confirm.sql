-- An hour that was published from another version, but from the same events, is as good as published from this one:
-- nobody need look at it again until the object changes.
update {{ star() }}.loaded_hours
set
    etag = versions.etag,
    last_modified = versions.last_modified
from #object_versions as versions
where
    date_trunc('day', loaded_hours.hour) = versions.day
    and loaded_hours.hour >= {{ bind.since }}
    and coalesce(loaded_hours.etag, '?') <> versions.etag
    and loaded_hours.hour not in (select hour from #stale_hours);
