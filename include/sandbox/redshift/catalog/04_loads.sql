-- The load views (AWS: r_STL_LOAD_ERRORS, r_STL_LOAD_COMMITS, SYS_LOAD_HISTORY and others), columns in documented order.

CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS
SELECT l.userid, 0 AS slice, l.table_id::integer AS tbl, l.started AS starttime, l.pid AS session,
       l.query::integer AS query, e.file::char(256) AS filename, e.line AS line_number, e."column"::char(127) AS colname,
       e.type::char(10) AS type, e.length::char(10) AS col_length, e.position, e.raw_line::char(1024) AS raw_line,
       e.raw_value::char(1024) AS raw_field_value, e.code AS err_code, e.reason::char(100) AS err_reason,
       0 AS is_partial, 0::bigint AS start_offset
FROM redshift.visible_loads l
JOIN redshift.visible_errors e ON e.query = l.query;

-- The layout beyond the documented columns' names is not documented; one row per column up to the failing one.
CREATE OR REPLACE VIEW pg_catalog.stl_loaderror_detail AS
SELECT l.userid, 0 AS slice, l.pid AS session, l.query::integer AS query, e.file::char(256) AS filename,
       e.line AS line_number, (f ->> 'field')::integer AS field, (f ->> 'column')::char(1024) AS colname,
       (f ->> 'value')::char(1024) AS value, CASE WHEN f ->> 'value' IS NULL THEN 1 ELSE 0 END AS is_null,
       (f ->> 'type')::char(10) AS type, (f ->> 'length')::char(10) AS col_length
FROM redshift.visible_loads l
JOIN redshift.visible_errors e ON e.query = l.query
CROSS JOIN LATERAL jsonb_array_elements(e.fields) AS f;

CREATE OR REPLACE VIEW pg_catalog.stl_load_commits AS
SELECT l.userid, l.query::integer AS query, 0 AS slice, ''::char(256) AS name, f.file::char(256) AS filename,
       0 AS byte_offset, f.lines::integer AS lines_scanned, f.errors::integer AS errors, l.ended AS curtime, 1 AS status,
       l.format::char(16) AS file_format, 0 AS is_partial, 0::bigint AS start_offset, 0::bigint AS copy_job_id
FROM redshift.visible_loads l
JOIN redshift.visible_files f ON f.query = l.query;

CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
SELECT l.userid AS user_id, l.query AS query_id, l.query AS transaction_id, l.pid AS session_id,
       current_database()::char(64) AS database_name, l.table_id::integer AS table_id, l.started AS start_time,
       e.file::char(256) AS file_name, e.line AS line_number, e."column"::char(127) AS column_name,
       e.type::char(10) AS column_type, e.length::char(10) AS column_length, e.position, e.code AS error_code,
       e.reason::char(512) AS error_message
FROM redshift.visible_loads l
JOIN redshift.visible_errors e ON e.query = l.query;

CREATE OR REPLACE VIEW pg_catalog.sys_load_detail AS
SELECT l.userid AS user_id, l.query AS query_id, f.file::char(256) AS file_name, f.bytes AS bytes_scanned,
       f.lines AS lines_scanned, 0::bigint AS splits_scanned, l.ended AS record_time, 0 AS slice_id,
       f.errors::integer AS error_count, f.etag::char(256) AS file_etag,
       f.modified AT TIME ZONE 'UTC' AS file_last_modified
FROM redshift.visible_loads l
JOIN redshift.visible_files f ON f.query = l.query;

CREATE OR REPLACE VIEW pg_catalog.sys_load_history AS
SELECT l.userid AS user_id, l.query AS query_id, l.query AS transaction_id, l.pid AS session_id,
       current_database()::text AS database_name, l.status, l.table_name, l.started AS start_time, l.ended AS end_time,
       (extract(epoch FROM l.ended - l.started) * 1000000)::bigint AS duration, l.source AS data_source,
       l.format AS file_format, l.rows AS loaded_rows, s.bytes AS loaded_bytes, s.files AS source_file_count,
       s.bytes AS source_file_bytes, s.files AS file_count_scanned, s.bytes AS file_bytes_scanned,
       (SELECT count(*) FROM redshift.visible_errors e WHERE e.query = l.query) AS error_count,
       0::bigint AS copy_job_id, l.message AS error_message
FROM redshift.visible_loads l
CROSS JOIN LATERAL (SELECT count(*) AS files, coalesce(sum(f.bytes), 0)::bigint AS bytes
                    FROM redshift.visible_files f WHERE f.query = l.query) AS s;

-- AWS: r_STL_REPLACEMENTS, SYS_COPY_REPLACEMENTS. A COPY of Parquet leaves none.
CREATE OR REPLACE VIEW pg_catalog.stl_replacements AS
SELECT l.userid, l.query::integer AS query, 0 AS slice, l.table_id::integer AS tbl, l.started AS starttime, l.pid AS session,
       r.file::char(256) AS filename, r.line AS line_number, r."column"::char(127) AS colname,
       r.raw_line::char(1024) AS raw_line
FROM redshift.visible_loads l
JOIN redshift.visible_replacements r ON r.query = l.query;

CREATE OR REPLACE VIEW pg_catalog.sys_copy_replacements AS
SELECT l.userid AS user_id, l.query AS query_id, l.table_id::integer AS table_id, r.file::char(256) AS file_name,
       r."column"::char(127) AS column_name, r.line AS line_number, r.raw_line::char(1024) AS raw_line
FROM redshift.visible_loads l
JOIN redshift.visible_replacements r ON r.query = l.query;
