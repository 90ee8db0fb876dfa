-- What the declared keys refer to, where SQL's own views have it, which is how a generic tool finds foreign keys
-- (PostgreSQL 8.0: infoschema-constraint-column-usage, infoschema-referential-constraints). The conditions by which the
-- sandbox counts bytes are not among them.
CREATE VIEW redshift.constraint_column_usage AS
SELECT current_database()::information_schema.sql_identifier AS table_catalog,
       CASE v.type WHEN 'FOREIGN KEY' THEN v.target_schema ELSE v.nspname END::information_schema.sql_identifier AS table_schema,
       CASE v.type WHEN 'FOREIGN KEY' THEN v.target_table ELSE v.relname END::information_schema.sql_identifier AS table_name,
       c.name::information_schema.sql_identifier AS column_name,
       current_database()::information_schema.sql_identifier AS constraint_catalog,
       v.nspname::information_schema.sql_identifier AS constraint_schema,
       v.name::information_schema.sql_identifier AS constraint_name
FROM redshift.visible_constraints v
CROSS JOIN LATERAL unnest(CASE v.type WHEN 'FOREIGN KEY' THEN v.target_columns ELSE v.columns END) AS c (name);

CREATE VIEW redshift.referential_constraints AS
SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       v.nspname::information_schema.sql_identifier AS constraint_schema,
       v.name::information_schema.sql_identifier AS constraint_name,
       CASE WHEN u.name IS NOT NULL THEN current_database() END::information_schema.sql_identifier AS unique_constraint_catalog,
       u.nspname::information_schema.sql_identifier AS unique_constraint_schema,
       u.name::information_schema.sql_identifier AS unique_constraint_name,
       'NONE'::information_schema.character_data AS match_option,
       'NO ACTION'::information_schema.character_data AS update_rule,
       'NO ACTION'::information_schema.character_data AS delete_rule
FROM redshift.visible_constraints v
LEFT JOIN redshift.visible_constraints u ON u.table_id = v.target_id AND u.type <> 'FOREIGN KEY'
  AND u.columns = v.target_columns
WHERE v.type = 'FOREIGN KEY';
