{{ config(dist='user_id', sort=['played_at', 'id'], sort_type='compound') }}
select id, user_id, song, played_at::timestamp as played_at, seconds::numeric(8, 2) as seconds
from {{ ref('events') }}
