-- SUPER (AWS: r_SUPER_type): JSON as text without blanks, its members in the order in which they came. Users' tables stand
-- on the type, which is made once. It compares by its text; Redshift's navigation (`c.a[0].b`) is not there.
DO $$
BEGIN
    IF to_regtype('pg_catalog.super') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE TYPE pg_catalog.super;
    CREATE FUNCTION pg_catalog.super_in(cstring) RETURNS super LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'json_in';
    CREATE FUNCTION pg_catalog.super_out(super) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'json_out';
    CREATE FUNCTION pg_catalog.super_recv(internal) RETURNS super LANGUAGE internal STABLE STRICT PARALLEL SAFE AS 'json_recv';
    CREATE FUNCTION pg_catalog.super_send(super) RETURNS bytea LANGUAGE internal STABLE STRICT PARALLEL SAFE AS 'json_send';
    CREATE TYPE pg_catalog.super (INPUT = super_in, OUTPUT = super_out, RECEIVE = super_recv, SEND = super_send,
                                  INTERNALLENGTH = VARIABLE, STORAGE = extended);
    CREATE CAST (super AS json) WITHOUT FUNCTION;

    CREATE FUNCTION pg_catalog.super_eq(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteaeq';
    CREATE FUNCTION pg_catalog.super_ne(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteane';
    CREATE FUNCTION pg_catalog.super_lt(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'bytealt';
    CREATE FUNCTION pg_catalog.super_le(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteale';
    CREATE FUNCTION pg_catalog.super_gt(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteagt';
    CREATE FUNCTION pg_catalog.super_ge(super, super) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteage';
    CREATE FUNCTION pg_catalog.super_cmp(super, super) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'byteacmp';
    CREATE FUNCTION pg_catalog.super_hash(super) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashvarlena';
    CREATE OPERATOR pg_catalog.= (LEFTARG = super, RIGHTARG = super, FUNCTION = super_eq, COMMUTATOR = =, NEGATOR = <>,
                                  HASHES, MERGES);
    CREATE OPERATOR pg_catalog.<> (LEFTARG = super, RIGHTARG = super, FUNCTION = super_ne, COMMUTATOR = <>, NEGATOR = =);
    CREATE OPERATOR pg_catalog.< (LEFTARG = super, RIGHTARG = super, FUNCTION = super_lt, COMMUTATOR = >, NEGATOR = >=);
    CREATE OPERATOR pg_catalog.<= (LEFTARG = super, RIGHTARG = super, FUNCTION = super_le, COMMUTATOR = >=, NEGATOR = >);
    CREATE OPERATOR pg_catalog.> (LEFTARG = super, RIGHTARG = super, FUNCTION = super_gt, COMMUTATOR = <, NEGATOR = <=);
    CREATE OPERATOR pg_catalog.>= (LEFTARG = super, RIGHTARG = super, FUNCTION = super_ge, COMMUTATOR = <=, NEGATOR = <);
    CREATE OPERATOR CLASS pg_catalog.super_ops DEFAULT FOR TYPE super USING btree AS
        OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 super_cmp(super, super);
    CREATE OPERATOR CLASS pg_catalog.super_hash_ops DEFAULT FOR TYPE super USING hash AS
        OPERATOR 1 =, FUNCTION 1 super_hash(super);
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'json'::regtype AND casttarget = 'super'::regtype) THEN
        CREATE CAST (json AS super) WITHOUT FUNCTION;
    END IF;
END $$;

-- Blanks outside the strings go; E'' because a backslash means something else where the function is called.
CREATE OR REPLACE FUNCTION pg_catalog.json_parse(value text) RETURNS super
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.regexp_replace(value::json::text, E'("(?:[^"\\\\]|\\\\.)*")|\\s+', E'\\1', 'g')::json::super
$$;
CREATE OR REPLACE FUNCTION redshift.json_serialize(value super) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value::json::text $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_typeof(value super) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT pg_catalog.json_typeof(value::json) $$;
CREATE OR REPLACE FUNCTION pg_catalog.can_json_parse(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value IS JSON $$;

-- AWS: JSON_EXTRACT_PATH_TEXT; an error on invalid JSON, unless the last argument says NULL.
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(value text, VARIADIC path text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.json_extract_path_text(value::json, VARIADIC path)
$$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_array_element_text(value text, place integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value::json ->> place $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(value text, part text, null_if_invalid boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN NOT null_if_invalid OR value IS JSON THEN pg_catalog.json_extract_path_text(value::json, part) END;
END $$;
