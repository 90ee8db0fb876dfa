"""What many checks cost beside one: they share scans, so that they cost little more."""

from __future__ import annotations

import os
import time
from functools import partial

from include.sandbox import data
from include.sandbox.services import pipeline_environment
from include.sandbox.state import REPOSITORY
from tests.benchmarks.workbench import Workbench

HOUR = ("2018-12-03T18:00:00", "2018-12-03T19:00:00")
MANY = 60
TIMES = 36  # every check of the run's own tables is once the one


def ratio(bench: Workbench) -> float:
    """Of the same task, from its templates to its kept results, over an hour that is published.

    The many are all that the DAG checks before it publishes, and one for each column that it stages. The one is each
    time another of them. The least time of each counts: what a busy machine does to a task of some hundredth of a
    second is more than what is measured.
    """
    sandbox = bench.sandbox(fill=partial(data.fill, source=data.SAMPLE))
    os.environ.update(pipeline_environment(sandbox.state))
    from airflow.sdk import DAG

    from sparkify.checks import Check, expect, holds, together
    from sparkify.declared import Declared
    from sparkify.macros import MACROS, parameters
    from sparkify.operators.data_quality import DataQualityOperator
    from sparkify.star import BEFORE_PUBLICATION, PERSONAL, RUN
    from tests.pipeline import Run, sparkify_once, variables_in

    dag = sparkify_once()
    loading = Run(dag, *HOUR, variables_in(os.environ))
    for task in dag.topological_sort():
        if task.task_id not in ("reprocess_stale", "cleanup"):
            loading.task(task.task_id)

    def seconds(checks: list[Check]) -> float:
        with DAG(
            "sparkify", schedule=None, user_defined_macros=MACROS, template_searchpath=dag.template_searchpath
        ) as of:
            DataQualityOperator(
                task_id="check",
                conn_id="sparkify_redshift",
                checks=together(checks, personal=PERSONAL),
                results_table="{{ star() }}.quality_results",
                parameters=parameters,
            )
        began = time.perf_counter()
        Run(of, *HOUR, variables_in(os.environ), loading.run_id).task("check")
        return time.perf_counter() - began

    folder = REPOSITORY / "include" / "sql"
    changes = sorted(path.relative_to(folder).as_posix() for path in folder.glob("create/[0-9]*.sql"))
    columns = Declared(folder, [*changes, "create/run_schema.sql"]).tables
    of_columns = [
        check
        for table in ("staging_events", "staging_songs")
        for column in columns[f"run.{table}"]
        for check in expect(
            f"{RUN}.{table}",
            holds(f"{column} is not too long", f"len({column}::varchar) <= 1024", column),
            zero_rows="pass",
        )
    ]
    many = [*BEFORE_PUBLICATION, *of_columns][:MANY]
    assert len(many) == MANY, "there are fewer checks than are to be measured"
    ones, manys = [], []
    for n in range(TIMES):
        ones.append(seconds(many[n : n + 1]))
        manys.append(seconds(many))
        bench.tell(f"checks {n + 1}/{TIMES}: {manys[-1] * 1000:.0f} ms / {ones[-1] * 1000:.0f} ms")
    return min(manys) / min(ones)
