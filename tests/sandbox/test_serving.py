"""The sandbox serves an Airflow that runs elsewhere; here nobody answers at its address, so nothing is loaded.

The last test stops it.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import redshift_connector

from include.sandbox.aws import SOURCE_BUCKET, client
from include.sandbox.state import REPOSITORY, State, read_ready

OWN_ADDRESS = "127.0.0.2"  # of loopback too, but not where the sandbox listens unless told


@pytest.fixture(scope="module")
def serving():
    # not below pytest's own folder: as root it closes that to others at every start, and PostgreSQL is run by another
    root = Path(tempfile.mkdtemp(prefix="sandbox-"))
    settings = root / "settings"
    environment = {**os.environ, "SANDBOX_HOST": OWN_ADDRESS, "AIRFLOW_ADMIN_PASSWORD": "given"}
    command = ["serve", "--airflow", "http://127.0.0.1:9", "--settings", str(settings)]
    child = subprocess.Popen(
        [sys.executable, "-m", "include.sandbox", "--state", str(root), *command], cwd=REPOSITORY, env=environment
    )
    try:
        while read_ready(root, "up") is None:
            assert child.poll() is None
            time.sleep(0.1)
        yield child, root, settings
    finally:
        child.terminate()
        child.wait()
        shutil.rmtree(root)


def connection(settings: Path, name: str) -> dict:
    return json.loads((settings / "connections.json").read_text())[name]


def test_connections_and_variables_are_handed_over_and_lead_to_the_services(serving):
    _, root, settings = serving
    for name in ("connections.json", "variables.json"):
        assert stat.S_IMODE((settings / name).stat().st_mode) == 0o600
    redshift, aws = connection(settings, "sparkify_redshift"), connection(settings, "sparkify_aws")
    assert redshift["host"] == OWN_ADDRESS
    with closing(
        redshift_connector.connect(
            host=redshift["host"], port=redshift["port"], database=redshift["schema"], user=redshift["login"],
            password=redshift["password"], **redshift["extra"],
        )
    ) as warehouse:  # fmt: skip
        cursor = warehouse.cursor()
        cursor.execute("select current_user")
        assert list(cursor.fetchone()) == [redshift["login"]]
    s3 = client(
        "s3", aws["extra"]["endpoint_url"], aws_access_key_id=aws["login"], aws_secret_access_key=aws["password"]
    )
    assert s3.list_objects_v2(Bucket=SOURCE_BUCKET, Prefix="song_data/")["KeyCount"] > 300
    variables = json.loads((settings / "variables.json").read_text())
    assert variables["sparkify_source"] == f"s3://{SOURCE_BUCKET}"
    assert State.load(root).airflow == "http://127.0.0.1:9"


def test_it_listens_where_it_is_told_and_nowhere_else(serving):
    child, root, _ = serving
    ports = State.load(root).ports
    listening = {
        (found.laddr.ip, found.laddr.port) for found in psutil.net_connections("tcp") if found.status == "LISTEN"
    }
    ours = {(address, port) for address, port in listening if port in ports.values()}
    assert ours == {("127.0.0.1" if name == "postgres" else OWN_ADDRESS, port) for name, port in ports.items()}
    assert child.poll() is None


def test_at_the_end_nothing_leads_to_it_any_more(serving):
    child, _, settings = serving
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 130
    assert (settings / "connections.json").read_text() == "{}"
    assert (settings / "variables.json").read_text() == "{}"
