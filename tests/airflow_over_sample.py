"""Airflow in a sandbox of its own that holds the sample, for tests of what only Airflow shows."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.sandbox import data
from include.sandbox.airflow import DAG_ID, Airflow
from include.sandbox.api import AirflowApi
from include.sandbox.services import Sandbox
from include.sandbox.state import REPOSITORY


@contextmanager
def airflow_over_sample(
    *, schedule: bool = False, dags: Path = REPOSITORY / "dags"
) -> Iterator[tuple[Airflow, AirflowApi]]:
    """Start it, and stop it and forget all of it at the end.

    Args:
        schedule: whether the scheduler starts runs of its own.
        dags: folder of the DAG files; one of them makes the DAG.

    Yields:
        Airflow, and its REST API.
    """
    root = Path(tempfile.mkdtemp(prefix="airflow-"))
    with Sandbox(root, fill=functools.partial(data.fill, source=data.SAMPLE)) as sandbox:
        airflow = Airflow(sandbox, schedule=schedule, dags=dags)
        try:
            airflow.migrate()
            api = airflow.start()
            api.unpause(DAG_ID)
            yield airflow, api
        finally:
            airflow.stop()
    shutil.rmtree(root)
