{% snapshot songs %}
{{ config(target_schema=target.schema, unique_key='id', strategy='check', check_cols=['song']) }}
select id, song from {{ ref('events') }}
{% endsnapshot %}
