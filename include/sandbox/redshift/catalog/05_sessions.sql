-- Who is connected and what runs, as far as PostgreSQL tells: what is past is kept nowhere. A regular user sees his own,
-- a superuser of Redshift also those of the users that he has made (AWS: cm_chap_system-tables, visibility of data).
-- Looked up anew each time: these tables are not isolated (AWS: c_serial_isolation).
CREATE OR REPLACE FUNCTION redshift.activity() RETURNS SETOF pg_stat_activity
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_stat_clear_snapshot();
    RETURN QUERY SELECT * FROM pg_stat_activity;
END $$;
CREATE OR REPLACE VIEW redshift.sessions AS
SELECT a.*
FROM redshift.activity() a
JOIN pg_roles r ON r.oid = a.usesysid AND NOT r.rolsuper
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND pg_has_role(a.usesysid, 'USAGE');

-- AWS: r_STV_SESSIONS. Sessions have no time-out here.
CREATE OR REPLACE VIEW pg_catalog.stv_sessions AS
SELECT backend_start::timestamp AS starttime, pid AS process, usename::char(50) AS user_name, datname::char(50) AS db_name,
       0 AS timeout_sec
FROM redshift.sessions;

-- AWS: r_STV_RECENTS, whose duration is that of the session. Of what is done, the last of each session that is still
-- open; the text is that of PostgreSQL's statement.
CREATE OR REPLACE VIEW pg_catalog.stv_recents AS
SELECT usesysid::integer AS userid, CASE state WHEN 'active' THEN 'Running' ELSE 'Done' END::char(20) AS status,
       query_start::timestamp AS starttime,
       least(extract(epoch FROM clock_timestamp() - backend_start) * 1000000, 2147483647)::integer AS duration,
       usename::char(50) AS user_name, datname::char(50) AS db_name, query::char(600) AS query,
       CASE state WHEN 'active' THEN pid ELSE -1 END AS pid
FROM redshift.sessions
WHERE query <> '';

-- AWS: r_SVV_TRANSACTIONS. PostgreSQL numbers a transaction when it first writes.
CREATE OR REPLACE VIEW pg_catalog.svv_transactions AS
SELECT s.usename::text AS txn_owner, s.datname::text AS txn_db, s.backend_xid::text::bigint AS xid, s.pid,
       s.xact_start::timestamp AS txn_start, l.mode AS lock_mode, l.locktype AS lockable_object_type,
       l.relation::integer AS relation, l.granted
FROM redshift.sessions s
JOIN pg_locks l ON l.pid = s.pid
WHERE (l.locktype = 'transactionid' OR (l.locktype = 'relation' AND l.database = (
           SELECT oid FROM pg_database WHERE datname = current_database())))
  AND (l.relation IS NULL OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation AND c.relkind = 'i'));

-- AWS: r_CANCEL.
CREATE OR REPLACE FUNCTION pg_catalog.redshift_cancel(process integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM redshift.activity() WHERE pid = process AND datname = current_database()) THEN
        RAISE internal_error USING MESSAGE = format('Session %s does not exist. The session PID might have changed. '
            'Check the stl_restarted_sessions system table for details.', process);
    END IF;
    PERFORM pg_cancel_backend(process);
END $$;
