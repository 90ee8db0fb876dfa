-- What the SHOW commands return (AWS: r_SHOW_TABLES, r_SHOW_COLUMNS and others). Those of constraints and grants have the
-- columns that redshift_connector reads (metadataAPIHelper.py).

CREATE VIEW redshift.show_databases AS
SELECT database_name, database_owner, database_type, database_acl, database_options AS parameters, database_isolation_level
FROM pg_catalog.svv_redshift_databases;

CREATE VIEW redshift.show_schemas AS
SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, source_database, schema_option
FROM pg_catalog.svv_all_schemas;

-- When a table was altered or written, PostgreSQL does not keep.
CREATE VIEW redshift.show_tables AS
SELECT s.database_name, s.schema_name, s.table_name, s.table_type, s.table_acl, s.remarks, c.relowner::regrole::text AS owner,
       NULL::timestamp AS last_altered_time, NULL::timestamp AS last_modified_time, t.diststyle AS dist_style,
       CASE WHEN c.relkind = 'v' AND redshift.design_of(c.oid) ? 'materialized' THEN 'MATERIALIZED VIEW'
            WHEN c.relkind = 'v' AND redshift.design_of(c.oid) IS NOT NULL THEN 'LATE BINDING VIEW'
            WHEN c.relkind = 'v' THEN 'REGULAR VIEW' ELSE 'REGULAR TABLE' END AS table_subtype
FROM pg_catalog.svv_redshift_tables s
JOIN pg_catalog.pg_namespace n ON n.nspname = s.schema_name
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.table_name
JOIN redshift.user_tables t ON t.oid = c.oid;

CREATE VIEW redshift.show_columns AS
SELECT c.database_name, c.schema_name, c.table_name, c.column_name, c.ordinal_position, c.column_default, c.is_nullable,
       c.data_type, c.character_maximum_length, c.numeric_precision, c.numeric_scale, c.remarks,
       CASE WHEN r.sortkey <> 0 THEN CASE WHEN (d.design ->> 'interleaved')::boolean THEN 'INTERLEAVED' ELSE 'COMPOUND' END
            END AS sort_key_type,
       nullif(abs(r.sortkey), 0) AS sort_key, r.distkey::integer AS dist_key, r.encoding, 'default'::text AS collation
FROM pg_catalog.svv_all_columns c
JOIN pg_catalog.svv_redshift_columns r USING (database_name, schema_name, table_name, column_name)
LEFT JOIN redshift.user_tables d ON d.nspname = c.schema_name AND d.relname = c.table_name
ORDER BY c.schema_name, c.table_name, c.ordinal_position;

CREATE VIEW redshift.show_primary_keys AS
SELECT current_database()::text AS database_name, v.nspname::text AS schema_name, v.relname::text AS table_name,
       c.name AS column_name, c.n::integer AS key_seq, v.name AS pk_name
FROM redshift.visible_constraints v
CROSS JOIN LATERAL unnest(v.columns) WITH ORDINALITY AS c (name, n)
WHERE v.type = 'PRIMARY KEY';

-- Rules and deferrability in JDBC's numbers: no action, not deferrable.
CREATE VIEW redshift.show_foreign_keys AS
SELECT current_database()::text AS pk_database_name, v.target_schema::text AS pk_schema_name,
       v.target_table::text AS pk_table_name, v.target_columns[c.n] AS pk_column_name,
       current_database()::text AS fk_database_name, v.nspname::text AS fk_schema_name, v.relname::text AS fk_table_name,
       c.name AS fk_column_name, c.n::integer AS key_seq, 3 AS update_rule, 3 AS delete_rule, v.name AS fk_name,
       (SELECT p.name FROM redshift.visible_constraints p WHERE p.table_id = v.target_id AND p.type = 'PRIMARY KEY') AS pk_name,
       7 AS deferrability
FROM redshift.visible_constraints v
CROSS JOIN LATERAL unnest(v.columns) WITH ORDINALITY AS c (name, n)
WHERE v.type = 'FOREIGN KEY';

-- AWS: SVV_RELATION_PRIVILEGES; what the owner has of itself was not granted. MAINTAIN is what INSERT needs here.
CREATE VIEW pg_catalog.svv_relation_privileges AS
SELECT n.nspname::text AS namespace_name, c.relname::text AS relation_name, g.privilege_type::text,
       g.grantee::integer AS identity_id, coalesce(r.rolname, 'public')::text AS identity_name,
       CASE WHEN g.grantee = 0 THEN 'public' WHEN shobj_description(r.oid, 'pg_authid') = 'redshift group' THEN 'group'
            WHEN r.rolcanlogin THEN 'user' ELSE 'role' END AS identity_type,
       g.is_grantable AS admin_option, g.grantor::regrole::text AS grantor_name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) AS g
LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
WHERE c.relkind IN ('r', 'v') AND c.oid >= 16384 AND g.grantee <> c.relowner AND g.privilege_type <> 'MAINTAIN'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift');

CREATE VIEW redshift.show_grants AS
SELECT current_database()::text AS database_name, namespace_name AS schema_name, relation_name AS object_name,
       'TABLE'::text AS object_type, privilege_type, identity_id, identity_name,
       CASE identity_type WHEN 'group' THEN 'role' ELSE identity_type END AS identity_type, admin_option,
       'TABLE'::text AS privilege_scope, grantor_name
FROM pg_catalog.svv_relation_privileges;

CREATE VIEW redshift.show_column_grants AS
SELECT current_database()::text AS database_name, n.nspname::text AS schema_name, c.relname::text AS table_name,
       a.attname::text AS column_name, 'COLUMN'::text AS object_type, g.privilege_type::text, g.grantee::integer AS identity_id,
       g.grantee::regrole::text AS identity_name, 'user'::text AS identity_type, g.is_grantable AS admin_option,
       'COLUMN'::text AS privilege_scope, g.grantor::regrole::text AS grantor_name
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(a.attacl) AS g
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift');

-- There are no procedures and functions of the user's.
CREATE VIEW redshift.show_procedures AS
SELECT NULL::text AS database_name, NULL::text AS schema_name, NULL::text AS procedure_name, NULL::text AS return_type,
       NULL::text AS argument_list WHERE false;
CREATE VIEW redshift.show_functions AS
SELECT database_name, schema_name, procedure_name AS function_name, return_type, argument_list FROM redshift.show_procedures;
