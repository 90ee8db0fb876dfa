"""The metrics that a person is shown, and the settings that send them."""

import re
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from include.sandbox.airflow import airflow_environment
from include.sandbox.state import SandboxError
from include.sandbox.statsd import address


@pytest.fixture
def shown():
    """What `make metrics` prints, on any free port."""
    command = [sys.executable, "-u", "-m", "include.sandbox", "metrics", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout
        process.terminate()


def test_the_pipelines_metrics_are_printed_with_their_tags_and_nothing_else(shown):
    port = int(re.search(r":(\d+)$", shown.readline())[1])
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as airflow:
        for packet in (
            b"airflow.ti.start,dag_id=sparkify:1|c",
            b"airflow.sparkify.stage.rows,table=t,task_id=x:4643|c",
        ):
            airflow.sendto(packet, ("127.0.0.1", port))
    assert shown.readline().split() == ["counter", "airflow.sparkify.stage.rows", "4,643.00", "table=t", "task_id=x"]


@pytest.mark.parametrize("text", ["8125", "localhost", "localhost:", ":8125", "localhost:x"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(SandboxError, match="STATSD="):
        address(text)


def test_lineage_and_metrics_are_off_unless_they_are_asked_for(sandbox, tmp_path, monkeypatch):
    def observed():
        environment = airflow_environment(sandbox.services, schedule=False)
        return {name for name in environment if name.startswith(("AIRFLOW__OPENLINEAGE", "AIRFLOW__METRICS"))}

    monkeypatch.delenv("LINEAGE", raising=False)
    monkeypatch.delenv("STATSD", raising=False)
    assert observed() == set()
    monkeypatch.setenv("LINEAGE", str(tmp_path / "events"))
    monkeypatch.setenv("STATSD", "127.0.0.1:8125")
    assert {"AIRFLOW__OPENLINEAGE__TRANSPORT", "AIRFLOW__METRICS__STATSD_PORT"} < observed()
    assert (tmp_path / "events").is_dir()
