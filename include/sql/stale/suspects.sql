-- The days of which an hour was published from another version than there is now.
select distinct versions.day
from #object_versions as versions
inner join {{ star() }}.loaded_hours as published on versions.day = date_trunc('day', published.hour)
where
    published.hour >= {{ bind.since }}
    and coalesce(published.etag, '?') <> versions.etag
order by versions.day
