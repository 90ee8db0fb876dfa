-- Takes over the designs that earlier editions kept in tables of their own; nothing reads those any more.
DO $$
BEGIN
    IF to_regclass('redshift.designs') IS NOT NULL THEN
        PERFORM redshift.write_design(d.table_id, d.design || jsonb_build_object('constraints', (
            SELECT coalesce(jsonb_agg(to_jsonb(k) - 'table_id'), '[]')
            FROM redshift.constraints k WHERE k.table_id = d.table_id)))
        FROM redshift.designs d JOIN pg_class c ON c.oid = d.table_id;
        DROP TABLE redshift.designs, redshift.constraints;
        DROP FUNCTION IF EXISTS redshift.has_design, redshift.extend_design, redshift.forget_dropped;
    END IF;
    -- They made no indexes.
    PERFORM redshift.index_sort_key(c.oid, redshift.design_of(c.oid)) FROM pg_class c
    WHERE c.relkind = 'r' AND redshift.design_of(c.oid) IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid);
END $$;
