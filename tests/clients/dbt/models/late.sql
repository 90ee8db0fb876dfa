{{ config(materialized='view', bind=false) }}
select id, song from {{ ref('plays') }}
