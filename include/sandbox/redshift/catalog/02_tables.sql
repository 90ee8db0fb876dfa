-- Called by the stand-in, in the client's transaction, when a client changes a table.

-- PostgreSQL lets only the owner of the table comment on its row type.
CREATE OR REPLACE FUNCTION redshift.keep_design(target regclass, design jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item jsonb;
    suffix text;
    kept jsonb := '{}';
BEGIN
    FOR item IN SELECT * FROM jsonb_array_elements(design -> 'constraints') LOOP
        suffix := CASE item ->> 'type' WHEN 'PRIMARY KEY' THEN '_pkey' WHEN 'UNIQUE' THEN '_key' ELSE '_fkey' END;
        item := item || jsonb_build_object('name', coalesce(
            item ->> 'name',
            (SELECT relname FROM pg_class WHERE oid = target) || CASE suffix WHEN '_pkey' THEN '' ELSE '_' || (
                SELECT string_agg(c, '_') FROM jsonb_array_elements_text(item -> 'columns') AS c) END || suffix));
        kept := jsonb_build_object(item ->> 'name', item) || kept;  -- the first of a name stays
    END LOOP;
    PERFORM redshift.write_design(target, design || jsonb_build_object('constraints', (
        SELECT coalesce(jsonb_agg(value), '[]') FROM jsonb_each(kept))));
END $$;

-- Redshift finds a range of the sort key by zone maps (AWS: t_Sorting_data); here an index does. A row whose key is
-- longer than an index takes would be refused: of a sort key's columns the first ones are indexed, as far as their
-- longest values fit. An interleaved sort key has no order to index.
CREATE OR REPLACE FUNCTION redshift.index_sort_key(target regclass, design jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(quote_ident(name), ', ' ORDER BY n) INTO columns
    FROM (
        SELECT k.name, k.n, sum(CASE WHEN a.attlen > 0 THEN greatest(a.attlen, 8)
                                     WHEN a.atttypmod < 4 THEN 'infinity'::float8  -- of CREATE TABLE AS: no limit
                                     WHEN a.atttypid = 'numeric'::regtype THEN 32
                                     ELSE a.atttypmod END) OVER (ORDER BY k.n) AS bytes
        FROM jsonb_array_elements_text(design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
        JOIN pg_attribute a ON a.attrelid = target AND a.attname = k.name
    ) AS keys
    WHERE bytes <= 2500 AND n <= 32;
    IF columns IS NOT NULL AND NOT coalesce((design ->> 'interleaved')::boolean, false)
       AND (SELECT relpersistence FROM pg_class WHERE oid = target) = 'p' THEN
        EXECUTE format('CREATE INDEX %I ON %s (%s)', 'sort key of ' || target::oid, target, columns);
    END IF;
END $$;

-- Keeps what CREATE TABLE said; names resolve in the caller's search_path.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_record_table(name text, given text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    target regclass := name::regclass;
    design jsonb := given::jsonb;
    parent jsonb;
    item jsonb;
    columns text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = target AND attnum > 0);
    missing text;
BEGIN
    -- CREATE TABLE IF NOT EXISTS met an older table, or one that a parallel transaction made after our snapshot.
    IF redshift.design_of(target) IS NOT NULL OR NOT EXISTS (SELECT FROM pg_class WHERE oid = target) THEN
        RETURN;
    END IF;
    SELECT c INTO missing FROM (
        SELECT jsonb_array_elements_text(design -> 'sortkeys') UNION ALL SELECT design ->> 'distkey'
        UNION ALL SELECT jsonb_array_elements_text(k -> 'columns') FROM jsonb_array_elements(design -> 'constraints') k
    ) AS named (c) WHERE c <> ALL (columns) LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE undefined_column USING MESSAGE = format('column "%s" named in key does not exist', missing);
    END IF;
    IF design ->> 'like' IS NOT NULL THEN
        parent := redshift.design_of((design ->> 'like')::regclass);
        design := coalesce(parent, design) || jsonb_build_object('constraints', '[]'::jsonb);
    END IF;
    FOR item IN SELECT * FROM jsonb_array_elements(design -> 'constraints') LOOP
        IF item ->> 'type' = 'PRIMARY KEY' THEN
            EXECUTE (SELECT format('ALTER TABLE %s %s', target, string_agg(format('ALTER %I SET NOT NULL', c), ', '))
                     FROM jsonb_array_elements_text(item -> 'columns') AS c);
        END IF;
    END LOOP;
    design := jsonb_set(design, '{constraints}', coalesce((
        SELECT jsonb_agg(CASE WHEN k ->> 'target' IS NULL THEN k
                              ELSE k || jsonb_build_object('target_id', (k ->> 'target')::regclass::oid::text) END)
        FROM jsonb_array_elements(design -> 'constraints') k), '[]'));
    PERFORM redshift.keep_design(target, design);
    PERFORM redshift.index_sort_key(target, design);
END $$;

-- Keeps what ALTER TABLE ADD COLUMN said.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_extend_table(name text, given text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    target regclass := name::regclass;
    design jsonb := redshift.design_of(target);
BEGIN
    PERFORM redshift.write_design(
        target, jsonb_set(design, '{encodings}', (design -> 'encodings') || (given::jsonb -> 'encodings')));
END $$;

-- CREATE TABLE AS: VARCHAR(n) is n bytes here too.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_limit_bytes(name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    limits text;
BEGIN
    SELECT string_agg(format('ADD CONSTRAINT %I CHECK (octet_length(%I) <= %s)', 'byte limit of ' || attname, attname,
                             atttypmod - 4), ', ')
    INTO limits
    FROM pg_attribute
    WHERE attrelid = name::regclass AND attnum > 0 AND atttypmod > 4 AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype);
    IF limits IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s %s', name::regclass, limits);
    END IF;
END $$;

-- There is one database, the one that the client is in.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_database(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF name <> current_database() THEN
        RAISE invalid_catalog_name USING MESSAGE = format('database "%s" does not exist', name);
    END IF;
END $$;

-- AWS: r_MERGE wants a table as the source.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_merge_source(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = name::regclass) <> 'r' THEN
        RAISE feature_not_supported USING MESSAGE = format('the source of MERGE must be a table, %s is none', name);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION pg_catalog.redshift_copy_target(name text)
RETURNS TABLE (oid oid, username text, pid integer, "column" text, type text, length integer, scale integer,
               not_null boolean, identity boolean, timeout float8)
LANGUAGE sql STABLE AS $$
    SELECT c.oid, current_user::text, pg_backend_pid(), a.attname::text, t.typname::text,
           CASE WHEN a.atttypmod < 4 THEN 0 WHEN t.typname = 'numeric' THEN (a.atttypmod - 4) >> 16 ELSE a.atttypmod - 4 END,
           CASE WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 2047 ELSE 0 END,
           a.attnotnull, a.attidentity <> '', extract(epoch FROM current_setting('statement_timeout')::interval)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.oid = to_regclass(name) AND c.relkind = 'r'
    ORDER BY a.attnum
$$;
