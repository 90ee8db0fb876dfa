-- The objects of one day in the version that was loaded last, with what of them is in quarantine now.
with rejected as (
    select
        bucket,
        object_key,
        count(*) as records
    from {{ star() }}.quarantine
    where resolved_at is null and day = {{ bind.day }}
    group by bucket, object_key
)

select
    loaded.object_key,
    loaded.lines_scanned,
    loaded.rows_loaded,
    coalesce(rejected.records, 0) as rejected
from {{ star() }}.loaded_objects as loaded
left join rejected
    on
        loaded.bucket = rejected.bucket
        and loaded.object_key = rejected.object_key
where loaded.day = {{ bind.day }}
order by loaded.object_key
