"""How long the DAG file takes to import, beyond Airflow itself, which the processes that parse it have imported."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from statistics import median

from include.sandbox.state import REPOSITORY
from tests.benchmarks.workbench import Workbench

DAG_FILE = REPOSITORY / "dags" / "sparkify.py"
TIMES = 9

# A fresh interpreter imports what the DAG file imports of Airflow's SDK, and then the file. The import of the SDK takes
# two seconds, and its noise is larger than what is measured: so it is left out, not subtracted.
PROGRAM = """
import runpy, sys, time
{control}
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(time.perf_counter() - began)
"""


def seconds(bench: Workbench) -> float:
    """Median over fresh interpreters that find the compiled modules on disk."""
    program = PROGRAM.format(control=_control())
    found = []
    for n in range(TIMES + 1):  # the first compiles them
        found.append(_run(program))
        bench.tell(f"parse {n}/{TIMES}: {found[-1]:.3f} s")
    return median(found[1:])


def _control() -> str:
    """The lines of the DAG file that import names of Airflow's SDK; each name is used, since the SDK imports lazily."""
    imports = [
        node
        for node in ast.parse(DAG_FILE.read_text()).body
        if isinstance(node, ast.ImportFrom) and node.module == "airflow.sdk"
    ]
    return "\n".join(ast.unparse(node) for node in imports)


def _run(program: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(DAG_FILE)],
        env={**environment, "PYTHONPATH": f"{REPOSITORY / 'plugins'}"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(done.stdout)
