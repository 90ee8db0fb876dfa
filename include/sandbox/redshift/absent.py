"""What Redshift has and the sandbox has not, by name: asked for, it is refused, as a misspelt name would not be.

The names are those of AWS's pages cm_chap_system-tables (and what it leads to, such as sys_view_migration),
r_System_administration_functions and r_System_information_functions. A name is looked up here only once PostgreSQL has
not found it: a user's own table of that name is his table.
"""

from __future__ import annotations

import re

VIEWS = {
    "stl": """
        aggr alert_event_log analyze analyze_compression bcast commit_stats connection_log ddltext delete
        disk_full_diag dist error explain federated_query file_scan hash hashjoin insert limit merge mergejoin
        mv_state nestloop parse plan_info print_debug project query query_metrics querytext restarted_sessions
        return s3client s3client_error s3query save scan schema_quota_violations sessions sort sshclient_error
        stream_segs tr_conflict undone unique unload_log usage_control userlog utilitytext vacuum window wlm_error
        wlm_query wlm_rule_action""",
    "stv": """
        active_cursors blocklist cursor_configuration exec_state inflight load_state locks ml_model_info
        node_storage_capacity partitions query_metrics slices startup_recovery_state tbl_trans
        wlm_classification_config wlm_qmr_config wlm_query_queue_state wlm_query_state wlm_query_task_state
        wlm_service_class_config wlm_service_class_state xrestore_alter_queue_state""",
    "svcs": """
        alert_event_log compile concurrency_scaling_usage explain plan_info query_summary s3list s3log
        s3partition_summary s3query_summary stream_segs unload_log""",
    "svl": """
        auto_worker_action compile datashare_change_log datashare_cross_region_usage datashare_usage_consumer
        datashare_usage_producer federated_query multi_statement_violations mv_refresh_status qerror qlog
        query_metrics query_metrics_summary query_queue_info query_report query_summary restore_alter_table_progress
        s3list s3log s3partition s3partition_summary s3query s3query_summary s3retries spatial_simplify
        spectrum_scan_error statementtext stored_proc_call stored_proc_messages terminate udf_log user_info
        vacuum_percentage""",
    "svv": """
        alter_table_recommendations attached_masking_policy column_privileges copy_job_integrations
        database_privileges datashare_consumers datashare_objects datashare_privileges datashares default_privileges
        diskusage function_privileges geography_columns geometry_columns iam_privileges identity_providers
        integration integration_table_state interleaved_columns language_privileges masking_policy ml_model_info
        ml_model_privileges mv_dependency query_inflight query_state redshift_functions redshift_schema_quota
        restore_table_state rls_applied_policy rls_attached_policy rls_policy rls_relation role_grants
        schema_privileges schema_quota_state system_privileges user_info vacuum_progress vacuum_summary""",
    "sys": """
        analyze_compression_history analyze_history applied_masking_policy_log connection_log copy_job
        copy_job_detail copy_job_info datashare_change_log datashare_cross_region_usage datashare_usage_consumer
        datashare_usage_producer external_query_detail external_query_error extra_compute_for_automatic_optimization
        integration_activity integration_table_activity integration_table_state_change mv_refresh_history mv_state
        procedure_call procedure_messages query_detail query_explain query_history query_text restore_log
        restore_state schema_quota_violations serverless_usage session_history spatial_simplify stream_scan_errors
        stream_scan_states transaction_history udf_log unload_detail unload_history userlog vacuum_history""",
    "pg": "class_info database_info external_schema statistic_indicator user_info",
}
FUNCTIONS = frozenset(
    """pg_last_query_id slice_num user_is_member_of role_is_member_of has_assumerole_privilege default_iam_role
    current_namespace current_aws_account change_query_priority change_session_priority change_user_priority
    pg_get_cols pg_get_grantee_by_iam_role pg_get_iam_role_by_user""".split()  # noqa: SIM905 - a list would fill a page
)
NAMES = frozenset(f"{kind}_{name}" for kind, names in VIEWS.items() for name in names.split()) | FUNCTIONS
# What is nearest to it here.
INSTEAD = {"stv_inflight": "stv_recents", "svv_query_inflight": "stv_recents", "stv_locks": "svv_transactions",
           "stl_sessions": "stv_sessions", "sys_session_history": "stv_sessions"}  # fmt: skip
NOT_FOUND = re.compile(r'(?:relation|column) "(?:pg_catalog\.)?(\w+)" does not exist|function (?:pg_catalog\.)?(\w+)\(')
STATES = frozenset({"42P01", "42703", "42883"})


def refusal(sqlstate: str, message: str) -> dict[str, str]:
    """Returns the fields that change in PostgreSQL's error about a name it has not; none if Redshift lacks it too.

    Args:
        sqlstate: of the error.
        message: its primary message.
    """
    found = NOT_FOUND.match(message) if sqlstate in STATES else None
    name = (found[1] or found[2]) if found else ""
    if name not in NAMES:
        return {}
    hint = f"{INSTEAD[name]} shows what is known here." if name in INSTEAD else "What it shows is not known here."
    return {"C": "0A000", "M": f"{name} is not supported in the sandbox", "H": hint}
