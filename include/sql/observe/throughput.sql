-- The latest runs that published hours of the range, and the lines that they read.
select
    run_id,
    published_at,
    lines_scanned
from {{ star() }}.published_runs
where
    interval_start < {{ bind.end }}
    and interval_end > {{ bind.start }}
order by published_at desc
limit 200
