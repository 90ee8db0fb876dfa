-- When the hours of a range were published.
select
    hour,
    published_at
from {{ star() }}.loaded_hours
where
    hour >= {{ bind.start }}
    and hour < {{ bind.end }}
