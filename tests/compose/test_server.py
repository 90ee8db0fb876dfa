"""The server of docker-compose.yaml, brought up for real with either executor; a worker dies while it publishes.

The tests of one server are in order: each needs what those before it left.
"""

from __future__ import annotations

import json
import socket
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import httpx
import psutil
import pytest

from include.sandbox.airflow import DAG_ID
from include.sandbox.sample import generate
from tests.compose.server import EXAMPLE, LOOPBACK, Server, prepared, run, started, until
from tests.oracle import expected_tables

SAMPLE = datetime(2018, 12, 1), datetime(2018, 12, 8)
OF_SAMPLE = "start_time < '2018-12-08'"
PATIENCE = 900  # seconds; a machine may be busy
VARIANTS = {
    "LocalExecutor": {"COMPOSE_PROFILES": "sandbox"},
    "CeleryExecutor": {"COMPOSE_PROFILES": "sandbox,celery"},
}
SECRETS = [line.rstrip("=") for line in EXAMPLE.splitlines() if line.endswith("=")]

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module", params=VARIANTS)
def server(request):
    failures = request.session.testsfailed
    scale = "worker=2" if request.param == "CeleryExecutor" else ""
    settings = VARIANTS[request.param]
    with started(
        lambda: request.session.testsfailed > failures, scale=scale, AIRFLOW_EXECUTOR=request.param, **settings
    ) as running:
        yield running


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_starts_without_its_secrets(secret, tmp_path):
    lacking = prepared(tmp_path, **{secret: ""})
    said = lacking.compose("up", "--detach", check=False)
    assert secret in said
    assert "run make env" in said
    assert lacking.left() == []


def test_settings_of_a_real_aws_reach_airflow_as_they_are_written(tmp_path):
    written = '{"conn_type": "redshift", "password": "a$b#c \'q\'", "extra": {"region": "us-west-2"}}'
    real = prepared(tmp_path, COMPOSE_PROFILES="")
    Path(real.settings["AIRFLOW_ENV_FILE"]).write_text(f"AIRFLOW_CONN_SPARKIFY_REDSHIFT={written}\n")
    services = json.loads(real.compose("config", "--format", "json").replace("$$", "$"))["services"]
    assert {"sandbox", "redis", "worker"} & set(services) == set()
    for name in ("api-server", "scheduler", "triggerer"):
        assert services[name]["environment"]["AIRFLOW_CONN_SPARKIFY_REDSHIFT"] == written


def test_a_worker_dies_while_it_publishes_and_the_load_goes_on(server):
    api = server.api()
    with closing(server.redshift()) as connection:
        cursor = connection.cursor()
        until(lambda: has_tables(connection), PATIENCE, "the star schema")
        cursor.execute("lock sparkify.publish_mutex")
        cursor.execute(f"select count(*) from sparkify.songplays where {OF_SAMPLE}")
        assert cursor.fetchone()[0] == 0, "the mutex was taken too late"
        run_id = next(found["dag_run_id"] for found in api.runs(DAG_ID) if found["run_type"] == "manual")
        publish = until(lambda: waiting_publication(server, run_id), PATIENCE, "a publication that waits for the mutex")
        run("docker", "kill", publish.host)
    server.up(*(["--scale", "worker=2"] if "celery" in server.settings["COMPOSE_PROFILES"] else []))
    until(lambda: api.run_state(DAG_ID, run_id) in ("success", "failed"), PATIENCE, "the end of the run")
    assert api.run_state(DAG_ID, run_id) == "success"
    (published,) = (task for task in api.tasks(DAG_ID, run_id) if task.name == "publish")
    assert published.attempt > publish.attempt


def test_the_tables_hold_the_sample_once(server):
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample"
        generate(sample)
        expected = expected_tables(sample, *SAMPLE)
    with closing(server.redshift()) as connection:
        cursor = connection.cursor()
        for table in ("songplays", "time"):
            cursor.execute(f'select * from sparkify."{table}" where {OF_SAMPLE}')
            assert_same(cursor.fetchall(), getattr(expected, table), table)
        for table in ("songs", "artists"):
            cursor.execute(f"select * from sparkify.{table}")
            assert_same(cursor.fetchall(), getattr(expected, table), table)
        # what a user is like, the last play says: some have been heard since, by the live feed
        cursor.execute(f"select distinct user_id from sparkify.songplays where not {OF_SAMPLE}")
        heard_since = {user for (user,) in cursor.fetchall()}
        cursor.execute("select * from sparkify.users")
        users = list(map(tuple, cursor.fetchall()))
        assert {user[0] for user in users} == {user[0] for user in expected.users} | heard_since
        settled = [user for user in users if user[0] not in heard_since]
        assert_same(settled, [user for user in expected.users if user[0] not in heard_since], "users")


def test_the_schedule_loads_the_live_hours(server):
    api = server.api()
    scheduled = until(
        lambda: [
            found["dag_run_id"] for found in api.runs(DAG_ID, state="success") if found["run_type"] == "scheduled"
        ],
        PATIENCE,
        "a scheduled run",
    )
    with closing(server.redshift()) as connection:
        cursor = connection.cursor()
        cursor.execute("select run_id from sparkify.published_runs")
        assert set(scheduled) <= {run_id for (run_id,) in cursor.fetchall()}
        cursor.execute(f"select count(*) from sparkify.songplays where not {OF_SAMPLE}")
        assert cursor.fetchone()[0] > 0


def test_the_sandbox_may_be_restarted_although_its_keys_change(server):
    before = server.inside("scheduler", "cat", "/opt/airflow/settings/connections.json")
    server.compose("restart", "sandbox")
    server.up()
    assert server.inside("scheduler", "cat", "/opt/airflow/settings/connections.json") != before
    api = server.api()
    run_id = api.trigger(DAG_ID, {"start": "2018-12-03T09:00:00+00:00", "end": "2018-12-03T10:00:00+00:00"})
    until(lambda: api.run_state(DAG_ID, run_id) in ("success", "failed"), PATIENCE, "the end of the run")
    assert api.run_state(DAG_ID, run_id) == "success"


def test_ports_are_published_on_loopback_only(server):
    published = [
        (bound["HostIp"], bound["HostPort"])
        for container in server.containers()
        for ports in container["NetworkSettings"]["Ports"].values()
        for bound in ports or []
    ]
    wanted = {server.settings["AIRFLOW_PORT"], server.settings["SANDBOX_REDSHIFT_PORT"]}
    assert sorted(published) == sorted((LOOPBACK, port) for port in wanted)
    others = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and address.address != LOOPBACK
    ]
    assert others
    for port in map(int, wanted):
        assert answers(LOOPBACK, port)
        assert not any(answers(address, port) for address in others)


def test_no_container_runs_as_root_or_may_change_what_is_deployed(server):
    for container in server.containers():
        name, host = container["Name"], container["HostConfig"]
        uids = run("docker", "exec", container["Id"], "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid:").split("\n")
        assert {uid.split()[2] for uid in uids if uid} & {"0"} == set(), name
        assert host["CapDrop"] == ["ALL"], name
        assert host["Memory"] > 0, name
        mounts = [mount for mount in container["Mounts"] if mount["Type"] == "bind"]
        assert not any(mount["RW"] for mount in mounts), name
        assert server.settings["AIRFLOW_ADMIN_PASSWORD"] not in " ".join(container["Args"]), name


def test_nobody_gets_in_without_the_password(server):
    address = server.api().address
    assert httpx.get(f"{address}/api/v2/dags", trust_env=False).status_code == 401
    login = {"username": "admin", "password": "admin"}
    assert httpx.post(f"{address}/auth/token", json=login, trust_env=False).status_code == 401


def has_tables(connection) -> bool:
    """Whether the first run has made the tables; leaves no transaction open."""
    cursor = connection.cursor()
    cursor.execute("select count(*) from pg_tables where schemaname = 'sparkify' and tablename = 'publish_mutex'")
    (count,) = cursor.fetchone()
    connection.rollback()
    return count > 0


def waiting_publication(server: Server, run_id: str):
    """The task that publishes a run, once a transaction waits for a lock; None before."""
    (publish,) = (task for task in server.api().tasks(DAG_ID, run_id) if task.name == "publish")
    if publish.state != "running":
        return None
    with closing(server.redshift()) as connection:
        cursor = connection.cursor()
        cursor.execute("select count(*) from svv_transactions where not granted")
        return publish if cursor.fetchone()[0] else None


def assert_same(rows, expected, table):
    assert sorted(map(repr, map(tuple, rows))) == sorted(map(repr, map(tuple, expected))), table


def answers(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, port)) == 0
