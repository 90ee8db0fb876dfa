-- More of Redshift's functions of single values.

-- AWS: r_DATE_TRUNC gives a TIMESTAMP for a DATE; PostgreSQL's gives a TIMESTAMPTZ.
CREATE OR REPLACE FUNCTION pg_catalog.date_trunc(part text, moment date) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT pg_catalog.date_trunc(part, moment::timestamp) $$;

-- AWS: r_DATEADD_function and r_DATEDIFF_function take TIME, too.
CREATE OR REPLACE FUNCTION redshift.date_add(part text, n bigint, moment time) RETURNS time
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_add(part, n, date '1970-01-01' + moment)::time
$$;
CREATE OR REPLACE FUNCTION redshift.date_diff(part text, a time, b time) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_diff(part, date '1970-01-01' + a, date '1970-01-01' + b)
$$;

-- AWS: r_NEXT_DAY, the first such day behind a date.
CREATE OR REPLACE FUNCTION pg_catalog.next_day(moment timestamp, day text) RETURNS date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    wanted integer := CASE
        WHEN lower(day) IN ('su', 'sun', 'sunday') THEN 0 WHEN lower(day) IN ('m', 'mo', 'mon', 'monday') THEN 1
        WHEN lower(day) IN ('tu', 'tue', 'tues', 'tuesday') THEN 2
        WHEN lower(day) IN ('w', 'we', 'wed', 'wednesday') THEN 3
        WHEN lower(day) IN ('th', 'thu', 'thurs', 'thursday') THEN 4
        WHEN lower(day) IN ('f', 'fr', 'fri', 'friday') THEN 5 WHEN lower(day) IN ('sa', 'sat', 'saturday') THEN 6 END;
BEGIN
    IF wanted IS NULL THEN
        RAISE invalid_parameter_value USING MESSAGE = format('NEXT_DAY: "%s" is not the name of a day', day);
    END IF;
    RETURN moment::date + 1 + (wanted - extract(dow FROM moment)::integer + 6) % 7;
END $$;

-- AWS: r_TO_DATE_function; what is_strict = false makes of a day that does not exist is left an error.
CREATE OR REPLACE FUNCTION pg_catalog.to_date(value text, format text, is_strict boolean) RETURNS date
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT pg_catalog.to_date(value, format) $$;

CREATE OR REPLACE FUNCTION pg_catalog.textlen(value text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT char_length(value) $$;
CREATE OR REPLACE FUNCTION pg_catalog.replicate(value text, n integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT repeat(value, n) $$;

-- AWS: crc32-function, eight hexadecimal digits, by the polynomial of CRC-32C. PostgreSQL has crc32c() from 18 on.
CREATE OR REPLACE FUNCTION redshift.crc32(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bytes bytea := convert_to(value, 'UTF8');
    crc bigint := 4294967295;
BEGIN
    FOR at IN 0 .. length(bytes) - 1 LOOP
        crc := crc # get_byte(bytes, at)::bigint;
        FOR bit IN 1 .. 8 LOOP
            crc := (crc >> 1) # (CASE WHEN crc & 1 = 1 THEN 2197175160 ELSE 0 END)::bigint;
        END LOOP;
    END LOOP;
    RETURN lpad(to_hex(crc # 4294967295), 8, '0');
END
$$;

-- AWS: r_TRY_CAST; the second argument only tells the type.
CREATE OR REPLACE FUNCTION redshift.try_cast(value text, of_type anyelement) RETURNS anyelement
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found ALIAS FOR $0;
BEGIN
    EXECUTE format('SELECT $1::%s', pg_typeof(of_type)) INTO found USING value;
    RETURN found;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

-- AWS: IS_VALID_JSON is for objects, IS_VALID_JSON_ARRAY for arrays.
CREATE OR REPLACE FUNCTION pg_catalog.is_valid_json(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value IS JSON OBJECT $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_valid_json_array(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value IS JSON ARRAY $$;

-- AWS: JSON_ARRAY_LENGTH, JSON_EXTRACT_ARRAY_ELEMENT_TEXT, JSON_EXTRACT_PATH_TEXT with null_if_invalid; a path of any
-- length before it leaves no place for that argument but the first.
CREATE OR REPLACE FUNCTION pg_catalog.json_array_length(value text, null_if_invalid boolean DEFAULT false) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN NOT null_if_invalid OR value IS JSON ARRAY THEN pg_catalog.json_array_length(value::json) END;
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_array_element_text(value text, place integer, null_if_invalid boolean)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN NOT null_if_invalid OR value IS JSON ARRAY THEN value::json ->> place END;
END $$;
CREATE OR REPLACE FUNCTION redshift.json_extract_path_text(null_if_invalid boolean, value text, VARIADIC path text[])
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN NOT null_if_invalid OR value IS JSON
                THEN pg_catalog.json_extract_path_text(value::json, VARIADIC path) END;
END $$;

-- AWS: query-super, Types of introspection: false for NULL.
CREATE OR REPLACE FUNCTION pg_catalog.is_array(value super) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(pg_catalog.json_typeof(value) = 'array', false) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_object(value super) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(pg_catalog.json_typeof(value) = 'object', false) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_scalar(value super) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(pg_catalog.json_typeof(value) IN ('string', 'number', 'boolean'), false)
$$;
CREATE OR REPLACE FUNCTION pg_catalog.is_varchar(value super) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(pg_catalog.json_typeof(value) = 'string', false) $$;
CREATE OR REPLACE FUNCTION pg_catalog.is_boolean(value super) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce(pg_catalog.json_typeof(value) = 'boolean', false) $$;
-- AWS: r_get_array_length, NULL for what is no array.
CREATE OR REPLACE FUNCTION pg_catalog.get_array_length(value super) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN pg_catalog.json_typeof(value) = 'array' THEN pg_catalog.json_array_length(value::json) END
$$;

-- AWS: r_CONCAT, NULL if either is.
CREATE OR REPLACE FUNCTION redshift.concat(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT a || b $$;

-- AWS: REGEXP_SUBSTR gives an empty string where there is none; with the parameter `e` what the first parenthesis of the
-- pattern matches, if it has one.
CREATE OR REPLACE FUNCTION redshift.regexp_substr(value text, pattern text, place integer DEFAULT 1,
    occurrence integer DEFAULT 1, flags text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(
        CASE WHEN flags LIKE '%e%'
             THEN pg_catalog.regexp_substr(value, pattern, place, occurrence, translate(flags, 'pe', ''), 1) END,
        pg_catalog.regexp_substr(value, pattern, place, occurrence, translate(flags, 'pe', '')), '')
$$;

-- AWS: split_to_array.
CREATE OR REPLACE FUNCTION pg_catalog.split_to_array(value text, delimiter text DEFAULT ',') RETURNS super
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.json_parse(pg_catalog.to_json(pg_catalog.string_to_array(value, delimiter))::text)
$$;

-- AWS: r_CURRENT_USER_ID.
CREATE OR REPLACE FUNCTION redshift.current_user_id() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT current_user::regrole::oid::integer $$;
