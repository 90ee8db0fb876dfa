"""The services: they start where there is room, keep what they hold, and leave nothing running."""

import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg2
import pytest
import redshift_connector

from include.sandbox.aws import queued
from include.sandbox.ports import hold
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


def test_what_an_earlier_version_left_open_is_its_owners_only_and_so_is_all_else(state_root):
    """Who is root starts PostgreSQL as another, which passes through the folder, and cannot read it."""
    state_root.chmod(0o755)
    for name in ("logs", "airflow"):
        (state_root / name).mkdir(mode=0o755)
    (state_root / "lock").touch(0o644)
    with Sandbox(state_root, fill=lambda state: (state.root / "sample").mkdir(mode=0o755)) as services:
        services.state.folder("reports")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state_root.iterdir()}
        assert {"lock", "logs", "airflow", "ready", "objects", "postgres", "state.json", "reports"} <= modes.keys()
        assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
        assert stat.S_IMODE(state_root.stat().st_mode) & 0o066 == 0


def together(folders):
    """Starts a sandbox in each folder at once, and returns their states; all are stopped at the end."""
    with ThreadPoolExecutor(len(folders)) as crew, ExitStack() as stack:
        made = [stack.enter_context(closing_sandbox(folder)) for folder in folders]
        list(crew.map(Sandbox.start, made))
        for services in made:
            assert one(services.state, "select 1") == ([1],)
            assert boto(services).list_buckets()["Buckets"]
        return [dict(services.state.ports) for services in made]


@contextmanager
def closing_sandbox(folder):
    services = Sandbox(folder)
    try:
        yield services
    finally:
        services.stop()


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.long)])
def test_three_that_start_at_once_and_want_the_same_ports_all_come_up(tmp_path_factory, times):
    for _ in range(times):
        with ExitStack() as stack:
            folders = [Path(stack.enter_context(TemporaryDirectory(prefix="sandbox-"))) for _ in range(3)]
            with socket.socket() as found:
                found.bind((LOOPBACK, 0))
                wanted = found.getsockname()[1]
            for folder in folders:
                State(folder, ports={"aws": wanted, "postgres": wanted, "redshift": wanted}).save()
            ports = [port for one in together(folders) for port in one.values()]
        assert len(ports) == len(set(ports)) == 15


def test_nobody_signs_in_to_another_program_on_the_port(sandbox):
    """As after the stand-in has died; the neighbour would be given the password."""
    state = State(sandbox.services.root, secrets={"redshift": "secret"})
    with socket.create_server((LOOPBACK, 0)) as neighbour:
        state.ports = {"redshift": neighbour.getsockname()[1], "ui": neighbour.getsockname()[1]}
        neighbour.settimeout(0.5)
        with pytest.raises(SandboxError, match="nobody signs in there"):
            connect(state)
        with pytest.raises(TimeoutError):
            neighbour.accept()


def test_a_held_port_is_its_servers_alone():
    held = hold(LOOPBACK, [])
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind((LOOPBACK, held.number))
    again = hold(LOOPBACK, [held.number])
    assert again.number != held.number
    with socket.create_server((LOOPBACK, held.number)):  # the server's own way
        held.release()
        assert hold(LOOPBACK, [held.number]).number != held.number


def test_a_start_on_a_full_disk_says_so_first(small_disk):
    with pytest.raises(SandboxError, match=r"^No space left on device: [\d,]+ bytes are free where .*disk is\. Free"):
        Sandbox(small_disk).start()
    assert processes_of(small_disk) == []


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
