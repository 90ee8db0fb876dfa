"""Does what every task needs, once, in the process from which tasks are forked.

A task is a fork of the scheduler (LocalExecutor) or of a Celery worker, and would import provider, driver and AWS
client by itself: more than a second of CPU for each of a run's tasks. Airflow imports `airflow_local_settings` at the
start of every process (Airflow: "Configuring local settings"), so one line there does it:

    import sparkify.preload

All of it can be forked: modules are imported, patterns compiled and files read. No connection is opened, no thread is
started, and no credentials are looked for.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
import sys
from contextlib import suppress
from importlib import import_module

TASK_PARENTS = {"scheduler", "celery"}
CONNECTION_TYPES = ("redshift", "aws")


def set_session_factory() -> None:
    """Let AWS sessions share what they read of AWS's services, unless Airflow is configured to make them otherwise."""
    from airflow.sdk.configuration import conf

    if not conf.get("aws", "session_factory", fallback=None):
        os.environ["AIRFLOW__AWS__SESSION_FACTORY"] = "sparkify.aws.SessionFactory"


def reports_lineage() -> bool:
    """Whether OpenLineage's provider is installed and turned on."""
    try:
        from airflow.providers.openlineage.conf import is_disabled
    except ImportError:
        return False
    return not is_disabled()


def import_modules() -> None:
    """Import the provider, the driver, the runner of tasks and all of this package, and find the connections' hooks."""
    import redshift_connector  # noqa: F401
    from airflow.providers.amazon.aws.hooks import redshift_sql, s3  # noqa: F401
    from airflow.sdk.execution_time import task_runner  # noqa: F401
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    import sparkify

    # the api-server's, with all of FastAPI; and what only those need who follow the lineage
    others = ("sparkify.observe", *([] if reports_lineage() else ["sparkify.lineage."]))
    for module in pkgutil.walk_packages(sparkify.__path__, "sparkify."):
        if not module.name.startswith(others):
            import_module(module.name)
    providers = ProvidersManagerTaskRuntime()  # type: ignore[no-untyped-call]  # the SDK does not annotate it
    for connection_type in CONNECTION_TYPES:
        providers.hooks.get(connection_type)


def rehearse() -> None:
    """Do once what is slow only the first time: patterns are compiled, schemas and descriptions are read for it."""
    import boto3
    import sqlparse
    from airflow.sdk import DAG, Param
    from botocore import UNSIGNED, session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    from sparkify.aws import LOADER

    moment = Param(None, type=["null", "string"], format="date-time")
    dag = DAG("rehearsal", schedule=None, params={"moment": moment})
    dag.get_template_env().from_string("{% set a = [1] %}{{ a[0] }}").render()
    sqlparse.split("select 1; select 2", strip_semicolon=True)
    # What is wrong with the AWS configuration of this process is for the tasks that meet it to say.
    with suppress(BotoCoreError):
        core = session.get_session()
        core.register_component("data_loader", LOADER)
        unsigned = Config(signature_version=UNSIGNED)
        s3 = boto3.session.Session(botocore_session=core).client("s3", region_name="us-east-1", config=unsigned)
        s3.get_paginator("list_objects_v2")
    # The provider looks at the call stack for every client's user agent: that finds the file of each module.
    inspect.stack()


if TASK_PARENTS & set(sys.argv):
    set_session_factory()
    import_modules()
    rehearse()
