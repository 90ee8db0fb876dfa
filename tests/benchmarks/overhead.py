"""How much longer an hourly run takes than the same graph of tasks that do nothing."""

from __future__ import annotations

import time
from statistics import median

from include.sandbox.airflow import DAG_ID
from include.sandbox.runs import RUN_ENDED
from include.sandbox.state import SandboxError
from tests.benchmarks.workbench import IDLE, Workbench

HOUR = {"start": "2018-12-03T18:00:00Z", "end": "2018-12-03T19:00:00Z"}
TIMES = 7
LOOK_SECONDS = 0.25


def ratio(bench: Workbench) -> float:
    """Median over pairs of runs, one after the other in the same Airflow; the songs are loaded already."""
    ratios = []
    for n in range(TIMES + 1):  # the first pair warms up
        real, idle = _seconds(bench, DAG_ID, HOUR), _seconds(bench, IDLE, {})
        ratios.append(real / idle)
        bench.tell(f"overhead {n}/{TIMES}: {real:.1f} s / {idle:.1f} s = {ratios[-1]:.2f}")
    return median(ratios[1:])


def _seconds(bench: Workbench, dag_id: str, conf: dict[str, str]) -> float:
    run_id = bench.api.trigger(dag_id, conf)
    while (state := bench.api.run_state(dag_id, run_id)) not in RUN_ENDED:
        bench.runs.check()
        time.sleep(LOOK_SECONDS)
    if state != "success":
        raise SandboxError(bench.runs.explained(run_id))
    return bench.span(dag_id, [run_id])
