-- Materialized views (AWS: materialized-view-create-sql-command): a view over a table that holds the rows, as on Redshift,
-- which names that table so that it is found in pg_class. The view's design keeps what was written and what refreshes it.

CREATE OR REPLACE FUNCTION redshift.materialized_view(name text) RETURNS regclass
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF redshift.design_of(name::regclass) ->> 'materialized' IS NULL THEN
        RAISE wrong_object_type USING MESSAGE = format('"%s" is not a materialized view', name);
    END IF;
    RETURN name::regclass;
END $$;

-- Before one is created: its table's name is not the one that an error should tell.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_free(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RAISE duplicate_table USING MESSAGE = format('relation "%s" already exists', to_regclass(name));
    END IF;
END $$;

-- Before DROP MATERIALIZED VIEW, which drops no other view, and DROP VIEW, which drops none of these.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_dropped(name text, materialized boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    is_one boolean := redshift.design_of(to_regclass(name)) ->> 'materialized' IS NOT NULL;
BEGIN
    IF to_regclass(name) IS NOT NULL AND is_one <> materialized THEN
        RAISE wrong_object_type USING
            MESSAGE = format('"%s" is %s materialized view', name, CASE WHEN is_one THEN 'a' ELSE 'not a' END),
            HINT = format('Use DROP %s to remove it.', CASE WHEN is_one THEN 'MATERIALIZED VIEW' ELSE 'VIEW or DROP TABLE' END);
    END IF;
END $$;

-- AWS: materialized-view-create-sql-command, DDL updates: nobody renames one.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_renamed(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF redshift.design_of(to_regclass(name)) ->> 'materialized' IS NOT NULL THEN
        RAISE feature_not_supported USING MESSAGE = format('renaming the materialized view %s is not supported', name);
    END IF;
END $$;

-- What a view reads: its query's relations.
CREATE OR REPLACE FUNCTION redshift.read_by(view regclass) RETURNS SETOF oid
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT d.refobjid
    FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    WHERE r.ev_class = view AND d.deptype = 'n'
$$;

-- The materialized view depends on what `query`, a view of its owner's, reads, so that a table which it reads is dropped
-- with it or not at all; its own table goes with it.
CREATE OR REPLACE FUNCTION redshift.depend(view regclass, storage regclass, query regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid IN (view, storage, query)
               AND NOT pg_has_role(session_user, relowner, 'USAGE')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'must be owner of the materialized view';
    END IF;
    INSERT INTO pg_depend
    SELECT DISTINCT d.classid, own.oid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
    FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n'
    JOIN pg_rewrite own ON own.ev_class = view
    WHERE r.ev_class = query;
    INSERT INTO pg_depend VALUES ('pg_class'::regclass, storage, 0, 'pg_class'::regclass, view, 0, 'a');
END $$;

-- AWS: materialized-view-create-sql-command, Limitations. Functions of users there are none; a late-binding view is a view.
CREATE OR REPLACE FUNCTION redshift.refuse_sources(query regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    refused text;
BEGIN
    SELECT format('%s %I', CASE WHEN n.nspname IN ('pg_catalog', 'information_schema', 'redshift') THEN 'system table'
                                WHEN c.relpersistence = 't' THEN 'temporary table' ELSE 'view' END, c.relname)
    INTO refused
    FROM redshift.read_by(query) AS source (oid)
    JOIN pg_class c ON c.oid = source.oid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema', 'redshift') OR c.relpersistence = 't'
       OR (c.relkind = 'v' AND redshift.design_of(c.oid) ->> 'materialized' IS NULL)
    LIMIT 1;
    IF refused IS NOT NULL THEN
        RAISE feature_not_supported USING MESSAGE = format('a materialized view of the %s is not supported', refused);
    END IF;
END $$;

-- The query with every name qualified: whoever refreshes it may have another search_path.
CREATE OR REPLACE FUNCTION redshift.qualified_query(view regclass) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT rtrim(pg_get_viewdef(view), ';')
$$;

-- CREATE MATERIALIZED VIEW, after its table has been made of the query.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_materialize(name text, storage text, query text, written text, refreshes boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    source regclass;
BEGIN
    EXECUTE 'CREATE TEMP VIEW "materialized query" AS ' || query;
    source := 'pg_temp."materialized query"'::regclass;
    PERFORM redshift.refuse_sources(source);
    EXECUTE format('CREATE VIEW %s AS SELECT * FROM %s', name, storage);
    PERFORM redshift.depend(name::regclass, storage::regclass, source);
    PERFORM redshift.write_design(name::regclass, jsonb_build_object(
        'materialized', written, 'refresh', redshift.qualified_query(source), 'automatic', refreshes,
        'storage', storage::regclass::oid::text));
    PERFORM redshift.write_design(storage::regclass, redshift.design_of(storage::regclass) || jsonb_build_object(
        'rows of', (SELECT relname FROM pg_class WHERE oid = name::regclass)));
    DROP VIEW pg_temp."materialized query";
END $$;

CREATE OR REPLACE FUNCTION pg_catalog.redshift_refresh_automatically(name text, refreshes boolean) RETURNS void
LANGUAGE sql AS $$
    SELECT redshift.write_design(v, redshift.design_of(v) || jsonb_build_object('automatic', refreshes))
    FROM redshift.materialized_view(name) AS v
$$;

CREATE OR REPLACE VIEW redshift.materialized_views AS
SELECT c.oid, c.relname, n.nspname, c.relowner, redshift.design_of(c.oid) AS design
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.oid >= 16384 AND redshift.design_of(c.oid) ->> 'materialized' IS NOT NULL;

-- The materialized views that one reads.
CREATE OR REPLACE FUNCTION redshift.materialized_sources(view regclass) RETURNS SETOF oid
LANGUAGE sql STABLE AS $$
    SELECT oid FROM redshift.materialized_views JOIN redshift.read_by(view) AS r (oid) USING (oid)
$$;

CREATE OR REPLACE FUNCTION redshift.is_mine(view regclass) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT relowner = current_user::regrole FROM pg_class WHERE oid = view
$$;

-- Whether a refresh would change a row; NULL to all but its owner, whose query nobody else runs. A locked table is being
-- changed.
CREATE OR REPLACE FUNCTION redshift.is_stale(view regclass) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
DECLARE
    design jsonb := redshift.design_of(view);
    stale boolean;
BEGIN
    IF NOT redshift.is_mine(view) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM ((%1$s) EXCEPT ALL TABLE %2$s) AS new)
                        OR EXISTS (SELECT FROM (TABLE %2$s EXCEPT ALL (%1$s)) AS old)',
                   design ->> 'refresh', (design ->> 'storage')::oid::regclass) INTO stale;
    RETURN stale;
EXCEPTION WHEN insufficient_privilege OR lock_not_available OR undefined_table OR undefined_column THEN
    RETURN true;
END $$;

-- Refreshes the materialized views that one reads, then itself; tells whether a row of any has changed.
CREATE OR REPLACE FUNCTION redshift.refresh(view regclass, cascading boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    design jsonb := redshift.design_of(view);
    storage regclass := (design ->> 'storage')::oid::regclass;
    source regclass;
    changed boolean := false;
BEGIN
    IF NOT redshift.is_mine(view) THEN
        RAISE insufficient_privilege USING MESSAGE = format('must be owner of materialized view %s', view);
    END IF;
    IF cascading THEN
        FOR source IN SELECT redshift.materialized_sources(view) LOOP
            changed := redshift.refresh(source, true) OR changed;
        END LOOP;
    END IF;
    IF redshift.is_stale(view) THEN
        EXECUTE format('DELETE FROM %s', storage);
        EXECUTE format('INSERT INTO %s %s', storage, design ->> 'refresh');
        changed := true;
    END IF;
    RETURN changed;
END $$;

-- AWS: materialized-view-refresh has these messages.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_refresh(name text, cascading boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    view regclass := redshift.materialized_view(name);
    called text := (SELECT relname FROM pg_class WHERE oid = view);
BEGIN
    IF redshift.refresh(view, cascading) THEN
        RAISE INFO 'Materialized view % was incrementally updated successfully.', called;
    ELSIF EXISTS (SELECT FROM redshift.stale_sources(view)) THEN
        RAISE INFO 'Materialized view % is already up to date. However, it depends on another materialized view that is '
                   'not up to date.', called;
    ELSE
        RAISE INFO 'Materialized view % is already up to date.', called;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION redshift.stale_sources(view regclass) RETURNS SETOF oid
LANGUAGE sql AS $$
    WITH RECURSIVE sources (oid) AS (
        SELECT redshift.materialized_sources(view)
        UNION
        SELECT redshift.materialized_sources(s.oid::regclass) FROM sources s
    )
    SELECT oid FROM sources WHERE redshift.is_stale(oid::regclass)
$$;

-- AWS: r_SVV_MV_INFO, r_STV_MV_INFO: one's own. Nothing is refreshed by itself, nor is a query rewritten to read one.
CREATE VIEW pg_catalog.svv_mv_info AS
SELECT current_database()::char(128) AS database_name, nspname::char(128) AS schema_name,
       relowner::regrole::text::char(128) AS user_name, relname::char(128) AS name,
       CASE redshift.is_stale(oid) WHEN true THEN 't' WHEN false THEN 'f' END::char(1) AS is_stale, 1 AS state, 'f'::char(1) AS autorewrite,
       CASE WHEN (design ->> 'automatic')::boolean THEN 't' ELSE 'f' END::char(1) AS autorefresh
FROM redshift.materialized_views
WHERE pg_has_role(relowner, 'USAGE');

CREATE VIEW pg_catalog.stv_mv_info AS
SELECT database_name AS db_name, schema_name AS schema, name, 0::bigint AS updated_upto_xid, is_stale,
       user_name AS owner_user_name, state, autorewrite, autorefresh
FROM pg_catalog.svv_mv_info;

-- AWS: r_STV_MV_DEPS: the materialized views that others read.
CREATE VIEW pg_catalog.stv_mv_deps AS
SELECT current_database()::char(128) AS db_name, v.nspname::char(128) AS schema, v.relname::char(128) AS name,
       s.nspname::char(128) AS ref_schema, s.relname::char(128) AS ref_name, current_database()::char(128) AS ref_database_name
FROM redshift.materialized_views v
CROSS JOIN LATERAL redshift.materialized_sources(v.oid) AS r (oid)
JOIN redshift.materialized_views s ON s.oid = r.oid
WHERE pg_has_role(v.relowner, 'USAGE');
