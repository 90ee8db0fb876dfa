-- Redshift's views of tables, columns, keys and roles.

CREATE OR REPLACE VIEW redshift.user_tables AS
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner,
       d.design, CASE WHEN c.relkind <> 'r' THEN NULL
                      WHEN d.design ->> 'distkey' IS NOT NULL THEN 'KEY(' || (d.design ->> 'distkey') || ')'
                      WHEN coalesce(d.design ->> 'style', 'AUTO') = 'AUTO' THEN 'AUTO(ALL)'
                      ELSE d.design ->> 'style' END AS diststyle
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (  -- other types' comments are no JSON
    SELECT CASE c.relkind WHEN 'r' THEN t.description::jsonb END AS design FROM pg_description t
    WHERE t.objoid = c.reltype AND t.classoid = 'pg_type'::regclass AND t.objsubid = 0) AS d ON true
WHERE c.relkind IN ('r', 'v')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift', 'pg_toast');

-- A column's encoding, which Redshift chooses where ENCODE does not (AWS: c_Compression_encodings), and shows as none where
-- it is RAW. A view's columns have none.
CREATE OR REPLACE FUNCTION redshift.encoding_of(design jsonb, column_name text, type text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN design ->> 'encodings' IS NULL THEN 'none'
                WHEN design -> 'encodings' ->> column_name = 'raw' THEN 'none'
                WHEN design -> 'encodings' ? column_name THEN design -> 'encodings' ->> column_name
                WHEN design -> 'sortkeys' ? column_name THEN 'none'
                WHEN type IN ('smallint', 'integer', 'bigint', 'numeric', 'date', 'timestamp without time zone',
                              'timestamp with time zone') THEN 'az64'
                WHEN type IN ('character', 'character varying') THEN 'lzo' ELSE 'none' END
$$;

CREATE OR REPLACE VIEW pg_catalog.pg_table_def AS
SELECT t.nspname::name AS schemaname, t.relname::name AS tablename, a.attname::name AS "column",
       redshift.shown_type(a.atttypid, a.atttypmod) AS type,
       redshift.encoding_of(t.design, a.attname, format_type(a.atttypid, NULL))::varchar(32) AS encoding,
       coalesce(t.design ->> 'distkey' = a.attname, false) AS distkey,
       coalesce((SELECT CASE WHEN (t.design ->> 'interleaved')::boolean AND k.n % 2 = 0 THEN -k.n ELSE k.n END
                 FROM jsonb_array_elements_text(t.design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
                 WHERE k.name = a.attname), 0)::integer AS sortkey,
       a.attnotnull AS "notnull"
FROM redshift.user_tables t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE t.relkind = 'r' AND t.nspname = ANY (current_schemas(false))  -- AWS: r_PG_TABLE_DEF shows the search path only
ORDER BY t.nspname, t.relname, a.attnum;

-- A table's size; while a transaction has it locked as last counted, and not empty: to look at the view is not to wait. The
-- index by which its long values are found has a page before there are any.
CREATE OR REPLACE FUNCTION redshift.size_of(target oid) RETURNS bigint
LANGUAGE plpgsql STABLE SET lock_timeout = '1ms' SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN pg_relation_size(target) > 0 THEN pg_table_size(target) ELSE 0 END;
EXCEPTION WHEN lock_not_available THEN
    RETURN (SELECT greatest(relpages, 1) * current_setting('block_size')::bigint FROM pg_class WHERE oid = target);
END $$;

-- A table's rows, likewise; also for who may not read them. TABLESAMPLE takes tables only: what has the name by now may be
-- a view, whose query would have the superuser's rights. The error at the end lets go of the table's lock, which else lasts
-- until the client's transaction ends.
CREATE OR REPLACE FUNCTION redshift.rows_of(target oid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET lock_timeout = '1ms' SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    EXECUTE (SELECT format('SELECT count(*) FROM %I.%I TABLESAMPLE system (100)', n.nspname, c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target AND c.relkind = 'r')
    INTO counted;
    RAISE EXCEPTION SQLSTATE 'RS000';
EXCEPTION
    WHEN SQLSTATE 'RS000' THEN
        RETURN counted;
    WHEN lock_not_available OR undefined_table OR wrong_object_type
        OR feature_not_supported THEN  -- as of others' temporary tables
        RETURN (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = target);
END $$;

CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
SELECT current_database()::text AS database, t.nspname::text AS schema, t.oid::integer AS table_id,
       coalesce(t.design ->> 'rows of', t.relname)::text AS "table",
       CASE WHEN e.any_encoded THEN 'Y' ELSE 'N' END
           || CASE WHEN t.design -> 'encodings' = '{}' THEN ', AUTO(ENCODE)' ELSE '' END AS encoded,
       t.diststyle, t.design -> 'sortkeys' ->> 0 AS sortkey1,
       (SELECT max(a.atttypmod - 4) FROM pg_attribute a
        WHERE a.attrelid = t.oid AND a.atttypid = 'varchar'::regtype AND a.atttypmod > 4) AS max_varchar,
       e.sortkey1_enc,
       coalesce(jsonb_array_length(t.design -> 'sortkeys'), 0) AS sortkey_num,
       (redshift.size_of(t.oid) + 1048575) / 1048576 AS size, 0::numeric(10, 4) AS pct_used, 0::bigint AS empty,
       0::numeric(5, 2) AS unsorted, 0::numeric(5, 2) AS stats_off, redshift.rows_of(t.oid)::numeric(38, 0) AS tbl_rows,
       NULL::numeric(19, 2) AS skew_sortkey1, NULL::numeric(19, 2) AS skew_rows,
       redshift.rows_of(t.oid)::numeric(38, 0) AS estimated_visible_rows, NULL::text AS risk_event,
       0::numeric(5, 2) AS vacuum_sort_benefit
FROM redshift.user_tables t
LEFT JOIN LATERAL (
    SELECT bool_or(x.encoding <> 'none') AS any_encoded,
           max(x.encoding) FILTER (WHERE a.attname = t.design -> 'sortkeys' ->> 0) AS sortkey1_enc
    FROM pg_attribute a
    CROSS JOIN LATERAL redshift.encoding_of(t.design, a.attname, format_type(a.atttypid, NULL)) AS x (encoding)
    WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS e ON true
WHERE t.relkind = 'r' AND redshift.size_of(t.oid) > 0;  -- AWS: r_SVV_TABLE_INFO has nothing of empty tables

CREATE OR REPLACE VIEW pg_catalog.stv_tbl_perm AS
SELECT 0 AS slice, t.oid::integer AS id, t.relname::char(72) AS name, redshift.rows_of(t.oid) AS rows,
       redshift.rows_of(t.oid) AS sorted_rows, (t.nspname LIKE 'pg_temp%')::integer AS temp,
       (SELECT oid FROM pg_database WHERE datname = current_database())::integer AS db_id,
       coalesce((t.design ->> 'backup')::boolean, true)::integer AS backup
FROM redshift.user_tables t
WHERE t.relkind = 'r';

-- What the catalogue shows as the default of an IDENTITY column, which clients read (sqlalchemy-redshift: dialect.py,
-- IDENTITY_RE; redshift_connector: cursor.py, IS_AUTOINCREMENT).
CREATE OR REPLACE VIEW redshift.identities AS
SELECT d.refobjid AS table_id, a.attnum,
       format('%s(%s, 0, ''%s,%s''::text)', CASE a.attidentity WHEN 'a' THEN '"identity"' ELSE 'default_identity' END,
              d.refobjid, s.seqstart, s.seqincrement) AS expression
FROM pg_sequence s
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype = 'i'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid;

CREATE OR REPLACE VIEW redshift.visible_tables AS
SELECT t.*, obj_description(r.oid, 'pg_class') AS remarks
FROM information_schema.tables t
JOIN pg_namespace n ON n.nspname = t.table_schema
JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = t.table_name
WHERE t.table_schema <> 'redshift';

CREATE OR REPLACE VIEW redshift.visible_columns AS
SELECT c.*, coalesce(c.column_default, i.expression) AS default_expression, col_description(r.oid, c.ordinal_position) AS remarks
FROM information_schema.columns c
JOIN pg_namespace n ON n.nspname = c.table_schema
JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = c.table_name
LEFT JOIN redshift.identities i ON i.table_id = r.oid AND i.attnum = c.ordinal_position
WHERE c.table_schema <> 'redshift';

CREATE OR REPLACE VIEW pg_catalog.svv_tables AS
SELECT table_catalog::text, table_schema::text, table_name::text, table_type::text, remarks
FROM redshift.visible_tables;

CREATE OR REPLACE VIEW pg_catalog.svv_columns AS
SELECT table_catalog::text, table_schema::text, table_name::text, column_name::text, ordinal_position::integer,
       default_expression::text AS column_default, is_nullable::text, data_type::text, character_maximum_length::integer,
       numeric_precision::integer, numeric_precision_radix::integer, numeric_scale::integer, datetime_precision::integer,
       interval_type::text, interval_precision::text, character_set_catalog::text, character_set_schema::text,
       character_set_name::text, collation_catalog::text, collation_schema::text, collation_name::text, domain_name::text,
       remarks
FROM redshift.visible_columns;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_tables AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text,
       CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END::text AS table_type, NULL::text AS table_acl,
       remarks
FROM redshift.visible_tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema');

CREATE OR REPLACE VIEW pg_catalog.svv_all_tables AS SELECT * FROM pg_catalog.svv_redshift_tables;

CREATE OR REPLACE VIEW pg_catalog.svv_redshift_columns AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text, column_name::text,
       ordinal_position::integer, data_type::text, default_expression::text AS column_default, is_nullable::text,
       redshift.encoding_of(t.design, column_name, data_type) AS encoding,
       coalesce(t.design ->> 'distkey' = column_name, false) AS distkey,
       coalesce((SELECT k.n FROM jsonb_array_elements_text(t.design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
                 WHERE k.name = column_name), 0)::integer AS sortkey,
       NULL::text AS column_acl, remarks
FROM redshift.visible_columns c
LEFT JOIN redshift.user_tables t ON t.nspname = c.table_schema AND t.relname = c.table_name
WHERE table_schema NOT IN ('pg_catalog', 'information_schema');

CREATE OR REPLACE VIEW pg_catalog.svv_all_columns AS
SELECT table_catalog::text AS database_name, table_schema::text AS schema_name, table_name::text, column_name::text,
       ordinal_position::integer, default_expression::text AS column_default, is_nullable::text, data_type::text,
       character_maximum_length::integer, numeric_precision::integer, numeric_scale::integer, remarks
FROM redshift.visible_columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema');

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

-- Who has made a role may give it to others, by a grant that makes no member of him.
CREATE OR REPLACE VIEW redshift.members AS
SELECT roleid, member, bool_or(admin_option) AS admin_option
FROM pg_auth_members WHERE inherit_option OR set_option GROUP BY roleid, member;

CREATE OR REPLACE VIEW pg_catalog.svv_user_grants AS
SELECT u.oid::integer AS user_id, u.rolname::text AS user_name, r.oid::integer AS role_id, r.rolname::text AS role_name,
       m.admin_option
FROM redshift.members m
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
