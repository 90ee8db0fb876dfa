-- Takes an earlier edition's catalogue away, except what users' objects may stand on: the functions that they call are
-- replaced in place, and the design of their tables is theirs.
DO $$
DECLARE
    views text;
    routine regprocedure;
    joined regoperator;
BEGIN
    IF to_regnamespace('redshift') IS NULL THEN
        RETURN;
    END IF;
    DROP EVENT TRIGGER IF EXISTS redshift_forget_dropped;
    SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') INTO views
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND c.oid >= 16384 AND n.nspname IN ('pg_catalog', 'redshift')
      AND c.relname <> 'visible_constraints';  -- views of information_schema, which cannot be dropped, read it
    IF views IS NOT NULL THEN
        EXECUTE 'DROP VIEW ' || views;
    END IF;
    FOR routine IN
        SELECT oid FROM pg_proc
        WHERE oid >= 16384 AND pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'redshift\_%'
           OR pronamespace = 'redshift'::regnamespace AND proargtypes[0] = 'date[]'::regtype AND prorettype <> 'date'::regtype
    LOOP
        EXECUTE 'DROP FUNCTION ' || routine;
    END LOOP;
    FOR joined, routine IN  -- of one pair of types each
        SELECT o.oid, p.oid FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
        WHERE p.pronamespace = 'redshift'::regnamespace AND p.proname = 'join_text' AND o.oprleft <> 'anynonarray'::regtype
    LOOP
        BEGIN
            EXECUTE format('DROP OPERATOR %s; DROP FUNCTION %s', joined, routine);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            CONTINUE;
        END;
    END LOOP;
    DROP TABLE IF EXISTS redshift.loads, redshift.load_files, redshift.load_errors, redshift.load_replacements;
END $$;
