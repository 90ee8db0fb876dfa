-- Aggregates, over a window or a group, that PostgreSQL lacks (`sql/windows.py` has them called).

-- IGNORE NULLS: a strict transition passes over NULL, and takes the first other value as its state.
CREATE OR REPLACE FUNCTION redshift.keep(state anyelement, value anyelement) RETURNS anyelement
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT state $$;
CREATE OR REPLACE FUNCTION redshift.take(state anyelement, value anyelement) RETURNS anyelement
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value $$;
CREATE OR REPLACE AGGREGATE redshift.first_value(anyelement) (SFUNC = redshift.keep, STYPE = anyelement);
CREATE OR REPLACE AGGREGATE redshift.lead(anyelement) (SFUNC = redshift.keep, STYPE = anyelement);
CREATE OR REPLACE AGGREGATE redshift.last_value(anyelement) (SFUNC = redshift.take, STYPE = anyelement);
CREATE OR REPLACE AGGREGATE redshift.lag(anyelement) (SFUNC = redshift.take, STYPE = anyelement);
-- The same of the n-th value, of all that are not NULL in the frame.
CREATE OR REPLACE FUNCTION redshift.nth_value(found anyarray, n bigint) RETURNS anyelement
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT found[n] $$;
CREATE OR REPLACE FUNCTION redshift.lead(found anyarray, n bigint) RETURNS anyelement
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT found[n] $$;
CREATE OR REPLACE FUNCTION redshift.lag(found anyarray, n bigint) RETURNS anyelement
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT found[array_length(found, 1) + 1 - n] $$;

-- LISTAGG under its own name.
CREATE OR REPLACE AGGREGATE redshift.listagg(text, text) (
    SFUNC = string_agg_transfn, STYPE = internal, FINALFUNC = string_agg_finalfn
);

-- AWS: r_PERCENTILE_CONT, r_WF_PERCENTILE_CONT, r_WF_PERCENTILE_DISC, r_MEDIAN: of all values in the group or window,
-- without NULL. Whole numbers give DECIMAL, all else its own type.
CREATE OR REPLACE FUNCTION redshift.percentile_disc(found anyarray, fraction double precision, falling boolean)
RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (sorted)[greatest(1, ceil(fraction * cardinality(sorted))::integer)]
    FROM (SELECT CASE WHEN falling THEN array_agg(v ORDER BY v DESC) ELSE array_agg(v ORDER BY v) END AS sorted
          FROM unnest(found) AS v WHERE v IS NOT NULL) AS s
$$;
DO $$
DECLARE
    -- the type of the values, that of the result, and that in which it is computed
    kinds text[][] := ARRAY[
        ['smallint', 'numeric', 'numeric'], ['integer', 'numeric', 'numeric'], ['bigint', 'numeric', 'numeric'],
        ['numeric', 'numeric', 'numeric'], ['real', 'double precision', 'double precision'],
        ['double precision', 'double precision', 'double precision'], ['date', 'date', 'timestamp'],
        ['timestamp', 'timestamp', 'timestamp'], ['timestamptz', 'timestamptz', 'timestamptz']];
    kind text[];
    factor text;
BEGIN
    FOREACH kind SLICE 1 IN ARRAY kinds LOOP
        factor := CASE WHEN kind[2] = 'numeric' THEN 'numeric' ELSE 'double precision' END;
        EXECUTE format($sql$
            CREATE OR REPLACE FUNCTION redshift.percentile_cont(found %1$s[], fraction numeric, falling boolean) RETURNS %2$s
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
                SELECT (sorted[floor(place)::integer]::%3$s + (place - floor(place))::%4$s
                        * (sorted[ceil(place)::integer]::%3$s - sorted[floor(place)::integer]::%3$s))::%2$s
                FROM (SELECT array_agg(v ORDER BY v) AS sorted,
                             1 + (CASE WHEN falling THEN 1 - fraction ELSE fraction END) * (count(v) - 1) AS place
                      FROM unnest(found) AS v WHERE v IS NOT NULL) AS s
            $body$
        $sql$, kind[1], kind[2], kind[3], factor);
        EXECUTE format('CREATE OR REPLACE FUNCTION redshift.median(found %s[]) RETURNS %s LANGUAGE sql IMMUTABLE STRICT '
            'PARALLEL SAFE AS ''SELECT redshift.percentile_cont(found, 0.5, false)''', kind[1], kind[2]);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION redshift.ratio_to_report(value double precision, total double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value / nullif(total, 0) $$;

-- AWS: r_AVG gives a BIGINT for whole numbers, and for DECIMAL the scale of its argument, cut off (as the averages in
-- r_FROM_clause-pivot-unpivot-examples are). The scale of a sum is that of its parts.
CREATE OR REPLACE FUNCTION redshift.average(state bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT state[2] / nullif(state[1], 0) $$;
CREATE OR REPLACE FUNCTION redshift.add(state numeric[], value numeric) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT ARRAY[state[1] + 1, state[2] + value] $$;
CREATE OR REPLACE FUNCTION redshift.add(state numeric[], value bigint) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT ARRAY[state[1] + 1, state[2] + value] $$;
CREATE OR REPLACE FUNCTION redshift.average(state numeric[]) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT trunc(state[2] / nullif(state[1], 0), scale(state[2])) $$;
CREATE OR REPLACE FUNCTION redshift.average_whole(state numeric[]) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT redshift.average(state)::bigint $$;
CREATE OR REPLACE AGGREGATE redshift.avg(smallint) (
    SFUNC = int2_avg_accum, STYPE = bigint[], FINALFUNC = redshift.average, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE redshift.avg(integer) (
    SFUNC = int4_avg_accum, STYPE = bigint[], FINALFUNC = redshift.average, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE redshift.avg(bigint) (
    SFUNC = redshift.add, STYPE = numeric[], FINALFUNC = redshift.average_whole, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE redshift.avg(numeric) (
    SFUNC = redshift.add, STYPE = numeric[], FINALFUNC = redshift.average, INITCOND = '{0,0}');
CREATE OR REPLACE AGGREGATE redshift.avg(double precision) (
    SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');
CREATE OR REPLACE AGGREGATE redshift.avg(real) (
    SFUNC = float4_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');

-- AWS: r_STDDEV_functions, r_VARIANCE_functions give a DOUBLE PRECISION for every type; PostgreSQL's a NUMERIC for whole
-- numbers and decimals.
DO $$
DECLARE
    called text;
BEGIN
    FOREACH called IN ARRAY ARRAY['stddev', 'stddev_samp', 'stddev_pop', 'variance', 'var_samp', 'var_pop'] LOOP
        EXECUTE format('CREATE OR REPLACE AGGREGATE redshift.%s(double precision) (SFUNC = float8_accum, STYPE = float8[], '
            'FINALFUNC = float8_%s, INITCOND = ''{0,0,0}'')', called,
            CASE called WHEN 'stddev' THEN 'stddev_samp' WHEN 'variance' THEN 'var_samp' ELSE called END);
    END LOOP;
END $$;
