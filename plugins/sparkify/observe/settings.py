"""The Variables and connections that no run can do without."""

from __future__ import annotations

from collections.abc import Iterator

from sparkify.alerts.channels import AWS_CONNECTION
from sparkify.alerts.reporting import WORK_VARIABLE
from sparkify.observe import WAREHOUSE_CONNECTION
from sparkify.observe.attention import Attention
from sparkify.star import SOURCE_VARIABLE

VARIABLES = (SOURCE_VARIABLE, WORK_VARIABLE, "sparkify_iam_role", "sparkify_region")
CONNECTIONS = (WAREHOUSE_CONNECTION, AWS_CONNECTION)


def missing() -> Iterator[Attention]:
    """Name those that nobody has set, in the metadata database, the environment or a secrets backend."""
    from airflow.sdk import BaseHook, Variable
    from airflow.sdk.exceptions import AirflowNotFoundException

    for name in VARIABLES:
        if not Variable.get(name, None):
            yield absent("Variable", name, "variables")
    for name in CONNECTIONS:
        try:
            BaseHook.get_connection(name)
        except AirflowNotFoundException:
            yield absent("connection", name, "connections")


def absent(kind: str, name: str, command: str) -> Attention:
    """Say that a setting is missing.

    Args:
        kind: what it is.
        name: its name.
        command: of Airflow's command line that sets it.
    """
    return Attention(
        f"the {kind} {name} is missing",
        "Every run needs it.",
        f"Set it in the UI below Admin, or by `airflow {command} --help`; then clear what has failed.",
    )
