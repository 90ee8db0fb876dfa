{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='append_new_columns') }}
select id, song, getdate() as loaded_at, '{{ invocation_id }}' as run{% if is_incremental() %}, 1 as added{% endif %}

from {{ ref('plays') }}
{% if is_incremental() %}
where id >= 2
{% endif %}
