delete from {{ star() }}."time"
using fresh_hours
where
    "time".start_time >= {{ bind.start }}
    and "time".start_time < {{ bind.end }}
    and date_trunc('hour', "time".start_time) = fresh_hours.hour;

insert into {{ star() }}."time" (start_time, hour, day, week, month, year, weekday)
select
    moments.start_time, moments.hour, moments.day, moments.week, moments.month, moments.year, moments.weekday
from {{ run() }}."time" as moments
inner join fresh_hours on date_trunc('hour', moments.start_time) = fresh_hours.hour;
