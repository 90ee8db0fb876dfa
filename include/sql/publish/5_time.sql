delete from {{ star() }}."time"
where
    start_time >= {{ bind.start }}
    and start_time < {{ bind.end }};

insert into {{ star() }}."time" (start_time, hour, day, week, month, year, weekday)
select start_time, hour, day, week, month, year, weekday
from {{ run() }}."time";
