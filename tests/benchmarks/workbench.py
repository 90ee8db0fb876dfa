"""What benchmarks share: where progress is told, and an Airflow that the first one to need it starts."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType

from rich.console import Console

from include.sandbox import data
from include.sandbox.airflow import Airflow
from include.sandbox.api import AirflowApi
from include.sandbox.process import wait_until
from include.sandbox.runs import Runs
from include.sandbox.services import Sandbox
from include.sandbox.state import REPOSITORY
from tests.benchmarks import shape
from tests.benchmarks.copying import Copying

LEVEL = "AIRFLOW__LOGGING__LOGGING_LEVEL"
IDLE = "nothing"  # the DAG whose tasks do nothing
DAY = datetime(2018, 12, 3, tzinfo=timezone.utc), datetime(2018, 12, 4, tzinfo=timezone.utc)
DAG_SECONDS = 60.0


@dataclass
class Workbench:
    """Open for as long as benchmarks run; what they have started is stopped at the end.

    Args:
        console: on stderr, since stdout is for figures.
    """

    console: Console = field(default_factory=lambda: Console(stderr=True))
    _stack: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Workbench:
        # Airflow reads this when it is imported: it would make a folder in the person's home, and log every statement.
        os.environ |= {"AIRFLOW_HOME": str(self.folder()), LEVEL: "WARNING"}
        sys.path.append(str(REPOSITORY / "plugins"))  # as Airflow does for its own processes
        importlib.import_module("tests.pipeline")
        del os.environ[LEVEL]  # the Airflow that is measured logs as it always does
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    def tell(self, text: str) -> None:
        """Show how far a benchmark is."""
        self.console.print(text, highlight=False, soft_wrap=True)

    def folder(self) -> Path:
        """An empty folder, removed at the end."""
        made = Path(tempfile.mkdtemp(prefix="bench-"))
        self._stack.callback(shutil.rmtree, made, ignore_errors=True)
        return made

    def sandbox(self, **how: object) -> Sandbox:
        """PostgreSQL, Redshift and AWS in a folder of their own."""
        return self._stack.enter_context(Sandbox(self.folder(), **how))

    @cached_property
    def copying(self) -> Copying:
        """What is measured of COPY, in a sandbox of its own."""
        return Copying(self)

    @cached_property
    def runs(self) -> Runs:
        """Airflow over the sample, with the DAG and one of its shape that is `IDLE`; `DAY` and all songs are loaded."""
        from tests.pipeline import sparkify_once

        self.tell("Starting Airflow")
        project = self.folder()
        (project / "include").symlink_to(REPOSITORY / "include")  # where a DAG file looks for its SQL
        dags = project / "dags"
        dags.mkdir()
        (dags / "sparkify.py").symlink_to(REPOSITORY / "dags" / "sparkify.py")
        shape.write(dags, sparkify_once(), IDLE)
        sandbox = self.sandbox(fill=partial(data.fill, source=data.SAMPLE))
        airflow = Airflow(sandbox, schedule=False, dags=dags)
        self._stack.callback(airflow.stop)
        airflow.migrate()
        api = airflow.start()
        wait_until(partial(api.has_dag, IDLE), DAG_SECONDS, f"The DAG {IDLE}", airflow.children)
        made = Runs(sandbox, api, self.console, airflow.check)
        made.load_range(*DAY)
        return made

    @property
    def api(self) -> AirflowApi:
        """The REST API of that Airflow."""
        return self.runs.api

    def span(self, dag_id: str, run_ids: list[str]) -> float:
        """Seconds from the start of the first of some runs to the end of the last, by that Airflow's clock."""
        runs = [run for run in self.api.runs(dag_id) if run["dag_run_id"] in run_ids]
        start = min(datetime.fromisoformat(run["start_date"]) for run in runs)
        end = max(datetime.fromisoformat(run["end_date"]) for run in runs)
        return (end - start).total_seconds()
