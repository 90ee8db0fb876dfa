"""The services: they start where there is room, keep what they hold, and leave nothing running."""

import signal
import socket
import stat
import subprocess
import sys
import time
import uuid

import psutil
import psycopg2
import pytest
import redshift_connector

from include.sandbox.aws import queued
from include.sandbox.process import MARK
from include.sandbox.services import Sandbox, connect
from include.sandbox.state import LOOPBACK, SandboxError, State


def processes_of(root):
    """What runs for a state folder: marked children, and PostgreSQL by its data directory."""
    found = []
    for process in psutil.process_iter(["environ", "cmdline", "status"]):
        marked = (process.info["environ"] or {}).get(MARK) == str(root)
        server = str(root / "postgres") in (process.info["cmdline"] or [])
        if (marked or server) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def one(state, text):
    with connect(state) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else ()


def test_both_drivers_reach_the_warehouse_as_a_user_without_superuser_rights(sandbox):
    for connection in (sandbox.redshift(), sandbox.psycopg2()):
        cursor = connection.cursor()
        cursor.execute("select current_user, current_database()")
        assert list(cursor.fetchone()) == ["awsuser", "dev"]


def test_a_wrong_password_is_refused(sandbox):
    with pytest.raises(psycopg2.OperationalError, match='password authentication failed for user "awsuser"'):
        sandbox.psycopg2(password="wrong")
    with pytest.raises(redshift_connector.Error, match='password authentication failed for user "awsuser"'):
        sandbox.redshift(password="wrong")


def test_the_metadata_database_is_closed_to_the_warehouse_user(sandbox):
    server = sandbox.services.postgres()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.dsn("airflow", user="airflow", password=sandbox.services.state.secret("redshift")))


def test_everything_listens_on_the_loopback_only(sandbox):
    addresses = {
        listener.laddr.ip
        for process in processes_of(sandbox.services.root)
        for listener in process.net_connections("inet")
        if listener.status == psutil.CONN_LISTEN
    }
    assert addresses == {LOOPBACK}


def test_no_secret_is_in_a_command_line(sandbox):
    lines = [" ".join(process.cmdline()) for process in processes_of(sandbox.services.root)]
    secrets = [*sandbox.services.state.secrets.values(), sandbox.services.state.aws["secret_access_key"]]
    assert lines
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def test_the_state_file_is_its_owners_only(sandbox):
    mode = (sandbox.services.root / "state.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_objects_and_tables_survive_a_stop_and_nothing_is_left_running(state_root):
    with Sandbox(state_root) as first:
        client = boto(first)
        client.put_object(Bucket="sparkify-source", Key="log_data/", Body=b"")
        client.put_object(Bucket="sparkify-source", Key="log_data/é %.json", Body=b"\x00\xff no newline")
        one(first.state, "create table kept (number integer)")
    assert processes_of(state_root) == []
    with Sandbox(state_root) as second:
        client = boto(second)
        assert client.get_object(Bucket="sparkify-source", Key="log_data/")["Body"].read() == b""
        kept = client.get_object(Bucket="sparkify-source", Key="log_data/é %.json")["Body"].read()
        assert kept == b"\x00\xff no newline"
        assert one(second.state, "select count(*) from kept") == ([0],)
    assert processes_of(state_root) == []


def test_a_second_sandbox_in_the_same_folder_is_refused(sandbox):
    with pytest.raises(SandboxError, match="runs already"):
        Sandbox(sandbox.services.root).start()
    assert one(sandbox.services.state, "select 1") == ([1],)


def test_taken_ports_are_left_to_who_has_them(state_root):
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        state = State(state_root, ports={"redshift": port, "aws": port, "postgres": port})
        state.save()
        with Sandbox(state_root) as services:
            assert port not in services.state.ports.values()
            assert one(services.state, "select 1") == ([1],)


def test_a_start_ends_what_a_killed_sandbox_left_behind(state_root):
    script = (
        "import sys, time; from pathlib import Path; from include.sandbox.services import Sandbox;"
        "Sandbox(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(600)"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(state_root)], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "up\n"
    left = processes_of(state_root)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len([process for process in left if process.is_running()]) >= 3
    with Sandbox(state_root) as services:
        assert one(services.state, "select 1") == ([1],)
        gone_by = time.monotonic() + 5
        while any(alive(process) for process in left) and time.monotonic() < gone_by:
            time.sleep(0.05)
        assert not [process for process in left if alive(process)]
    assert processes_of(state_root) == []


def test_a_service_that_cannot_start_says_why_and_leaves_nothing_running(state_root):
    (state_root / "postgres").mkdir()
    (state_root / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(SandboxError, match=r"pg_ctl failed on .*postgres"):
        Sandbox(state_root).start()
    assert processes_of(state_root) == []


def test_the_pipelines_keys_and_alerts_work(sandbox):
    aws = sandbox.services.state.aws
    message = f"hello {uuid.uuid4()}"  # the inbox is shared by all tests
    sandbox.aws("sns").publish(TopicArn=aws["topic_arn"], Message=message)
    assert [text for _, text in queued(aws)].count(message) == 1
    assert [text for _, text in queued(aws)].count(message) == 1, "reading leaves it there"
    user = sandbox.aws("iam").get_access_key_last_used(AccessKeyId=aws["access_key_id"])["UserName"]
    assert user == "sparkify-pipeline"


def test_the_pipeline_may_write_to_the_work_bucket_only(sandbox):
    iam = sandbox.aws("iam")
    policy = iam.get_user_policy(UserName="sparkify-pipeline", PolicyName="least-privilege")["PolicyDocument"]
    writes = [one for one in policy["Statement"] if "s3:PutObject" in one["Action"]]
    assert [one["Resource"] for one in writes] == ["arn:aws:s3:::sparkify-work/manifests/*"]
    role = iam.get_role(RoleName="sparkify-copy")["Role"]
    assert role["Arn"] == "arn:aws:iam::123456789012:role/sparkify-copy"


def alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def boto(services):
    from include.sandbox.services import app_client

    return app_client(services.state)
