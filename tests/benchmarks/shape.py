"""A DAG of the same shape as another one, whose tasks do nothing: what Airflow itself takes for a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import DAG

# BaseOperator, not EmptyOperator: the scheduler gives that one no process.
FILE = '''\
"""Generated: tasks, edges, setups and teardowns of another DAG, and nothing to do."""

import json

from airflow.sdk import DAG, BaseOperator

TASKS = json.loads({tasks!r})


class NothingOperator(BaseOperator):
    def execute(self, context):
        return None


with DAG({dag_id!r}, schedule=None, max_active_runs=4) as dag:
    for name, task in TASKS.items():
        NothingOperator(task_id=name, trigger_rule=task["trigger_rule"])
    for name, task in TASKS.items():
        dag.get_task(name).is_setup, dag.get_task(name).is_teardown = task["is_setup"], task["is_teardown"]
        dag.get_task(name).set_downstream([dag.get_task(other) for other in task["downstream"]])
'''


def write(folder: Path, dag: DAG, dag_id: str) -> None:
    """Write the file of such a DAG.

    Args:
        folder: where Airflow looks for DAG files.
        dag: whose shape it has.
        dag_id: of the new one.
    """
    tasks = {
        task.task_id: {
            "trigger_rule": task.trigger_rule.value,
            "is_setup": task.is_setup,
            "is_teardown": task.is_teardown,
            "downstream": sorted(task.downstream_task_ids),
        }
        for task in dag.tasks
    }
    (folder / f"{dag_id}.py").write_text(FILE.format(tasks=json.dumps(tasks), dag_id=dag_id))
