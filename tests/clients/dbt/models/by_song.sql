{{ config(materialized='materialized_view', dist='song', sort=['song'], auto_refresh=true) }}
select song, count(*) as plays from {{ ref('events') }} group by song
