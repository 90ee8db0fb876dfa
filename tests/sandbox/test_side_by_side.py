"""Airflow where others want its port: several sandboxes at once, and a program that is there first."""

import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from include.sandbox.airflow import Airflow
from include.sandbox.services import Sandbox
from include.sandbox.state import LOOPBACK, REPOSITORY, State

pytestmark = pytest.mark.long

START = """
import sys
from pathlib import Path
from include.sandbox.airflow import Airflow
from include.sandbox.services import Sandbox

with Sandbox(Path(sys.argv[1])) as services:
    airflow = Airflow(services, schedule=False)
    try:
        airflow.migrate()
        api = airflow.start()
        print(services.state.ports, api.has_dag("sparkify"))
    finally:
        airflow.stop()
"""


@pytest.mark.parametrize("_time", range(10))
def test_three_with_airflow_start_at_once(_time):
    """Each is signed in to with its own password, of which the neighbour's would answer 401."""
    with ExitStack() as stack:
        started = []
        for _ in range(3):
            folder = Path(tempfile.mkdtemp(prefix="sandbox-"))  # not pytest's, which PostgreSQL's account may not enter
            stack.callback(shutil.rmtree, folder)
            State(folder, ports={"ui": 18080, "redshift": 15439}).save()
            command = [sys.executable, "-c", START, str(folder)]
            started.append(subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True))
        said = [child.communicate()[0] for child in started]
    assert [child.returncode for child in started] == [0, 0, 0]
    assert all(text.endswith("True\n") for text in said), said


def test_a_program_that_takes_the_port_before_the_api_server_keeps_it(state_root):
    with Sandbox(state_root) as services, ExitStack() as stack:
        taken = []

        def take() -> None:
            while "ui" not in services.state.ports:
                time.sleep(0.01)
            neighbour = socket.socket()
            neighbour.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            neighbour.bind((LOOPBACK, services.state.ports["ui"]))
            neighbour.listen()
            taken.append(stack.enter_context(neighbour).getsockname()[1])

        airflow = Airflow(services, schedule=False)
        airflow.migrate()
        stack.callback(airflow.stop)
        thief = threading.Thread(target=take)
        thief.start()
        api = airflow.start()
        thief.join()
        assert api.has_dag("sparkify")
        assert services.state.ports["ui"] not in taken
