-- Redshift's functions that PostgreSQL lacks or has with another meaning. They are called what Redshift calls a column that
-- has no other name: DATEADD's is date_add (AWS: r_DATEADD_function).

CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.12103'
$$;

-- AWS: r_GETDATE is the statement's start, r_SYSDATE the transaction's; both in the session's time zone.
CREATE OR REPLACE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT date_trunc('second', statement_timestamp()::timestamp)
$$;
CREATE OR REPLACE FUNCTION pg_catalog.sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT transaction_timestamp()::timestamp
$$;

-- AWS: r_DATEADD_function. A month added to the end of a month stays within it, as PostgreSQL's interval does.
CREATE OR REPLACE FUNCTION redshift.date_add(part text, n bigint, moment timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT moment + CASE part WHEN 'quarter' THEN (3 * n) * interval '1 month'
                              WHEN 'dow' THEN n * interval '1 day' WHEN 'doy' THEN n * interval '1 day'
                              ELSE n * ('1 ' || part)::interval END
$$;
CREATE OR REPLACE FUNCTION redshift.date_add(part text, n bigint, moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_add(part, n, moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;
CREATE OR REPLACE FUNCTION redshift.date_add(part text, n bigint, moment date) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_add(part, n, moment::timestamp)
$$;

-- AWS: r_DATEDIFF_function counts the boundaries between two moments.
CREATE OR REPLACE FUNCTION redshift.date_diff(part text, a timestamp, b timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE part
        WHEN 'year' THEN extract(year FROM b) - extract(year FROM a)
        WHEN 'decade' THEN extract(decade FROM b) - extract(decade FROM a)
        WHEN 'century' THEN extract(century FROM b) - extract(century FROM a)
        WHEN 'millennium' THEN extract(millennium FROM b) - extract(millennium FROM a)
        WHEN 'quarter' THEN (extract(year FROM b) - extract(year FROM a)) * 4 + extract(quarter FROM b) - extract(quarter FROM a)
        WHEN 'month' THEN (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a)
        -- weeks begin on Sunday
        WHEN 'week' THEN floor((b::date - date '1970-01-04') / 7.0) - floor((a::date - date '1970-01-04') / 7.0)
        WHEN 'day' THEN b::date - a::date
        WHEN 'dow' THEN b::date - a::date
        WHEN 'doy' THEN b::date - a::date
        WHEN 'microsecond' THEN extract(epoch FROM b - a) * 1000000
        WHEN 'millisecond' THEN floor(extract(epoch FROM b) * 1000) - floor(extract(epoch FROM a) * 1000)
        ELSE extract(epoch FROM date_trunc(part, b) - date_trunc(part, a))
             / CASE part WHEN 'hour' THEN 3600 WHEN 'minute' THEN 60 WHEN 'second' THEN 1 END
    END::bigint
$$;
CREATE OR REPLACE FUNCTION redshift.date_diff(part text, a timestamptz, b timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_diff(part, a AT TIME ZONE 'UTC', b AT TIME ZONE 'UTC')
$$;
CREATE OR REPLACE FUNCTION redshift.date_diff(part text, a date, b date) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_diff(part, a::timestamp, b::timestamp)
$$;

-- AWS: r_EXTRACT_function gives integers (seconds without fraction), r_DATE_PART_function doubles.
CREATE OR REPLACE FUNCTION redshift.date_part(part text, moment timestamp) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE part WHEN 'millisecond' THEN extract(millisecond FROM moment)::integer % 1000
                     WHEN 'microsecond' THEN extract(microsecond FROM moment)::integer % 1000000
                     ELSE floor(date_part(part, moment))::integer END
$$;
CREATE OR REPLACE FUNCTION redshift.date_part(part text, moment timestamptz) RETURNS integer
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN part LIKE 'timezone%' THEN date_part(part, moment)::integer
                ELSE redshift.date_part(part, moment::timestamp) END
$$;
CREATE OR REPLACE FUNCTION redshift.date_part(part text, moment date) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT redshift.date_part(part, moment::timestamp)
$$;
CREATE OR REPLACE FUNCTION redshift.date_part(part text, span interval) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT floor(date_part(part, span))::integer
$$;
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['date', 'timestamp', 'timestamptz', 'time', 'timetz', 'interval'] LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION redshift.pgdate_part(text, %s) RETURNS double precision LANGUAGE sql '
            'STABLE STRICT PARALLEL SAFE AS ''SELECT pg_catalog.date_part($1, $2)''', kind);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION pg_catalog.trunc(moment timestamp) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT moment::date $$;
CREATE OR REPLACE FUNCTION pg_catalog.last_day(moment timestamp) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (date_trunc('month', moment) + interval '1 month - 1 day')::date
$$;
-- AWS: r_ADD_MONTHS keeps the end of a month at the end of a month.
CREATE OR REPLACE FUNCTION pg_catalog.add_months(moment timestamp, n bigint) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN moment::date = pg_catalog.last_day(moment)
                THEN pg_catalog.last_day(date_trunc('month', moment) + n * interval '1 month') + moment::time
                ELSE moment + n * interval '1 month' END
$$;

CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(source text, target text, moment timestamp) RETURNS timestamp
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT moment AT TIME ZONE source AT TIME ZONE target $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(target text, moment timestamp) RETURNS timestamp
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT moment AT TIME ZONE 'UTC' AT TIME ZONE target $$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(target text, moment timestamptz) RETURNS timestamp
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT moment AT TIME ZONE target $$;

CREATE OR REPLACE FUNCTION pg_catalog.len(value text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT char_length(value) $$;
CREATE OR REPLACE FUNCTION pg_catalog.len(value character) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT char_length(value) $$;
CREATE OR REPLACE FUNCTION pg_catalog.charindex(part text, value text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT strpos(value, part) $$;

-- AWS: r_MONTHS_BETWEEN_function; whole months between ends of months, else 31 days a month.
CREATE OR REPLACE FUNCTION pg_catalog.months_between(a timestamp, b timestamp) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (extract(year FROM a) - extract(year FROM b)) * 12 + extract(month FROM a) - extract(month FROM b)
           + CASE WHEN extract(day FROM a) = extract(day FROM b)
                    OR (a::date = pg_catalog.last_day(a) AND b::date = pg_catalog.last_day(b)) THEN 0
                  ELSE (extract(day FROM a) - extract(day FROM b)) / 31.0 END
$$;
CREATE OR REPLACE FUNCTION pg_catalog.date_part_year(moment date) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT extract(year FROM moment)::integer $$;
CREATE OR REPLACE FUNCTION pg_catalog.date_cmp(a date, b date) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT sign(a - b)::integer $$;

-- AWS: REGEXP_REPLACE replaces all occurrences.
CREATE OR REPLACE FUNCTION redshift.regexp_replace(value text, pattern text, replacement text DEFAULT '',
    place integer DEFAULT 1, flags text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.regexp_replace(value, pattern, replace(replacement, '$', chr(92)), place, 0, replace(flags, 'p', ''))
$$;

-- AWS: r_SHA2; any other number of bits gives an empty string.
CREATE OR REPLACE FUNCTION pg_catalog.sha2(value text, bits integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT encode(CASE bits WHEN 0 THEN sha256(convert_to(value, 'UTF8')) WHEN 224 THEN sha224(convert_to(value, 'UTF8'))
        WHEN 256 THEN sha256(convert_to(value, 'UTF8')) WHEN 384 THEN sha384(convert_to(value, 'UTF8'))
        WHEN 512 THEN sha512(convert_to(value, 'UTF8')) ELSE ''::bytea END, 'hex')
$$;

-- AWS: r_STRTOL, to base 2 to 36.
CREATE OR REPLACE FUNCTION pg_catalog.strtol(value text, base integer) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    digits text := lower(ltrim(value, '+-'));
    total numeric := 0;
    digit integer;
BEGIN
    IF base NOT BETWEEN 2 AND 36 THEN
        RAISE invalid_parameter_value USING MESSAGE = format('Invalid base %s: it must be between 2 and 36', base);
    END IF;
    IF base = 16 AND digits LIKE '0x%' THEN
        digits := substr(digits, 3);
    END IF;
    IF base = 16 AND digits ~ '^[0-9a-f]{1,15}$' THEN
        RETURN ('0x' || digits)::bigint * CASE WHEN value LIKE '-%' THEN -1 ELSE 1 END;
    END IF;
    FOR i IN 1 .. length(digits) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, i, 1)) - 1;
        IF digit < 0 OR digit >= base THEN
            RAISE invalid_text_representation USING
                MESSAGE = format('The input %s is not valid to be converted to base %s', value, base);
        END IF;
        total := total * base + digit;
    END LOOP;
    RETURN CASE WHEN value LIKE '-%' THEN -total ELSE total END;
END $$;

-- AWS: r_FNV_HASH is 64-bit FNV-1a over the value's bytes, little-endian for numbers.
CREATE OR REPLACE FUNCTION redshift.fnv_bytes(value bytea, seed bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    hash numeric := CASE WHEN seed < 0 THEN seed::numeric + 18446744073709551616 ELSE seed END;
    low bigint;
BEGIN
    FOR i IN 0 .. length(value) - 1 LOOP
        low := (hash % 256)::bigint;
        hash := ((hash - low + (low # get_byte(value, i))) * 1099511628211) % 18446744073709551616;
    END LOOP;
    RETURN CASE WHEN hash >= 9223372036854775808 THEN hash - 18446744073709551616 ELSE hash END;
END $$;
CREATE OR REPLACE FUNCTION redshift.reversed(value bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(substring(value FROM i FOR 1), ''::bytea ORDER BY i DESC) FROM generate_series(1, length(value)) i
$$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(value text, seed bigint DEFAULT -3750763034362895579) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT redshift.fnv_bytes(convert_to(value, 'UTF8'), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(value smallint, seed bigint DEFAULT -3750763034362895579) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT redshift.fnv_bytes(redshift.reversed(int2send(value)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(value integer, seed bigint DEFAULT -3750763034362895579) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT redshift.fnv_bytes(redshift.reversed(int4send(value)), seed) $$;
CREATE OR REPLACE FUNCTION pg_catalog.fnv_hash(value bigint, seed bigint DEFAULT -3750763034362895579) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT redshift.fnv_bytes(redshift.reversed(int8send(value)), seed) $$;

-- Implicit casts to text: `int || timestamp`. No operator has a type of its own on both sides: an untyped literal beside
-- such a one would take that type, and 'a' || 1 fail.
CREATE OR REPLACE FUNCTION redshift.join_text(anynonarray, anycompatiblenonarray) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT $1::text || $2::text $$;
DO $$
BEGIN
    IF to_regoperator('pg_catalog.||(anynonarray,anycompatiblenonarray)') IS NULL THEN
        CREATE OPERATOR pg_catalog.|| (
            LEFTARG = anynonarray, RIGHTARG = anycompatiblenonarray, FUNCTION = redshift.join_text
        );
    END IF;
END $$;

-- AWS: PG_LAST_COPY_ID and PG_LAST_COPY_COUNT, of this session; a failed load counts 0 rows. The documentation also says
-- that a rollback takes the id back, and joins on it after failures; it is kept.
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_id() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT greatest(
        (SELECT max(query) FROM redshift.loads WHERE session = current_setting('redshift.session', true)),
        (SELECT max((r ->> 'query')::bigint) FROM jsonb_array_elements(redshift.remembered('load')) AS r),
        -1
    )::integer
$$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        (SELECT rows FROM redshift.loads WHERE query = pg_catalog.pg_last_copy_id()),
        (SELECT (r ->> 'rows')::bigint FROM jsonb_array_elements(redshift.remembered('load')) AS r
         WHERE (r ->> 'query')::bigint = pg_catalog.pg_last_copy_id()),
        0
    )
$$;

-- The same for UNLOAD, which leaves nothing else behind: kept in the session (AWS: PG_LAST_UNLOAD_ID, PG_LAST_UNLOAD_COUNT).
CREATE FUNCTION pg_catalog.redshift_remember_unload(rows bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT set_config('redshift.unload', concat(nextval('redshift.query_id'), ',', rows), false)
$$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_unload_id() RETURNS integer
LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(pg_catalog.split_part(pg_catalog.current_setting('redshift.unload', true), ',', 1), ''), '-1')::integer
$$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_last_unload_count() RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(pg_catalog.split_part(pg_catalog.current_setting('redshift.unload', true), ',', 2), ''), '0')::bigint
$$;
