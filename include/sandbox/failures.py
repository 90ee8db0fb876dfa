"""Why runs and tasks failed, by their logs."""

from __future__ import annotations

from include.sandbox.airflow import DAG_ID
from include.sandbox.api import AirflowApi, Task


def explained(api: AirflowApi, run_id: str) -> str:
    """Returns which tasks of a failed run failed, and the text of each one's error."""
    failed = [task for task in api.tasks(DAG_ID, run_id) if task.state == "failed"]
    lines = [f"  task {task.name}, attempt {task.attempt}: {reason(api, run_id, task)}" for task in failed]
    return "\n".join([f"Run {run_id} of the DAG {DAG_ID} failed.", *lines])


def reason(api: AirflowApi, run_id: str, task: Task) -> str:
    """Returns the error in the log of a task's last attempt."""
    entries = api.log(DAG_ID, run_id, task.name, task.attempt)
    errors = [detail for entry in entries for detail in entry.get("error_detail") or []]
    if errors:
        return f"{errors[0]['exc_type']}: {errors[0]['exc_value']}"
    return "\n".join(entry["event"] for entry in entries[-10:]) or "its log is empty."
