-- What Redshift keeps and PostgreSQL does not. Clients read it through the views only.
-- Functions that run with the superuser's rights name pg_temp last: it is searched first where it is not named.
CREATE SCHEMA IF NOT EXISTS redshift;

-- What CREATE TABLE said of keys, encodings and constraints, as JSON: a comment on the table's row type, which nobody
-- else comments on and which goes with the table. PostgreSQL's own catalogue and no table of ours, because it is left
-- out of the conflicts of SERIALIZABLE isolation, as Redshift's is (AWS: c_serial_isolation).
CREATE OR REPLACE FUNCTION redshift.design_of(target regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT obj_description(reltype, 'pg_type')::jsonb FROM pg_class WHERE oid = target
$$;

CREATE OR REPLACE FUNCTION redshift.write_design(target regclass, design jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE (SELECT format('COMMENT ON TYPE %I.%I IS %L', n.nspname, t.typname, design)
             FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typrelid = target);
END $$;

CREATE SEQUENCE IF NOT EXISTS redshift.query_id START 100001;

CREATE TABLE IF NOT EXISTS redshift.loads (
    query bigint PRIMARY KEY,
    session text NOT NULL,
    pid integer NOT NULL,
    username text NOT NULL,
    table_id oid NOT NULL,
    table_name text NOT NULL,
    source text NOT NULL,
    started timestamp NOT NULL,
    ended timestamp NOT NULL,
    status text NOT NULL,
    rows bigint NOT NULL,
    message text,
    format text NOT NULL
);
CREATE INDEX IF NOT EXISTS loads_by_session ON redshift.loads (session, query);

CREATE TABLE IF NOT EXISTS redshift.load_files (
    query bigint NOT NULL,
    file text NOT NULL,
    etag text NOT NULL,
    modified timestamptz NOT NULL,
    bytes bigint NOT NULL,
    lines bigint NOT NULL,
    errors bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS load_files_by_query ON redshift.load_files (query);

CREATE TABLE IF NOT EXISTS redshift.load_errors (
    query bigint NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    "column" text NOT NULL,
    type text NOT NULL,
    length text NOT NULL,
    position integer NOT NULL,
    raw_line text NOT NULL,
    raw_value text NOT NULL,
    code integer NOT NULL,
    reason text NOT NULL,
    fields jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS load_errors_by_query ON redshift.load_errors (query);

CREATE TABLE IF NOT EXISTS redshift.load_replacements (
    query bigint NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    "column" text NOT NULL,
    raw_line text NOT NULL
);
CREATE INDEX IF NOT EXISTS load_replacements_by_query ON redshift.load_replacements (query);

CREATE OR REPLACE FUNCTION redshift.log_load(given jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO redshift.loads SELECT * FROM jsonb_populate_record(NULL::redshift.loads, given -> 'load');
    INSERT INTO redshift.load_files SELECT * FROM jsonb_populate_recordset(NULL::redshift.load_files, given -> 'files');
    INSERT INTO redshift.load_errors SELECT * FROM jsonb_populate_recordset(NULL::redshift.load_errors, given -> 'errors');
    INSERT INTO redshift.load_replacements
    SELECT * FROM jsonb_populate_recordset(NULL::redshift.load_replacements, given -> 'replacements')
$$;

-- The log is written outside the client's transaction, whose snapshot may be older: what this transaction itself has
-- loaded is therefore also kept in a setting, which ends with it.
CREATE OR REPLACE FUNCTION redshift.remembered(part text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('redshift.loads', true), '')::jsonb -> part, '[]')
$$;

CREATE FUNCTION pg_catalog.redshift_remember_load(given text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT set_config('redshift.loads', jsonb_build_object(
        'load', redshift.remembered('load') || jsonb_build_array(x.r -> 'load'),
        'files', redshift.remembered('files') || (x.r -> 'files'),
        'errors', redshift.remembered('errors') || (x.r -> 'errors'),
        'replacements', redshift.remembered('replacements') || (x.r -> 'replacements')
    )::text, true)
    FROM (SELECT given::jsonb) AS x (r)
$$;

-- Everybody sees his own loads, a superuser of Redshift (the owner of the database here) all of them.
CREATE OR REPLACE VIEW redshift.visible_loads AS
SELECT l.*, u.usesysid::integer AS userid
FROM (
    SELECT * FROM redshift.loads
    UNION ALL
    SELECT r.* FROM jsonb_populate_recordset(NULL::redshift.loads, redshift.remembered('load')) AS r
    WHERE NOT EXISTS (SELECT FROM redshift.loads k WHERE k.query = r.query)
) AS l
LEFT JOIN pg_user u ON u.usename = l.username
WHERE l.username = current_user
   OR pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER');

CREATE OR REPLACE VIEW redshift.visible_files AS
SELECT * FROM redshift.load_files
UNION ALL
SELECT r.* FROM jsonb_populate_recordset(NULL::redshift.load_files, redshift.remembered('files')) AS r
WHERE NOT EXISTS (SELECT FROM redshift.loads k WHERE k.query = r.query);

CREATE OR REPLACE VIEW redshift.visible_errors AS
SELECT * FROM redshift.load_errors
UNION ALL
SELECT r.* FROM jsonb_populate_recordset(NULL::redshift.load_errors, redshift.remembered('errors')) AS r
WHERE NOT EXISTS (SELECT FROM redshift.loads k WHERE k.query = r.query);

CREATE OR REPLACE VIEW redshift.visible_replacements AS
SELECT * FROM redshift.load_replacements
UNION ALL
SELECT r.* FROM jsonb_populate_recordset(NULL::redshift.load_replacements, redshift.remembered('replacements')) AS r
WHERE NOT EXISTS (SELECT FROM redshift.loads k WHERE k.query = r.query);
