-- What a value is made when it is cast to a type with a length, or stored in a column of one.

-- NUMERIC has no NaN (AWS: r_Numeric_types201); PostgreSQL's infinity fits no precision. A precision is always there: where
-- none is given it is (18,0).
CREATE OR REPLACE FUNCTION redshift.fit(value numeric, modifier integer) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SUPPORT numeric_support AS $$
BEGIN
    IF value = 'NaN' THEN
        RAISE invalid_text_representation USING MESSAGE = 'invalid input syntax for type numeric: "NaN"';
    END IF;
    RETURN pg_catalog.numeric(value, modifier);
END $$;
UPDATE pg_cast SET castfunc = 'redshift.fit(numeric,integer)'::regprocedure
WHERE castsource = 'numeric'::regtype AND casttarget = 'numeric'::regtype;

-- TIMETZ is kept in UTC (AWS: r_Datetime_types): here by the precision that its columns and casts have, which is not shown.
CREATE OR REPLACE FUNCTION redshift.fit(value timetz, modifier integer) RETURNS timetz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT value AT TIME ZONE interval '0' $$;
UPDATE pg_cast SET castfunc = 'redshift.fit(timetz,integer)'::regprocedure
WHERE castsource = 'timetz'::regtype AND casttarget = 'timetz'::regtype;
CREATE OR REPLACE FUNCTION redshift.shown_type(type oid, modifier integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT format_type(type, CASE WHEN type <> 'timetz'::regtype THEN modifier END)
$$;
