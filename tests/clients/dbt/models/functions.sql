select
    {{ dbt.dateadd('day', 1, 'played_at') }} as next_day,
    {{ dbt.datediff('played_at', dbt.dateadd('hour', 2, 'played_at'), 'hour') }} as two_hours,
    {{ dbt.length('song') }} as letters,
    {{ dbt.hash('song') }} as hashed,
    {{ dbt.date_trunc('month', 'played_at') }} as month,
    {{ dbt.split_part('song', "','", 1) }} as before_comma,
    {{ dbt.last_day('played_at', 'month') }} as last_day
from {{ ref('plays') }}
