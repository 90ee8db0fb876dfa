-- What Redshift keeps and PostgreSQL does not. Clients read it through the views only.
CREATE SCHEMA IF NOT EXISTS redshift;

CREATE TABLE IF NOT EXISTS redshift.designs (
    table_id oid PRIMARY KEY,
    design jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS redshift.constraints (
    table_id oid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    columns text[] NOT NULL,
    target_id oid,
    target_columns text[],
    PRIMARY KEY (table_id, name)
);

CREATE SEQUENCE IF NOT EXISTS redshift.query_id START 100001;

CREATE TABLE IF NOT EXISTS redshift.loads (
    query bigint PRIMARY KEY,
    pid integer NOT NULL,
    record jsonb NOT NULL
);

CREATE INDEX IF NOT EXISTS loads_by_session ON redshift.loads (pid, query);

-- The loads that the caller may see, its own transaction's included: those are younger than its snapshot, and are
-- therefore also kept in a setting of the session.
CREATE OR REPLACE FUNCTION redshift.visible_loads() RETURNS TABLE (query bigint, pid integer, record jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH remembered AS (
        SELECT item
        FROM jsonb_array_elements(coalesce(nullif(current_setting('redshift.loads', true), ''), '[]')::jsonb) AS item
    ), known AS (
        SELECT l.query, l.pid, l.record FROM redshift.loads l
        UNION ALL
        SELECT (item ->> 'query')::bigint, (item ->> 'pid')::integer, item
        FROM remembered
        WHERE NOT EXISTS (SELECT FROM redshift.loads l WHERE l.query = (item ->> 'query')::bigint)
    )
    SELECT k.query, k.pid, k.record FROM known k
    WHERE k.record ->> 'user' = session_user
       OR pg_has_role(session_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER')
$$;

CREATE OR REPLACE FUNCTION redshift.log_load(given text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO redshift.loads SELECT (r ->> 'query')::bigint, (r ->> 'pid')::integer, r FROM (SELECT given::jsonb) AS x (r)
$$;

-- Tables that are gone take their records with them.
CREATE OR REPLACE FUNCTION redshift.forget_dropped() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM redshift.designs USING pg_event_trigger_dropped_objects() d
    WHERE table_id = d.objid AND d.classid = 'pg_class'::regclass AND d.objsubid = 0;
    DELETE FROM redshift.constraints USING pg_event_trigger_dropped_objects() d
    WHERE table_id = d.objid AND d.classid = 'pg_class'::regclass AND d.objsubid = 0;
END $$;
DROP EVENT TRIGGER IF EXISTS redshift_forget_dropped;
CREATE EVENT TRIGGER redshift_forget_dropped ON sql_drop EXECUTE FUNCTION redshift.forget_dropped();
