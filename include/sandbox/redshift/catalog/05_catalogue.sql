-- Redshift's views of tables, columns, keys and roles.

CREATE OR REPLACE VIEW redshift.user_tables AS
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.reltuples,
       CASE c.relkind WHEN 'r' THEN d.description::jsonb END AS design  -- other types' comments are no JSON
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON d.objoid = c.reltype AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
WHERE c.relkind IN ('r', 'v')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift', 'pg_toast');

CREATE OR REPLACE VIEW pg_catalog.pg_table_def AS
SELECT t.nspname::name AS schemaname, t.relname::name AS tablename, a.attname::name AS "column",
       redshift.shown_type(a.atttypid, a.atttypmod) AS type,
       coalesce(t.design -> 'encodings' ->> a.attname, 'none')::varchar(32) AS encoding,
       coalesce(t.design ->> 'distkey' = a.attname, false) AS distkey,
       coalesce((SELECT CASE WHEN (t.design ->> 'interleaved')::boolean AND k.n % 2 = 0 THEN -k.n ELSE k.n END
                 FROM jsonb_array_elements_text(t.design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
                 WHERE k.name = a.attname), 0)::integer AS sortkey,
       a.attnotnull AS "notnull"
FROM redshift.user_tables t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE t.relkind = 'r' AND t.nspname = ANY (current_schemas(false))  -- AWS: r_PG_TABLE_DEF shows the search path only
ORDER BY t.nspname, t.relname, a.attnum;

-- A table's size; as last counted, while a transaction has it locked: to look at the view is not to wait.
CREATE OR REPLACE FUNCTION redshift.size_of(target oid) RETURNS bigint
LANGUAGE plpgsql SET lock_timeout = '1ms' SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pg_table_size(target);
EXCEPTION WHEN lock_not_available THEN
    RETURN (SELECT greatest(relpages, 0) * current_setting('block_size')::bigint FROM pg_class WHERE oid = target);
END $$;

CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
SELECT current_database()::text AS database, t.nspname::text AS schema, t.oid::integer AS table_id, t.relname::text AS "table",
       CASE WHEN t.design -> 'encodings' = '{}' THEN 'N' ELSE 'Y' END AS encoded,
       CASE WHEN t.design ->> 'distkey' IS NOT NULL THEN 'KEY(' || (t.design ->> 'distkey') || ')'
            WHEN coalesce(t.design ->> 'style', 'AUTO') = 'AUTO' THEN 'AUTO(ALL)' ELSE t.design ->> 'style' END AS diststyle,
       t.design -> 'sortkeys' ->> 0 AS sortkey1,
       (SELECT max(a.atttypmod - 4) FROM pg_attribute a
        WHERE a.attrelid = t.oid AND a.atttypid = 'varchar'::regtype AND a.atttypmod > 4) AS max_varchar,
       t.design -> 'encodings' ->> (t.design -> 'sortkeys' ->> 0) AS sortkey1_enc,
       coalesce(jsonb_array_length(t.design -> 'sortkeys'), 0) AS sortkey_num,
       redshift.size_of(t.oid) / 1048576 AS size, 0::numeric(10, 4) AS pct_used, 0::bigint AS empty,
       0::numeric(5, 2) AS unsorted, 0::numeric(5, 2) AS stats_off, greatest(t.reltuples, 0)::numeric(38, 0) AS tbl_rows,
       NULL::numeric(19, 2) AS skew_sortkey1, NULL::numeric(19, 2) AS skew_rows,
       greatest(t.reltuples, 0)::numeric(38, 0) AS estimated_visible_rows, NULL::text AS risk_event,
       0::numeric(5, 2) AS vacuum_sort_benefit
FROM redshift.user_tables t
WHERE t.relkind = 'r';

CREATE OR REPLACE VIEW pg_catalog.stv_tbl_perm AS
SELECT 0 AS slice, t.oid::integer AS id, t.relname::char(72) AS name, greatest(t.reltuples, 0)::bigint AS rows,
       greatest(t.reltuples, 0)::bigint AS sorted_rows, (t.nspname LIKE 'pg_temp%')::integer AS temp,
       (SELECT oid FROM pg_database WHERE datname = current_database())::integer AS db_id,
       coalesce((t.design ->> 'backup')::boolean, true)::integer AS backup
FROM redshift.user_tables t
WHERE t.relkind = 'r';

CREATE OR REPLACE VIEW pg_catalog.svv_tables AS
SELECT table_catalog::text, table_schema::text, table_name::text, table_type::text, NULL::text AS remarks
FROM information_schema.tables WHERE table_schema <> 'redshift';

CREATE OR REPLACE VIEW pg_catalog.svv_columns AS
SELECT table_catalog::text, table_schema::text, table_name::text, column_name::text, ordinal_position::integer,
       column_default::text, is_nullable::text, data_type::text, character_maximum_length::integer,
       numeric_precision::integer, numeric_precision_radix::integer, numeric_scale::integer, datetime_precision::integer,
       interval_type::text, interval_precision::text, character_set_catalog::text, character_set_schema::text,
       character_set_name::text, collation_catalog::text, collation_schema::text, collation_name::text, domain_name::text,
       NULL::text AS remarks
FROM information_schema.columns WHERE table_schema <> 'redshift';

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_tables AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text,
       CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END::text AS table_type, NULL::text AS table_acl,
       NULL::text AS remarks
FROM information_schema.tables WHERE table_schema NOT IN ('redshift', 'pg_catalog', 'information_schema');

CREATE OR REPLACE VIEW pg_catalog.svv_all_tables AS SELECT * FROM pg_catalog.svv_redshift_tables;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_columns AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text, column_name::text,
       ordinal_position::integer, data_type::text, column_default::text, is_nullable::text,
       coalesce(t.design -> 'encodings' ->> column_name, 'none') AS encoding,
       coalesce(t.design ->> 'distkey' = column_name, false) AS distkey,
       coalesce((SELECT k.n FROM jsonb_array_elements_text(t.design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
                 WHERE k.name = column_name), 0)::integer AS sortkey,
       NULL::text AS column_acl, NULL::text AS remarks
FROM information_schema.columns c
LEFT JOIN redshift.user_tables t ON t.nspname = c.table_schema AND t.relname = c.table_name
WHERE table_schema NOT IN ('redshift', 'pg_catalog', 'information_schema');

CREATE OR REPLACE VIEW pg_catalog.svv_all_columns AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text, column_name::text,
       ordinal_position::integer, column_default::text, is_nullable::text, data_type::text,
       character_maximum_length::integer, numeric_precision::integer, numeric_scale::integer, NULL::text AS remarks
FROM information_schema.columns WHERE table_schema NOT IN ('redshift', 'pg_catalog', 'information_schema');

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_schemas AS
SELECT current_database()::text AS database_name, nspname::text AS schema_name, nspowner::integer AS schema_owner,
       'local'::text AS schema_type, NULL::text AS schema_acl, NULL::text AS schema_option
FROM pg_namespace WHERE nspname <> 'redshift' AND nspname NOT LIKE 'pg\_t%';

CREATE OR REPLACE VIEW pg_catalog.svv_all_schemas AS
SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, NULL::text AS source_database, schema_option
FROM pg_catalog.svv_redshift_schemas;

-- ALTER DATABASE … ISOLATION LEVEL is a setting of PostgreSQL's on the database.
CREATE OR REPLACE VIEW pg_catalog.stv_db_isolation_level AS
SELECT d.datname::char(128) AS db_name,
       CASE WHEN EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole = 0
                         AND 'default_transaction_isolation=serializable' = ANY (s.setconfig))
            THEN 'Serializable' ELSE 'Snapshot Isolation' END::char(20) AS isolation_level
FROM pg_database d WHERE d.datname = current_database();

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_databases AS
SELECT datname::text AS database_name, datdba::integer AS database_owner, 'local'::text AS database_type,
       NULL::text AS database_acl, NULL::text AS database_options, isolation_level::text AS database_isolation_level
FROM pg_database JOIN pg_catalog.stv_db_isolation_level ON db_name = datname::char(128);

-- Roles are PostgreSQL roles that cannot log in; those marked are groups, those of PostgreSQL's own are neither.
CREATE OR REPLACE VIEW pg_catalog.svv_roles AS
SELECT r.oid::integer AS role_id, r.rolname::text AS role_name,
       coalesce((SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.member
                 WHERE m.roleid = r.oid AND m.admin_option ORDER BY m.member LIMIT 1), 'rdsdb')::text AS role_owner,
       NULL::text AS external_id
FROM pg_roles r
WHERE NOT r.rolcanlogin AND r.oid >= 16384
  AND coalesce(shobj_description(r.oid, 'pg_authid'), '') <> 'redshift group';

CREATE OR REPLACE VIEW pg_catalog.svv_user_grants AS
SELECT u.oid::integer AS user_id, u.rolname::text AS user_name, r.oid::integer AS role_id, r.rolname::text AS role_name,
       m.admin_option
FROM pg_auth_members m
JOIN pg_roles u ON u.oid = m.member AND u.rolcanlogin
JOIN pg_catalog.svv_roles s ON s.role_id = m.roleid::integer
JOIN pg_roles r ON r.oid = m.roleid;

-- Redshift has no indexes: clients that look for a key's columns here must not find those of the sort key.
CREATE OR REPLACE VIEW pg_catalog.pg_indexes AS
SELECT n.nspname AS schemaname, c.relname AS tablename, i.relname AS indexname, t.spcname AS tablespace,
       pg_get_indexdef(i.oid) AS indexdef
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace t ON t.oid = i.reltablespace
WHERE c.relkind IN ('r', 'm', 'p') AND i.relkind IN ('i', 'I') AND i.relname NOT LIKE 'sort key of %';

-- Informational constraints, where drivers and tools look for them.
CREATE OR REPLACE VIEW redshift.visible_constraints AS
SELECT c.oid AS table_id, k.name, k.type, k.columns, k.target_id,
       CASE WHEN k.target_columns <> '{}' THEN k.target_columns ELSE ARRAY(  -- the primary key's, where none are named
           SELECT jsonb_array_elements_text(p -> 'columns')
           FROM jsonb_array_elements(redshift.design_of(k.target_id) -> 'constraints') AS p
           WHERE p ->> 'type' = 'PRIMARY KEY') END AS target_columns, n.nspname, c.relname,
       tn.nspname AS target_schema, tc.relname AS target_table
FROM pg_description d
JOIN pg_class c ON c.reltype = d.objoid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL jsonb_to_recordset(CASE c.relkind WHEN 'r' THEN d.description::jsonb -> 'constraints' END)
    AS k (name text, type text, columns text[], target_id oid, target_columns text[])
LEFT JOIN pg_class tc ON tc.oid = k.target_id
LEFT JOIN pg_namespace tn ON tn.oid = tc.relnamespace
WHERE d.classoid = 'pg_type'::regclass AND d.objsubid = 0 AND c.relkind = 'r'
  AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, REFERENCES');

CREATE OR REPLACE VIEW information_schema.table_constraints AS
SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       nspname::information_schema.sql_identifier AS constraint_schema,
       name::information_schema.sql_identifier AS constraint_name,
       current_database()::information_schema.sql_identifier AS table_catalog,
       nspname::information_schema.sql_identifier AS table_schema,
       relname::information_schema.sql_identifier AS table_name,
       type::information_schema.character_data AS constraint_type,
       'NO'::information_schema.yes_or_no AS is_deferrable,
       'NO'::information_schema.yes_or_no AS initially_deferred,
       'NO'::information_schema.yes_or_no AS enforced,
       'YES'::information_schema.yes_or_no AS nulls_distinct
FROM redshift.visible_constraints;

CREATE OR REPLACE VIEW information_schema.key_column_usage AS
SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       v.nspname::information_schema.sql_identifier AS constraint_schema,
       v.name::information_schema.sql_identifier AS constraint_name,
       current_database()::information_schema.sql_identifier AS table_catalog,
       v.nspname::information_schema.sql_identifier AS table_schema,
       v.relname::information_schema.sql_identifier AS table_name,
       c.name::information_schema.sql_identifier AS column_name,
       c.n::information_schema.cardinal_number AS ordinal_position,
       CASE v.type WHEN 'FOREIGN KEY' THEN c.n END::information_schema.cardinal_number AS position_in_unique_constraint
FROM redshift.visible_constraints AS v
CROSS JOIN LATERAL unnest(v.columns) WITH ORDINALITY AS c (name, n);

-- External schemas (Spectrum) are refused: these are there for clients that ask, and empty.
CREATE VIEW pg_catalog.svv_external_schemas AS
SELECT NULL::integer AS esoid, NULL::smallint AS eskind, NULL::text AS schemaname, NULL::integer AS esowner,
       NULL::text AS databasename, NULL::text AS esoptions WHERE false;
CREATE VIEW pg_catalog.svv_external_databases AS
SELECT NULL::integer AS eskind, NULL::text AS databasename, NULL::text AS esoptions WHERE false;
CREATE VIEW pg_catalog.svv_external_tables AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS tabletype,
       NULL::text AS location, NULL::text AS input_format, NULL::text AS output_format, NULL::text AS serialization_lib,
       NULL::text AS serde_parameters, NULL::integer AS compressed, NULL::text AS parameters WHERE false;
CREATE VIEW pg_catalog.svv_external_columns AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS columnname,
       NULL::text AS external_type, NULL::integer AS columnnum, NULL::integer AS part_key, NULL::text AS is_nullable
WHERE false;
CREATE VIEW pg_catalog.svv_external_partitions AS
SELECT NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS "values", NULL::text AS location,
       NULL::text AS input_format, NULL::text AS output_format, NULL::text AS serialization_lib,
       NULL::text AS serde_parameters, NULL::integer AS compressed, NULL::text AS parameters WHERE false;
CREATE VIEW pg_catalog.svv_mv_info AS
SELECT NULL::char(128) AS database_name, NULL::char(128) AS schema_name, NULL::char(128) AS user_name, NULL::char(128) AS name,
       NULL::char(1) AS is_stale, NULL::integer AS state, NULL::char(1) AS autorewrite, NULL::char(1) AS autorefresh WHERE false;
CREATE VIEW pg_catalog.stv_mv_info AS
SELECT NULL::char(128) AS db_name, NULL::char(128) AS schema, NULL::char(128) AS name, NULL::char(1) AS is_stale WHERE false;
