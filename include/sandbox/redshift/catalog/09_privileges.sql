-- Who may reach what. Files and programs are the superuser's only, by PostgreSQL's own rules.
DO $$
DECLARE
    found text;
BEGIN
    FOR found IN
        SELECT oid::regclass FROM pg_class WHERE relkind = 'v' AND oid >= 16384 AND relnamespace = 'pg_catalog'::regnamespace
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO PUBLIC', found);
    END LOOP;
    -- Functions that change settings the stand-in relies on, run SQL from a text, or keep what no table shows.
    FOR found IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ (
            '^(set_config|query_to_.*|cursor_to_.*|(table|schema|database)_to_xml.*|ts_stat|ts_rewrite|lo_.*|lowrite|loread'
            '|pg_notify|pg_export_snapshot|pg_(try_)?advisory_.*)$')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', found);
    END LOOP;
    -- AWS: r_Schemas_and_tables, everybody may create in it; its owner may have dropped it.
    IF to_regnamespace('public') IS NOT NULL THEN
        EXECUTE format('ALTER SCHEMA public OWNER TO %s',
                       (SELECT datdba::regrole FROM pg_database WHERE datname = current_database()));
        GRANT CREATE ON SCHEMA public TO PUBLIC;
    END IF;
END $$;

GRANT SELECT ON information_schema.table_constraints, information_schema.key_column_usage TO PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA redshift FROM PUBLIC;
GRANT USAGE ON SCHEMA redshift TO PUBLIC;
-- What statements are sent to: the leader node's tables, the SHOW commands.
DO $$
DECLARE
    found text;
BEGIN
    FOR found IN
        SELECT oid::regclass FROM pg_class WHERE relnamespace = 'redshift'::regnamespace AND relkind = 'v'
          AND (relname ~ '^(pg_|show_)' OR relname IN ('tables', 'columns', 'views', 'schemata', 'sequences', 'late_views',
                           'materialized_views', 'keys', 'user_tables',
                           'constraint_column_usage', 'referential_constraints'))
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO PUBLIC', found);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION redshift.log_load(jsonb) FROM PUBLIC;
