-- What nobody needs any more. The books of what is loaded outlive what is told of single runs: an hour that is not in
-- them counts as missing, and an object that is not is looked into again.
delete from {{ star() }}.quarantine
where
    resolved_at < dateadd(day, -{{ bind.resolved_days }}::integer, sysdate)
    or quarantined_at < dateadd(day, -{{ bind.quarantine_days }}::integer, sysdate);

delete from {{ star() }}.quality_results
where checked_at < dateadd(day, -{{ bind.results_days }}::integer, sysdate);

delete from {{ star() }}.published_runs
where published_at < dateadd(day, -{{ bind.runs_days }}::integer, sysdate);

delete from {{ star() }}.loaded_hours
where
    hour < dateadd(day, -{{ bind.books_days }}::integer, sysdate)
    and published_at < dateadd(day, -{{ bind.books_days }}::integer, sysdate);

-- A song's object stays as long as it is there: it would be copied again without its row.
delete from {{ star() }}.loaded_objects
where
    loaded_at < dateadd(day, -{{ bind.books_days }}::integer, sysdate)
    and (day is not null or etag = '');
