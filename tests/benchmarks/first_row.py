"""How long the sandbox takes to start in an empty folder."""

from __future__ import annotations

import time

from include.sandbox.services import Sandbox, connect, query
from tests.benchmarks.workbench import Workbench


def seconds(bench: Workbench) -> float:
    """From nothing to the answer of one query."""
    folder = bench.folder()
    began = time.monotonic()
    with Sandbox(folder) as sandbox, connect(sandbox.state) as connection:
        query(connection, "select 1")
        return time.monotonic() - began
