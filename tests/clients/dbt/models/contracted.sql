select id, song::varchar(40) as song from {{ ref('plays') }}
