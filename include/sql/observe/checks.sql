-- The latest results of every check, and the latest of those that did not pass: of runs that published hours of the
-- range, and of runs that published nothing since it began.
with counted as (
    select
        check_name,
        severity,
        run_id,
        examined,
        failed,
        passed,
        checked_at,
        threshold,
        message,
        sample,
        sum(case when passed then 1 else 0 end) over (partition by check_name, severity) as times_passed,
        sum(case when passed then 0 else 1 end) over (partition by check_name, severity) as times_failed,
        row_number() over (partition by check_name, severity order by checked_at desc, run_id asc) as recency,
        -- which of the failures a failure is; in the order of the recency, so that all is sorted once
        sum(case when passed then 0 else 1 end) over (
            partition by check_name, severity order by checked_at desc, run_id asc rows unbounded preceding
        ) as failures
    from {{ star() }}.quality_results
    where
        checked_at >= {{ bind.start }}
        and run_id not in (
            select run_id from {{ star() }}.published_runs
            where interval_end <= {{ bind.start }} or interval_start >= {{ bind.end }}
        )
)

select
    check_name,
    severity,
    run_id,
    examined,
    failed,
    passed,
    checked_at,
    threshold,
    message,
    sample,
    times_passed,
    times_failed
from counted
where
    recency <= 60
    or (not passed and failures <= 3)
order by check_name asc, severity asc, checked_at desc, run_id asc
