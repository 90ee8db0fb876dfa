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
