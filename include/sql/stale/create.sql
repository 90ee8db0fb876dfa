-- What the search for stale hours works with: the version of every day's object that there is now, and the events of
-- those that have changed.
create table #object_versions (
    day timestamp,
    etag varchar(256),
    last_modified timestamp
);

{% set events = '#recent_events' %}{% include 'create/staging_events.sql' %}
