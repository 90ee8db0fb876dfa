-- Intervals in binary, which Amazon's driver asks for (redshift_connector: type_utils.py, interval_recv_integer): the
-- eight bytes of microseconds and four of months that PostgreSQL 8.0 sends (its timestamp.c, interval_send), which has no
-- days of their own. Other drivers that ask for binary get PostgreSQL's sixteen bytes, which is what they can read.
CREATE OR REPLACE FUNCTION redshift.send_interval(span interval) RETURNS bytea
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    months integer := extract(year FROM span) * 12 + extract(month FROM span);
BEGIN
    IF current_setting('redshift.driver', true) = 'amazon' THEN
        RETURN int8send((extract(epoch FROM span - make_interval(months => months)) * 1000000)::bigint) || int4send(months);
    END IF;
    RETURN interval_send(span);
END $$;
UPDATE pg_type SET typsend = 'redshift.send_interval(interval)'::regprocedure WHERE oid = 'interval'::regtype;
