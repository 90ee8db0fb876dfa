-- Views WITH NO SCHEMA BINDING (AWS: r_CREATE_VIEW): the text is kept, and read when the view is. A PostgreSQL view over
-- a function that runs the text depends on nothing in it; the view's columns are found again after DDL that may change them.

-- AWS: CREATE TABLE, encodings.
CREATE OR REPLACE FUNCTION redshift.encodings() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['az64', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', 'raw', 'runlength',
                 'text255', 'text32k', 'zstd']
$$;

CREATE OR REPLACE FUNCTION redshift.late_rows(view oid) RETURNS SETOF record
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE redshift.design_of(view) ->> 'query';
END $$;

-- Returns a query's columns as a column definition list; NULL when they cannot be told now: something is missing, or
-- another transaction is changing it.
CREATE OR REPLACE FUNCTION redshift.columns_of(query text) RETURNS text
LANGUAGE plpgsql SET lock_timeout TO '100ms' SET client_min_messages TO warning AS $$
DECLARE
    found text;
BEGIN
    EXECUTE 'CREATE TEMP VIEW "late binding" AS ' || query;
    SELECT coalesce(string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum), '')
    INTO found FROM pg_attribute WHERE attrelid = 'pg_temp."late binding"'::regclass AND attnum > 0;
    DROP VIEW pg_temp."late binding";
    RETURN found;
EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR lock_not_available THEN
    RETURN NULL;
END $$;

-- Gives an empty view its query and columns.
CREATE OR REPLACE FUNCTION redshift.fill_view(view regclass, query text, columns text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %s AS SELECT %s FROM redshift.late_rows(%s) AS t (%s)', view,
                   CASE WHEN columns IS NULL THEN '' ELSE '*' END, view::oid, coalesce(columns, 'missing integer'));
    PERFORM redshift.write_design(view, jsonb_build_object('query', query, 'columns', columns));
END $$;

-- CREATE [OR REPLACE] VIEW … WITH NO SCHEMA BINDING begins as a view without columns.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_fill_view(name text, query text) RETURNS void
LANGUAGE sql AS $$
    SELECT redshift.fill_view(name::regclass, query, redshift.columns_of(query))
$$;
CREATE OR REPLACE FUNCTION pg_catalog.redshift_drop_view(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        EXECUTE 'DROP VIEW ' || to_regclass(name);
    END IF;
END $$;

CREATE VIEW redshift.late_views AS
SELECT r.ev_class AS oid, redshift.design_of(r.ev_class) AS design
FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_proc'::regclass
  AND d.refobjid = 'redshift.late_rows'::regproc AND redshift.design_of(r.ev_class) IS NOT NULL;

-- Makes a view anew with other columns; its owner and grants stay.
CREATE OR REPLACE FUNCTION redshift.replace_view(view regclass, query text, columns text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT format('%I.%I', n.nspname, c.relname)
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = view);
    owner text := (SELECT relowner::regrole FROM pg_class WHERE oid = view);
    comment text := obj_description(view, 'pg_class');
    granted text[] := ARRAY(
        SELECT format('GRANT %s ON %s TO %s', g.privilege_type, name,
                      CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS g WHERE c.oid = view);
    grants text;
BEGIN
    EXECUTE 'DROP VIEW ' || name;
    EXECUTE format('CREATE VIEW %s AS SELECT', name);
    PERFORM redshift.fill_view(name::regclass, query, columns);
    EXECUTE format('COMMENT ON VIEW %s IS %L', name, comment);
    FOREACH grants IN ARRAY granted LOOP
        EXECUTE grants;
    END LOOP;
    EXECUTE format('ALTER VIEW %s OWNER TO %s', name, owner);
EXCEPTION WHEN dependent_objects_still_exist OR lock_not_available THEN
    RETURN;  -- it keeps its columns
END $$;

-- Called after a table or view was created or altered: finds the columns of the late-binding views that name it.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_rebind(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout TO '100ms' AS $$
DECLARE
    item record;
    columns text;
BEGIN
    FOR item IN SELECT oid, design FROM redshift.late_views WHERE design ->> 'query' ILIKE '%' || name || '%' LOOP
        columns := redshift.columns_of(item.design ->> 'query');
        IF columns IS NOT NULL AND columns IS DISTINCT FROM item.design ->> 'columns' THEN
            PERFORM redshift.replace_view(item.oid, item.design ->> 'query', columns);
        END IF;
    END LOOP;
END $$;

-- AWS: PG_GET_LATE_BINDING_VIEW_COLS, which is called with a column definition list.
CREATE OR REPLACE FUNCTION pg_catalog.pg_get_late_binding_view_cols() RETURNS SETOF record
LANGUAGE sql STABLE AS $$
    SELECT n.nspname, c.relname, a.attname, redshift.shown_type(a.atttypid, a.atttypmod)::varchar, a.attnum::integer
    FROM redshift.late_views v
    JOIN pg_class c ON c.oid = v.oid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
    ORDER BY n.nspname, c.relname, a.attnum
$$;

CREATE OR REPLACE FUNCTION redshift.pg_get_viewdef(view oid, pretty boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(redshift.design_of(view) ->> 'query' || ' with no schema binding',
                    redshift.design_of(view) ->> 'materialized', pg_catalog.pg_get_viewdef(view, pretty))
$$;
