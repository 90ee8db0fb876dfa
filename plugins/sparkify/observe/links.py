"""Where facts are looked at in Airflow's UI."""

from __future__ import annotations

from sparkify.alerts.incidents import MetIn
from sparkify.observe import DAG_ID


def url(run_id: str) -> str:
    """The page of a run in Airflow's UI."""
    return MetIn(DAG_ID, run_id).url()
