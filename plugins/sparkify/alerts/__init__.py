"""Telling someone what is wrong: once for each incident, and once more when it is over.

The callbacks that a DAG names, and the process that calls each:

| callback | of | called by | what it tells |
|---|---|---|---|
| notify_failure | every task | the task; the DAG processor if its heartbeat was missed | it failed for good |
| notify_run_failure | the DAG | the DAG processor | tasks that failed without an error: killed, or marked |
| notify_warnings | tasks that warn | the task | the ``warnings`` that it returned |
| notify_recovery | the last task | the task | tasks, warnings and a schedule that are well again |
| notify_late | the DAG's deadline | the triggerer | a scheduled run that is not finished |

An operator can report from within by :func:`report`. None of them ever raises: who cannot alert says so in the log, and
the task is what it was.
"""

from sparkify.alerts.callbacks import (
    notify_failure,
    notify_late,
    notify_recovery,
    notify_run_failure,
    notify_warnings,
)
from sparkify.alerts.incidents import LATE_AFTER, Incident
from sparkify.alerts.reporting import report

__all__ = [
    "LATE_AFTER",
    "Incident",
    "notify_failure",
    "notify_late",
    "notify_recovery",
    "notify_run_failure",
    "notify_warnings",
    "report",
]
