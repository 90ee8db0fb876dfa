"""Names of functions that are refused."""

from __future__ import annotations

# AWS: c_unsupported-postgresql-functions; what only the leader node has is refused as a whole.
FUNCTIONS = frozenset(
    """string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg every corr covar_pop covar_samp
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy mode
    pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock
    clock_timestamp statement_timestamp transaction_timestamp pg_sleep pg_sleep_for pg_sleep_until justify_days
    justify_hours justify_interval div width_bucket setseed generate_series generate_subscripts unnest nextval currval
    setval lastval bit_length overlay convert_from convert_to encode format concat_ws quote_nullable regexp_matches
    regexp_match regexp_split_to_array regexp_split_to_table string_to_array array_to_string to_json to_jsonb
    row_to_json json_build_object jsonb_build_object json_array_elements jsonb_array_elements jsonb_extract_path
    jsonb_extract_path_text make_date make_time make_timestamp make_timestamptz make_interval date_bin
    gen_random_uuid txid_current pg_current_xact_id to_tsvector to_tsquery xmlparse query_to_xml dblink lo_import
    json_object json_array json_objectagg json_arrayagg json_scalar json_value json_query json_exists json_table
    json_each json_each_text json_object_keys json_to_record json_to_recordset json_populate_record json_strip_nulls
    jsonb_set jsonb_insert jsonb_each jsonb_pretty jsonb_path_query jsonb_object_keys jsonb_typeof jsonb_array_length
    regexp_like starts_with gcd lcm factorial trim_scale min_scale scale sinh cosh tanh asinh acosh atanh
    sind cosd tand asind acosd atand erf erfc gamma lgamma random_normal uuidv4 uuidv7 normalize unistr casefold
    parse_ident sha224 sha256 sha384 sha512 crc32c get_byte get_bit set_byte set_bit bit_count pg_typeof
    current_query inet_client_addr inet_server_addr pg_postmaster_start_time pg_size_pretty pg_table_size
    pg_relation_size pg_total_relation_size pg_database_size to_regclass to_regtype array_append array_prepend
    array_cat array_position array_positions array_remove array_replace array_length array_ndims array_dims
    cardinality string_to_table bit_xor range_agg multirange_agg merge_action int4range int8range numrange tsrange
    tstzrange daterange point box circle lseg polygon xmlelement xmlforest xmlconcat xmlroot pg_current_snapshot
    pg_current_wal_lsn table_to_xml xpath
    lo_export pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file num_nonnulls num_nulls set_config
    """.split()  # noqa: SIM905 - a list would fill a page
)
# Redshift has them, the sandbox has not: VARBYTE, sketches, hashes that PostgreSQL lacks, and SUPER values being made.
MISSING = frozenset(
    """from_hex to_varbyte from_varbyte sha sha1 func_sha1 checksum farmfingerprint64 murmur3_32_hash soundex difference
    hll hll_cardinality hll_combine hll_create_sketch array array_concat array_flatten subarray object
    object_transform json_size st_point st_distance collate octetindex is_char is_integer is_smallint is_bigint
    is_decimal is_float decimal_precision decimal_scale""".split()  # noqa: SIM905 - a list would fill a page
)
# Only the leader node has them, and arrays (AWS: c_sql-functions-leader-node).
LEADER_NODE = frozenset({"array", "array_length", "array_dims", "array_append", "array_to_string", "generate_series",
                         "unnest"})  # fmt: skip
# They are none of a query that reads a user's table (AWS: c_SQL_functions_leader_node_only).
NOT_BESIDE_TABLES = frozenset({"current_schema", "current_schemas", "has_database_privilege", "has_schema_privilege",
                               "has_table_privilege"})  # fmt: skip
