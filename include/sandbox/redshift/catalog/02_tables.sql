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
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND atttypid = 'super'::regtype
               AND (attname = design ->> 'distkey' OR design -> 'sortkeys' ? attname)) THEN
        RAISE feature_not_supported USING MESSAGE = 'a SUPER column as DISTKEY or SORTKEY is not supported';
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
    -- Redshift has no sequences: nobody may read those of IDENTITY columns, which fill themselves nevertheless.
    EXECUTE (SELECT coalesce(string_agg(format('REVOKE ALL ON SEQUENCE %s FROM CURRENT_USER', d.objid::regclass), ';'), 'SELECT 1')
             FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
             WHERE d.refobjid = target AND d.classid = 'pg_class'::regclass AND d.deptype = 'i');
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

-- VARCHAR(n) is n bytes: a column gets another length, as long as its values fit (AWS: r_ALTER_TABLE).
CREATE OR REPLACE FUNCTION redshift.resize_column(target regclass, wanted text, bytes integer, design jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    item record;
BEGIN
    SELECT a.attnum, a.atttypid, a.atthasdef INTO item FROM pg_attribute a WHERE a.attrelid = target AND a.attname = wanted;
    IF item IS NULL THEN
        RAISE undefined_column USING MESSAGE = format('column "%s" does not exist', wanted);
    ELSIF item.atttypid <> 'varchar'::regtype OR item.atthasdef OR EXISTS (
        SELECT FROM jsonb_array_elements(design -> 'constraints') AS k WHERE k -> 'columns' ? wanted) THEN
        RAISE feature_not_supported USING
            MESSAGE = format('cannot alter type of column "%s": only VARCHAR without default, PRIMARY KEY, UNIQUE or '
                             'FOREIGN KEY', wanted);
    END IF;
    EXECUTE (SELECT coalesce(string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', target, conname), ';'), 'SELECT 1')
             FROM pg_constraint WHERE conrelid = target AND contype = 'c' AND conkey = ARRAY[item.attnum]);
    EXECUTE format('ALTER TABLE %s ALTER %I TYPE varchar(%s), ADD CONSTRAINT %I CHECK (octet_length(%I) <= %s)',
                   target, wanted, bytes, left('byte limit of ' || wanted, 63), wanted, bytes);
END $$;

-- Keeps what an ALTER TABLE changes in the design; the keys of `change` say what (sql/alter.py).
CREATE OR REPLACE FUNCTION pg_catalog.redshift_alter_table(name text, given text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    target regclass := name::regclass;
    change jsonb := given::jsonb;
    design jsonb := redshift.design_of(target);
    missing text;
    old text := change -> 'rename' ->> 0;
    kept jsonb;
BEGIN
    IF design IS NULL OR design ?| ARRAY['query', 'materialized'] THEN
        RETURN;  -- a view
    END IF;
    IF change ? 'resize' THEN
        PERFORM redshift.resize_column(target, change -> 'resize' ->> 0, (change -> 'resize' ->> 1)::integer, design);
    END IF;
    IF change ? 'remove' THEN
        IF design ->> 'distkey' = change ->> 'remove' OR design -> 'sortkeys' ? (change ->> 'remove') THEN
            RAISE feature_not_supported USING
                MESSAGE = format('cannot drop column "%s": it is the distribution key or in the sort key', change ->> 'remove');
        END IF;
        SELECT coalesce(jsonb_agg(k), '[]') INTO kept FROM jsonb_array_elements(design -> 'constraints') AS k
        WHERE NOT k -> 'columns' ? (change ->> 'remove');
        design := design || jsonb_build_object('constraints', kept, 'encodings', (design -> 'encodings') - (change ->> 'remove'));
    END IF;
    IF old IS NOT NULL THEN
        design := redshift.rename_in(design, old, change -> 'rename' ->> 1);
    END IF;
    IF change ? 'encodings' THEN
        design := design || jsonb_build_object('encodings', (design -> 'encodings') || (change -> 'encodings'));
    END IF;
    IF change ? 'forget' THEN
        SELECT coalesce(jsonb_agg(k), '[]') INTO kept FROM jsonb_array_elements(design -> 'constraints') AS k
        WHERE k ->> 'name' <> change ->> 'forget';
        IF kept = design -> 'constraints' THEN
            RAISE undefined_object USING MESSAGE = format('constraint "%s" does not exist', change ->> 'forget');
        END IF;
        design := design || jsonb_build_object('constraints', kept);
    END IF;
    IF change ? 'constraint' THEN
        design := redshift.with_constraint(target, design, change -> 'constraint');
    END IF;
    design := design || (change - '{resize,remove,rename,encodings,forget,constraint}'::text[]);
    SELECT c INTO missing FROM (
        SELECT jsonb_array_elements_text(design -> 'sortkeys') UNION ALL SELECT design ->> 'distkey'
        UNION ALL SELECT jsonb_object_keys(design -> 'encodings')
    ) AS named (c)
    WHERE c <> ALL (ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = target AND attnum > 0)) LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE undefined_column USING MESSAGE = format('column "%s" does not exist', missing);
    END IF;
    PERFORM redshift.keep_design(target, design);
    IF change ? 'sortkeys' THEN
        EXECUTE (SELECT coalesce(string_agg(format('DROP INDEX %s', indexrelid::regclass), ';'), 'SELECT 1')
                 FROM pg_index WHERE indrelid = target);
        PERFORM redshift.index_sort_key(target, design);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION redshift.rename_in(design jsonb, old text, new text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT design || jsonb_build_object(
        'distkey', CASE design ->> 'distkey' WHEN old THEN new ELSE design ->> 'distkey' END,
        'sortkeys', (SELECT coalesce(jsonb_agg(CASE c WHEN old THEN new ELSE c END ORDER BY n), '[]')
                     FROM jsonb_array_elements_text(design -> 'sortkeys') WITH ORDINALITY AS k (c, n)),
        'encodings', (SELECT coalesce(jsonb_object_agg(CASE c WHEN old THEN new ELSE c END, e), '{}')
                      FROM jsonb_each_text(design -> 'encodings') AS k (c, e)),
        'constraints', (SELECT coalesce(jsonb_agg(k || jsonb_build_object('columns', (
                            SELECT jsonb_agg(CASE c WHEN old THEN new ELSE c END ORDER BY n)
                            FROM jsonb_array_elements_text(k -> 'columns') WITH ORDINALITY AS x (c, n)))), '[]')
                        FROM jsonb_array_elements(design -> 'constraints') AS k))
$$;

-- A primary key wants columns that are NOT NULL (AWS: r_ALTER_TABLE).
CREATE OR REPLACE FUNCTION redshift.with_constraint(target regclass, design jsonb, item jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
    its_column record;
BEGIN
    FOR wanted IN SELECT jsonb_array_elements_text(item -> 'columns') LOOP
        SELECT attnotnull INTO its_column FROM pg_attribute WHERE attrelid = target AND attname = wanted AND attnum > 0;
        IF NOT FOUND THEN
            RAISE undefined_column USING MESSAGE = format('column "%s" named in key does not exist', wanted);
        ELSIF item ->> 'type' = 'PRIMARY KEY' AND NOT its_column.attnotnull THEN
            RAISE invalid_table_definition USING MESSAGE = format('column "%s" of a primary key must be NOT NULL', wanted);
        END IF;
    END LOOP;
    IF item ->> 'target' IS NOT NULL THEN
        item := item || jsonb_build_object('target_id', (item ->> 'target')::regclass::oid::text);
    END IF;
    RETURN design || jsonb_build_object('constraints', (design -> 'constraints') || item);
END $$;

-- ALTER TABLE APPEND: the columns of both tables have the same names and types, but for those that the mode allows to lack.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_append(name text, source text, mode text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    columns text;
    differing text;
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid IN (name::regclass, source::regclass)
               AND (relkind <> 'r' OR relpersistence <> 'p')) OR name::regclass = source::regclass THEN
        RAISE feature_not_supported USING MESSAGE = 'ALTER TABLE APPEND takes two permanent tables';
    END IF;
    SELECT string_agg(quote_ident(t.attname), ', ') FILTER (WHERE s.attname = t.attname),
           string_agg(coalesce(t.attname, s.attname), ', ') FILTER (WHERE
               CASE WHEN s.attname IS NULL THEN mode <> 'filltarget' WHEN t.attname IS NULL THEN mode <> 'ignoreextra'
                    ELSE (s.atttypid, s.atttypmod) <> (t.atttypid, t.atttypmod) END)
    INTO columns, differing
    FROM (SELECT * FROM pg_attribute WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped) AS t
    FULL JOIN (SELECT * FROM pg_attribute WHERE attrelid = source::regclass AND attnum > 0 AND NOT attisdropped) AS s
        ON s.attname = t.attname;
    IF differing IS NOT NULL THEN
        RAISE datatype_mismatch USING MESSAGE = format('the tables of ALTER TABLE APPEND differ in %s', differing);
    END IF;
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', name::regclass, columns, columns, source::regclass);
    EXECUTE format('DELETE FROM %s', source::regclass);
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

CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_group(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(shobj_description(to_regrole(name), 'pg_authid'), '') <> 'redshift group' THEN
        RAISE undefined_object USING MESSAGE = format('group "%s" does not exist', (parse_ident(name))[1]);
    END IF;
END $$;

-- Nobody writes through a view (AWS: r_CREATE_VIEW); PostgreSQL would, where the view is simple.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_writable(name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = name::regclass) = 'v' THEN
        RAISE feature_not_supported USING MESSAGE = format('cannot insert into, update or delete from the view %s', name),
            HINT = 'Write to the tables that it reads.';
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

-- AWS: r_MERGE … REMOVE DUPLICATES; both tables have the same number of columns, and a row of the target must not match
-- two of the source.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_check_matches(target text, source text, multiple bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT n) FROM (
        SELECT count(*) AS n FROM pg_attribute WHERE attrelid IN (target::regclass, source::regclass) AND attnum > 0
        AND NOT attisdropped GROUP BY attrelid) AS columns) > 1 THEN
        RAISE datatype_mismatch USING
            MESSAGE = format('MERGE … REMOVE DUPLICATES: %s and %s differ in their number of columns', target, source);
    END IF;
    IF multiple > 0 THEN
        RAISE cardinality_violation USING MESSAGE = 'Found multiple matches to update the same tuple.';
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
