-- Casts from and to SUPER (AWS: limitations-super). What does not fit is NULL, as `cast_super_null_on_error` has it by default
-- (AWS: super-configurations). Dates and times are cast from it only. Whether a string may be a number is in none of AWS's
-- pages, and refused.
CREATE OR REPLACE FUNCTION redshift.super_text(value super) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT value::json #>> '{}'
$$;
CREATE OR REPLACE FUNCTION redshift.super_number(value super) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF json_typeof(value) = 'string' THEN
        RAISE feature_not_supported USING MESSAGE = 'a string in SUPER as a number is not supported in the sandbox';
    END IF;
    RETURN CASE json_typeof(value) WHEN 'number' THEN redshift.super_text(value) END;
END $$;
CREATE OR REPLACE FUNCTION redshift.super_boolean(value super) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN json_typeof(value) = 'boolean' THEN redshift.super_text(value)::boolean
                WHEN json_typeof(value) = 'number' AND scale(redshift.super_number(value)) = 0
                THEN redshift.super_number(value) <> 0 END
$$;
CREATE OR REPLACE FUNCTION redshift.super_moment(value super) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE json_typeof(value) WHEN 'string' THEN redshift.super_text(value) END
$$;

CREATE OR REPLACE FUNCTION redshift.cast_super(other regtype, reader text) RETURNS void LANGUAGE plpgsql AS $do$
BEGIN
    IF reader IS NULL THEN
        EXECUTE format('CREATE OR REPLACE FUNCTION redshift.super_of(%s) RETURNS super LANGUAGE sql IMMUTABLE STRICT '
            'PARALLEL SAFE AS ''SELECT to_json($1)::super''', other);
    ELSE
        EXECUTE format('CREATE OR REPLACE FUNCTION redshift.%I(value super) RETURNS %s LANGUAGE plpgsql STABLE STRICT '
            'PARALLEL SAFE AS ''BEGIN RETURN redshift.%s(value)::%2$s; EXCEPTION WHEN data_exception THEN RETURN NULL; END''',
            'super_to_' || other, other, reader);
    END IF;
    IF reader IS NULL AND NOT EXISTS (SELECT FROM pg_cast WHERE castsource = other AND casttarget = 'super'::regtype) THEN
        EXECUTE format('CREATE CAST (%s AS super) WITH FUNCTION redshift.super_of(%1$s) AS ASSIGNMENT', other);
    ELSIF reader IS NOT NULL AND NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'super'::regtype AND casttarget = other) THEN
        EXECUTE format('CREATE CAST (super AS %s) WITH FUNCTION redshift.%I %s', other, 'super_to_' || other,
            CASE reader WHEN 'super_text' THEN 'AS ASSIGNMENT' END);
    END IF;
END $do$;
SELECT redshift.cast_super(t::regtype, NULL)
FROM unnest(ARRAY['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'bool', 'text', 'varchar', 'bpchar']) AS t;
SELECT redshift.cast_super(t::regtype, 'super_text') FROM unnest(ARRAY['text', 'varchar', 'bpchar']) AS t;
SELECT redshift.cast_super(t::regtype, 'super_number')
FROM unnest(ARRAY['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']) AS t;
SELECT redshift.cast_super('bool', 'super_boolean');
SELECT redshift.cast_super(t::regtype, 'super_moment') FROM unnest(ARRAY['date', 'timestamp', 'timestamptz']) AS t;
