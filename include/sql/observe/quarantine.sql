-- What is in quarantine now, by why: of the objects of days in the range, and of those that belong to no day.
with ranked as (
    select
        coalesce(rule, reason) as why,
        bucket || '/' || object_key as address,
        line_number,
        column_name,
        value,
        quarantined_at,
        row_number() over (partition by coalesce(rule, reason) order by quarantined_at desc, record_id asc) as recency
    from {{ star() }}.quarantine
    where
        resolved_at is null
        and (day is null or (day >= date_trunc('day', {{ bind.start }}::timestamp) and day < {{ bind.end }}))
)

select
    why,
    count(*) as records,
    count(distinct address) as objects,
    max(quarantined_at) as last_seen,
    max(case when recency = 1 then address end) as example_object,
    max(case when recency = 1 then line_number end) as example_line,
    max(case when recency = 1 then column_name end) as example_column,
    max(case when recency = 1 then value end) as example_value
from ranked
group by 1
order by 2 desc, 1 asc
