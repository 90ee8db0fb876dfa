"""Concurrent runs on a database whose isolation level is SERIALIZABLE, the default of older clusters."""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.sandbox.services import Sandbox, connect, pipeline_environment, query

HALVES = [("2018-12-01T00", "2018-12-02T10"), ("2018-12-01T12", "2018-12-03T00"), ("2018-12-01T05", "2018-12-01T20")]


@pytest.fixture(scope="module")
def serializable(pipelines_in, environment):
    """A pipeline in a sandbox of its own, whose database is serializable."""
    root = Path(tempfile.mkdtemp(prefix="sandbox-"))
    with Sandbox(root) as services, pytest.MonkeyPatch.context() as patch:
        with connect(services.state) as connection:
            connection.autocommit = True
            connection.cursor().execute("alter database dev isolation level serializable")
            level = query(connection, "select trim(isolation_level) from stv_db_isolation_level where db_name = 'dev'")
            assert list(map(list, level)) == [["Serializable"]]
        for name, value in pipeline_environment(services.state).items():
            patch.setitem(os.environ, name, value)
        yield pipelines_in(services)()
    shutil.rmtree(root)


def test_overlapping_runs_on_an_empty_warehouse_give_the_serial_result(serializable, folder, expected):
    """No task but publish may meet a conflict, and publish tries again: 1023 never reaches a person."""
    serializable.upload(folder)
    runs = [serializable.run(start, end) for start, end in HALVES]
    with ThreadPoolExecutor(len(runs)) as threads:
        list(threads.map(lambda run: run.all(), runs))
    assert serializable.published() == expected("2018-12-01", "2018-12-03")
    assert serializable.schemas() == set()
    again = [serializable.run(start, end) for start, end in HALVES]
    with ThreadPoolExecutor(len(again)) as threads:
        list(threads.map(lambda run: run.all(), again))
    assert serializable.published() == expected("2018-12-01", "2018-12-03")
