"""What Airflow calls; the package's page says when, and in which process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sparkify.alerts.incidents import LATE, SCHEDULE, Incident, datetime_of
from sparkify.alerts.reporting import report, report_by
from sparkify.alerts.slots import held_slot

# Neither a task that is killed nor one that a person marks as failed comes to its own callback, and neither its
# supervisor nor the scheduler calls it (apache/airflow#60858): all that is left is that its run fails, with the same
# state of the task for both.
SILENT = (
    "it failed without an error of its own: a person marked it failed, or its process was ended (killed by SIGKILL, "
    "out of memory, lost with its worker). The log ends where it was."
)
SILENT_ADVICE = (
    "look in the audit log (UI: Browse, Audit Log) whether somebody marked it; if nobody did, at the worker's memory "
    "and events at that time. Then clear the task with everything downstream of it."
)
LATE_REASON = "the run is {state} and not finished {minutes} minutes after the end of its hour."
LATE_ADVICE = (
    "look at what the run waits for: a free slot of the pool, a lock in the warehouse, a retry after an error, "
    "a scheduler or worker that is not healthy."
)
RUN_REASON = "the run failed without a failed task: {reason}."
WARNING_ADVICE = "look at the records: the run went on with them. It is over with the first run that does not meet it."


def notify_failure(context: Any) -> None:
    """Tell that a task has failed for good: the ``on_failure_callback`` of tasks.

    An exception may say more precisely what failed: the :class:`Incident` objects of its ``incidents`` are told then,
    in place of the task; nothing, if it has none, as it only follows from what other tasks have told.

    Args:
        context: of the failed task.
    """
    error = context.get("exception")
    found = getattr(error, "incidents", None)
    if found is None:
        found = [Incident(context["ti"].task_id, str(error) if error else SILENT)]
    report(context, found)


def notify_run_failure(context: Any) -> None:
    """Tell which tasks have failed without telling it themselves: the ``on_failure_callback`` of the DAG.

    Args:
        context: of the run; ``reason`` is why Airflow calls it failed.
    """
    failed = [task for task, state in _states(context).items() if state == "failed"]
    # the last task, with which the run ended, failed because of the others
    causes = [task for task in failed if task != context["ti"].task_id] or failed
    silent = [Incident(task, SILENT, SILENT_ADVICE) for task in causes]
    found = silent or [Incident("run", RUN_REASON.format(reason=context.get("reason")))]
    report_by(context, [*found, *held_slot(context)], lambda _name: False, second_hand=True)


def notify_recovery(context: Any) -> None:
    """Tell what is over: what the last task calls at its end, which looks once for all tasks of the run.

    Args:
        context: of the last task.
    """
    states = _states(context) | {context["ti"].task_id: "failed" if context.get("exception") else "success"}
    well = {task for task, state in states.items() if state == "success"}
    if "failed" not in states.values():
        well |= {"run", *([LATE, SCHEDULE] if context["dag_run"].run_type == "scheduled" else [])}

    def is_over(name: str) -> bool:
        task, _, warning = name.partition("/")
        return task in well and (not warning or name not in {found.name for found in _warned(context, task)})

    report_by(context, held_slot(context), is_over)


def notify_warnings(context: Any) -> None:
    """Tell of the ``warnings`` that a task returned: its ``on_success_callback``.

    Each is a dict with at least ``name``; what else is in it is told as it is. That a warning is gone is told by
    :func:`notify_recovery`, so that a run without any looks into the journal once.

    Args:
        context: of the task.
    """
    if found := _warned(context, context["ti"].task_id):
        report(context, found)


async def notify_late(context: Any) -> None:
    """Tell that a scheduled run is not finished in time: the callback of the DAG's deadline.

    Airflow gives every run with a logical date a deadline. Those of backfills passed long ago. So did that of a run
    which the scheduler made after it: the schedule was off until then. And a run that has failed has told so.

    Args:
        context: ``dag_run`` as the REST API shows it, and the ``deadline``.
    """
    dag_run = context["dag_run"]
    if dag_run["run_type"] != "scheduled" or dag_run["state"] not in ("queued", "running"):
        return
    due, end = datetime_of(context["deadline"]["deadline_time"]), datetime_of(dag_run["data_interval_end"])
    if datetime_of(dag_run["queued_at"]) <= due:
        reason = LATE_REASON.format(state=dag_run["state"], minutes=round((due - end).total_seconds() / 60))
        # The triggerer's event loop serves all triggers: a channel that does not answer must not hold it up.
        await asyncio.to_thread(report, context, [Incident(LATE, reason, LATE_ADVICE)])


def _states(context: Any) -> dict[str, str]:
    """The state of each task of the run by its id."""
    ti = context.get("ti")
    if ti is None:  # the DAG processor could not tell which task the run ended with
        return {}
    run_id = context["run_id"]
    states: dict[str, str] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[run_id]).get(run_id, {})
    return states


def _warned(context: Any, task: str) -> list[Incident]:
    """The warnings that a task of the run returned."""
    returned = context["ti"].xcom_pull(task_ids=task)
    warnings = returned.get("warnings", []) if isinstance(returned, Mapping) else []
    return [Incident(f"{task}/{warning['name']}", _facts(warning), WARNING_ADVICE, "warn") for warning in warnings]


def _facts(warning: Mapping[str, Any]) -> str:
    """What a warning says: in words, then its other facts, then the sample, each where it is given."""
    last = ("name", "severity", "message", "sample")
    facts = "; ".join(f"{key}: {value}" for key, value in warning.items() if key not in last)
    return "\n".join(str(text) for text in (warning.get("message"), facts, warning.get("sample")) if text)
