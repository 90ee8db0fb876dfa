{{ config(materialized='view') }}
select user_id, count(*) as plays, max(played_at) as last_played_at from {{ ref('plays') }} group by user_id
