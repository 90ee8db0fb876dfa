-- Every hour that a publication replaces was staged by its run: its day's object was looked for, and the interval is
-- the same as text, by which rows are replaced, and in milliseconds, by which events are staged.
with intervals as (
    select
        {{ bind.start }}::timestamp as replaced_from,
        {{ bind.end }}::timestamp as replaced_to,
        timestamp 'epoch' + ({{ bind.start_ms }}::bigint / 1000) * interval '1 second' as staged_from,
        timestamp 'epoch' + ({{ bind.end_ms }}::bigint / 1000) * interval '1 second' as staged_to
)

select
    fresh_hours.hour as replaced_hour,
    intervals.staged_from,
    intervals.staged_to,
    fresh_hours.loaded_at as staged_at,
    1 as examined,
    case
        when
            intervals.replaced_from = intervals.staged_from
            and intervals.replaced_to = intervals.staged_to
            and fresh_hours.hour >= intervals.staged_from
            and fresh_hours.hour < intervals.staged_to
            and fresh_hours.loaded_at is not null
            then 0
        else 1
    end as failed
from fresh_hours
cross join intervals
