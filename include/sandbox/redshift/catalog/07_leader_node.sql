-- PostgreSQL's catalogue as Redshift's leader node shows it: the stand-in sends statements that name one of these tables
-- here (`sql/catalogue.py`). They have Redshift's own columns (AWS: r_PG_CLASS_INFO, r_PG_ATTRIBUTE_INFO), the keys that
-- CREATE TABLE declared, and nothing of what the stand-in needs for itself.

-- Returns a catalogue table's columns as a select list: what is given by name, else the column of `alias`, else NULL.
CREATE OR REPLACE FUNCTION redshift.select_list(source regclass, alias text, given jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(format('%s AS %I', coalesce(
        given ->> a.attname, alias || '.' || quote_ident(a.attname), 'NULL::' || format_type(a.atttypid, a.atttypmod)
    ), a.attname), ', ' ORDER BY a.attnum)
    FROM pg_attribute a
    WHERE a.attrelid = source AND a.attnum > 0 AND a.atttypid <> 'anyarray'::regtype
$$;

CREATE VIEW redshift.pg_namespace AS SELECT * FROM pg_catalog.pg_namespace WHERE nspname <> 'redshift';
-- Only what CREATE GROUP has made, not the roles and none of PostgreSQL's own.
CREATE VIEW redshift.pg_group AS
SELECT groname, grosysid, ARRAY(SELECT m.member FROM redshift.members m WHERE m.roleid = grosysid) AS grolist
FROM pg_catalog.pg_group WHERE shobj_description(grosysid, 'pg_authid') = 'redshift group';
-- The database's owner stands for the admin user, who is a superuser on Redshift, beside its own, rdsdb (AWS:
-- r_Users-creatingaltering-and-deleting-users).
DO $$
BEGIN
    EXECUTE format('CREATE VIEW redshift.pg_user AS SELECT %s FROM pg_catalog.pg_user u JOIN pg_database d '
                   'ON d.datname = current_database()', redshift.select_list('pg_catalog.pg_user', 'u', jsonb_build_object(
        'usename', 'CASE u.usesysid WHEN 10 THEN ''rdsdb'' ELSE u.usename END::name',
        'usecreatedb', 'u.usecreatedb OR u.usesysid = d.datdba', 'usesuper', 'u.usesuper OR u.usesysid = d.datdba')));
END $$;
CREATE VIEW redshift.pg_database AS SELECT * FROM pg_catalog.pg_database WHERE datname = current_database();

-- The declared keys. Their oids lie beyond those that PostgreSQL gives out in the sandbox's life.
CREATE VIEW redshift.keys AS
SELECT (3221225472 + (hashtextextended(v.table_id || ' ' || v.name, 0) & 1073741823))::oid AS oid,
       v.table_id, v.name, v.target_id, v.target_schema, v.target_table, v.target_columns, v.columns,
       CASE v.type WHEN 'PRIMARY KEY' THEN 'p' WHEN 'UNIQUE' THEN 'u' ELSE 'f' END::"char" AS contype,
       ARRAY(SELECT a.attnum FROM unnest(v.columns) WITH ORDINALITY AS c (name, n)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = v.table_id AND a.attname = c.name ORDER BY c.n) AS numbers,
       ARRAY(SELECT a.attnum FROM unnest(v.target_columns) WITH ORDINALITY AS c (name, n)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = v.target_id AND a.attname = c.name ORDER BY c.n)
           AS target_numbers
FROM redshift.visible_constraints v;

DO $do$
DECLARE
    index jsonb := jsonb_build_object('oid', 'k.oid', 'relname', 'k.name::name', 'reltype', '0::oid',
        'relkind', '''i''::"char"', 'relhasindex', 'false', 'relfilenode', '0::oid', 'relnatts',
        'cardinality(k.numbers)::smallint', 'reldesc', 'NULL', 'relchecks', '0::smallint', 'relacl', 'NULL::aclitem[]');
    keyed jsonb := jsonb_build_object('relhasindex', $$CASE WHEN d.design IS NULL THEN c.relhasindex
        ELSE jsonb_path_exists(d.design, '$.constraints[*] ? (@.type == "PRIMARY KEY" || @.type == "UNIQUE")') END$$);
    unique_keys text := 'redshift.keys k JOIN pg_catalog.pg_class c ON c.oid = k.table_id WHERE k.contype IN (''p'', ''u'')';
BEGIN
    -- AWS: r_PG_CLASS_INFO gives the codes of reldiststyle.
    EXECUTE format($view$
        CREATE VIEW redshift.pg_class AS
        SELECT %s, CASE WHEN c.relkind <> 'r' THEN 0 WHEN d.design ->> 'distkey' IS NOT NULL THEN 1
                        WHEN d.design ->> 'style' = 'ALL' THEN 8 WHEN d.design ->> 'style' = 'EVEN' THEN 0
                        WHEN d.design IS NULL THEN 0 ELSE 10 END::smallint AS reldiststyle, false AS relhasoids
        FROM pg_catalog.pg_class c
        LEFT JOIN LATERAL (SELECT redshift.design_of(c.oid) AS design WHERE c.relkind = 'r' AND c.oid >= 16384) AS d ON true
        WHERE c.relnamespace <> 'redshift'::regnamespace AND NOT (c.relkind = 'i' AND c.relname LIKE 'sort key of %%')
          AND c.relkind <> 'S'  -- Redshift has none: an IDENTITY column has one here
        UNION ALL
        SELECT %s, 0::smallint, false FROM %s
    $view$, redshift.select_list('pg_catalog.pg_class', 'c', keyed), redshift.select_list('pg_catalog.pg_class', 'c', index),
        unique_keys);

    EXECUTE format($view$
        CREATE VIEW redshift.pg_index AS
        SELECT %s FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        WHERE c.relname NOT LIKE 'sort key of %%'
        UNION ALL
        SELECT %s FROM %s
    $view$, redshift.select_list('pg_catalog.pg_index', 'i', '{}'), redshift.select_list('pg_catalog.pg_index', NULL,
        jsonb_build_object('indexrelid', 'k.oid', 'indrelid', 'k.table_id', 'indnatts', 'cardinality(k.numbers)::smallint',
            'indnkeyatts', 'cardinality(k.numbers)::smallint', 'indisunique', 'true', 'indisprimary',
            'k.contype = ''p''', 'indisvalid', 'true', 'indisready', 'true', 'indislive', 'true', 'indimmediate', 'true',
            'indisclustered', 'false', 'indisreplident', 'false', 'indisexclusion', 'false', 'indnullsnotdistinct', 'false',
            'indcheckxmin', 'false', 'indkey', 'array_to_string(k.numbers, '' '')::int2vector')), unique_keys);

    EXECUTE format($view$
        CREATE VIEW redshift.pg_constraint AS
        SELECT %s, NULL::text AS consrc FROM pg_catalog.pg_constraint t
        WHERE t.conrelid = 0 OR (SELECT relkind <> 'r' OR oid < 16384 FROM pg_catalog.pg_class WHERE oid = t.conrelid)
        UNION ALL
        SELECT %s, NULL::text FROM redshift.keys k JOIN pg_catalog.pg_class c ON c.oid = k.table_id
    $view$, redshift.select_list('pg_catalog.pg_constraint', 't', '{}'),
        redshift.select_list('pg_catalog.pg_constraint', NULL, jsonb_build_object(
            'oid', 'k.oid', 'conname', 'k.name::name', 'connamespace', 'c.relnamespace', 'contype', 'k.contype',
            'condeferrable', 'false', 'condeferred', 'false', 'conenforced', 'false', 'convalidated', 'true',
            'conrelid', 'k.table_id', 'contypid', '0::oid', 'conindid', 'CASE k.contype WHEN ''f'' THEN 0 ELSE k.oid END::oid',
            'conparentid', '0::oid', 'confrelid', 'coalesce(k.target_id, 0)::oid', 'confupdtype',
            'CASE k.contype WHEN ''f'' THEN ''a'' ELSE '' '' END::"char"', 'confdeltype',
            'CASE k.contype WHEN ''f'' THEN ''a'' ELSE '' '' END::"char"', 'confmatchtype',
            'CASE k.contype WHEN ''f'' THEN ''s'' ELSE '' '' END::"char"', 'conislocal', 'true', 'coninhcount',
            '0::smallint', 'connoinherit', 'true', 'conkey', 'k.numbers', 'confkey',
            'CASE k.contype WHEN ''f'' THEN k.target_numbers END')));

    -- The codes of attencodingtype are the sandbox's own; format_encoding() reads them, as on Redshift.
    EXECUTE format($view$
        CREATE VIEW redshift.pg_attribute AS
        SELECT %s, coalesce(array_position(redshift.encodings(), redshift.encoding_of(
                       d.design, a.attname, format_type(a.atttypid, NULL))), 0)::smallint AS attencodingtype,
               coalesce(d.design ->> 'distkey' = a.attname, false) AS attisdistkey,
               coalesce((SELECT CASE WHEN (d.design ->> 'interleaved')::boolean AND k.n %% 2 = 0 THEN -k.n ELSE k.n END
                         FROM jsonb_array_elements_text(d.design -> 'sortkeys') WITH ORDINALITY AS k (name, n)
                         WHERE k.name = a.attname), 0)::smallint AS attsortkeyord
        FROM pg_catalog.pg_attribute a
        LEFT JOIN LATERAL (SELECT redshift.design_of(a.attrelid) AS design WHERE a.attrelid >= 16384) AS d ON true
        WHERE a.attrelid < 16384 OR d.design ->> 'query' IS NULL  -- a late-binding view has no columns of its own
        UNION ALL
        SELECT %s, 0::smallint, false, 0::smallint
        FROM redshift.keys k
        CROSS JOIN LATERAL unnest(k.numbers) WITH ORDINALITY AS n (attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.table_id AND a.attnum = n.attnum
        WHERE k.contype IN ('p', 'u')
    $view$, redshift.select_list('pg_catalog.pg_attribute', 'a', '{"atthasdef": "a.atthasdef OR a.attidentity <> ''''"}'), redshift.select_list('pg_catalog.pg_attribute', 'a',
        '{"attrelid": "k.oid", "attnum": "n.position::smallint", "attnotnull": "false", "atthasdef": "false"}'));
END $do$;

-- AWS: r_PG_ATTRIBUTE_INFO, which adds to pg_attribute the access control list of a column.
CREATE VIEW pg_catalog.pg_attribute_info AS SELECT * FROM redshift.pg_attribute;

-- Of an IDENTITY column PostgreSQL has no expression, and lets nobody make one: adbin is text here, and its own source.
CREATE VIEW redshift.pg_attrdef AS
SELECT oid, adrelid, adnum, adbin::text, pg_get_expr(adbin, adrelid) AS adsrc FROM pg_catalog.pg_attrdef
UNION ALL
SELECT 0::oid, table_id, attnum, expression, expression FROM redshift.identities;

CREATE OR REPLACE FUNCTION redshift.pg_get_expr(given text, relation oid, pretty boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
    SELECT coalesce((SELECT pg_catalog.pg_get_expr(d.adbin, relation, pretty) FROM pg_catalog.pg_attrdef d
                     WHERE d.adrelid = relation AND d.adbin::text = given LIMIT 1), given)
$$;
CREATE OR REPLACE FUNCTION redshift.pg_get_expr(given pg_node_tree, relation oid, pretty boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE STRICT AS $$ SELECT pg_catalog.pg_get_expr(given, relation, pretty) $$;

-- AWS: PG_PROC_INFO, which names pg_proc's oid.
CREATE VIEW redshift.pg_proc AS
SELECT p.*, p.prokind = 'a' AS proisagg, p.prokind = 'w' AS proiswindow FROM pg_catalog.pg_proc p
WHERE p.pronamespace <> 'redshift'::regnamespace;
CREATE VIEW pg_catalog.pg_proc_info AS SELECT p.oid AS prooid, p.* FROM redshift.pg_proc p;

CREATE OR REPLACE FUNCTION pg_catalog.format_encoding(code integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE code WHEN 0 THEN 'none' ELSE (redshift.encodings())[code] END
$$;

CREATE OR REPLACE FUNCTION redshift.pg_get_constraintdef(key oid, pretty boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END
               || ' (' || (SELECT string_agg(quote_ident(c), ', ' ORDER BY n)
                           FROM unnest(k.columns) WITH ORDINALITY AS x (c, n)) || ')'
               || CASE k.contype WHEN 'f' THEN format(' REFERENCES %s%I(%s)',
                   CASE WHEN pg_table_is_visible(k.target_id) THEN '' ELSE quote_ident(k.target_schema) || '.' END,
                   k.target_table, (SELECT string_agg(quote_ident(c), ', ' ORDER BY n)
                                    FROM unnest(k.target_columns) WITH ORDINALITY AS x (c, n))) ELSE '' END
        FROM redshift.keys k WHERE k.oid = key), pg_catalog.pg_get_constraintdef(key, pretty))
$$;

CREATE OR REPLACE FUNCTION redshift.pg_get_indexdef(index oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT format('CREATE UNIQUE INDEX %I ON %s USING btree (%s)', k.name, k.table_id::regclass, (
            SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY AS x (c, n)))
        FROM redshift.keys k WHERE k.oid = index), pg_catalog.pg_get_indexdef(index))
$$;
CREATE OR REPLACE FUNCTION redshift.pg_get_indexdef(index oid, place integer, pretty boolean) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place = 0 THEN redshift.pg_get_indexdef(index)
                ELSE coalesce((SELECT quote_ident(k.columns[place]) FROM redshift.keys k WHERE k.oid = index),
                              pg_catalog.pg_get_indexdef(index, place, pretty)) END
$$;

-- Clients look for a primary key's columns in the text of its index, which Redshift shows though it has no indexes
-- (awswrangler: redshift/_utils.py).
CREATE VIEW redshift.pg_indexes AS
SELECT schemaname, tablename, indexname, tablespace, indexdef FROM pg_catalog.pg_indexes
UNION ALL
SELECT n.nspname, c.relname, k.name::name, NULL, format('CREATE UNIQUE INDEX %I ON %I.%I USING btree (%s)', k.name,
       n.nspname, c.relname, (SELECT string_agg(quote_ident(x.c), ', ' ORDER BY x.n)
                              FROM unnest(k.columns) WITH ORDINALITY AS x (c, n)))
FROM redshift.keys k
JOIN pg_catalog.pg_class c ON c.oid = k.table_id
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u');

CREATE VIEW redshift.pg_tables AS SELECT * FROM pg_catalog.pg_tables WHERE schemaname <> 'redshift';
CREATE VIEW redshift.pg_views AS
SELECT schemaname, viewname, viewowner, redshift.pg_get_viewdef(format('%I.%I', schemaname, viewname)::regclass) AS definition
FROM pg_catalog.pg_views WHERE schemaname <> 'redshift';

-- information_schema without the stand-in's own schema; a late-binding view's columns are not in it, which dbt-redshift
-- relies on (macros/adapters.sql adds those of PG_GET_LATE_BINDING_VIEW_COLS).
CREATE VIEW redshift.tables AS SELECT * FROM information_schema.tables WHERE table_schema <> 'redshift';
DO $$
BEGIN
    EXECUTE format($view$
        CREATE VIEW redshift.columns AS SELECT %s FROM redshift.visible_columns c
        WHERE NOT EXISTS (SELECT FROM redshift.late_views v JOIN pg_catalog.pg_class r ON r.oid = v.oid
                          JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
                          WHERE n.nspname = c.table_schema AND r.relname = c.table_name)
    $view$, redshift.select_list('information_schema.columns', 'c',
        '{"column_default": "c.default_expression::information_schema.character_data"}'));
    EXECUTE format('CREATE VIEW redshift.views AS SELECT %s FROM information_schema.views v WHERE table_schema <> ''redshift''',
        redshift.select_list('information_schema.views', 'v', '{"view_definition":
            "redshift.pg_get_viewdef(format(''%I.%I'', v.table_schema, v.table_name)::regclass)"}'));
END $$;
CREATE VIEW redshift.sequences AS SELECT * FROM information_schema.sequences WHERE false;
CREATE VIEW redshift.pg_sequence AS SELECT * FROM pg_catalog.pg_sequence WHERE false;
CREATE VIEW redshift.pg_sequences AS SELECT * FROM pg_catalog.pg_sequences WHERE false;
CREATE VIEW redshift.schemata AS SELECT * FROM information_schema.schemata WHERE schema_name <> 'redshift';
