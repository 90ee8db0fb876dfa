"""Imports what every task needs, once, in the process from which tasks are forked.

A task is a fork of the scheduler (LocalExecutor) or of a Celery worker, and would import provider, driver and AWS
client by itself: more than a second of CPU for each of a run's tasks. Airflow imports `airflow_local_settings` at the
start of every process (Airflow: "Configuring local settings"), so one line there does it:

    import sparkify.preload
"""

from __future__ import annotations

import sys

TASK_PARENTS = {"scheduler", "celery"}
CONNECTION_TYPES = ("redshift", "aws")

if TASK_PARENTS & set(sys.argv):
    import boto3
    import redshift_connector
    from airflow.providers.amazon.aws.hooks import redshift_sql, s3
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    from sparkify.operators import publish, stage_to_redshift

    IMPORTED = (boto3, redshift_connector, redshift_sql, s3, task_runner, publish, stage_to_redshift)
    providers = ProvidersManagerTaskRuntime()  # type: ignore[no-untyped-call]  # the SDK does not annotate it
    HOOKS = [providers.hooks.get(connection_type) for connection_type in CONNECTION_TYPES]
