"""The stand-in on its own: any PostgreSQL 16 or later, any S3, and a fixture for the tests of another project."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from include.sandbox.postgres import Postgres

ROOT = Path(__file__).parents[3]
PROJECT = """
pytest_plugins = ["include.sandbox.redshift.pytest_plugin"]

def test_a_copy(redshift):
    s3 = redshift.s3()
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="mine", Key="songs/1", Body='{"id": 1}{"id": 2}')
    with redshift.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE songs (id int DISTKEY)")
        cursor.execute("COPY songs FROM 's3://mine/songs' IAM_ROLE default JSON 'auto'")
        cursor.execute("SELECT sum(id) FROM songs")
        assert cursor.fetchone() == (3,)

def test_another_driver_finds_the_same_database(redshift):
    import redshift_connector
    connection = redshift_connector.connect(ssl=False, **redshift.address)
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM songs")
    assert cursor.fetchone()[0] == 2
"""


def command(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "include.sandbox", "redshift", *arguments], cwd=ROOT, text=True,
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def refusal(*arguments: str) -> str:
    with command(*arguments) as process:
        assert process.wait(30) == 1
        assert process.stderr is not None
        return process.stderr.read()


@pytest.fixture
def postgres(cluster: Any) -> Iterator[Postgres]:
    """A PostgreSQL that no sandbox has seen yet."""
    folder = Path(tempfile.mkdtemp(prefix="redshift-"))
    server = Postgres(folder / "postgres", free_port(), "secret")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_it_serves_any_postgresql_and_any_s3(cluster: Any, postgres: Postgres) -> None:
    source = cluster.put("standalone", '{"a": 1}')
    keys = "ACCESS_KEY_ID 'test' SECRET_ACCESS_KEY 'test'"
    with command("--postgres", postgres.dsn("postgres"), "--s3", cluster.endpoint, "--user", "me") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("postgresql://me:")
        assert "@127.0.0.1:" in url
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a int)")
            cursor.execute(f"COPY t FROM '{source}' {keys} JSON 'auto'")
            cursor.execute("SELECT a, current_user, 'B' < 'a' FROM t")
            assert cursor.fetchone() == (1, "me", True)
        port = url.rpartition(":")[2].partition("/")[0]
        taken = refusal(
            "--postgres", postgres.dsn("postgres"), "--s3", cluster.endpoint, "--user", "me", "--port", port
        )
        assert f"cannot listen on 127.0.0.1:{port}" in taken
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""
    password = url.split(":")[2].partition("@")[0]
    assert password not in postgres.log_file.read_text()


def test_what_cannot_be_served_is_said(cluster: Any) -> None:
    s3 = ("--s3", cluster.endpoint)
    assert "PostgreSQL cannot be reached: " in refusal("--postgres", "host=127.0.0.1 port=1", *s3)
    dsn = cluster.postgres.dsn("postgres")
    assert 'The role "postgres" is a superuser' in refusal("--postgres", dsn, *s3, "--user", "postgres")
    owner = cluster.postgres.dsn("dev", "awsuser", cluster.password)
    assert "cannot be reached: " in refusal("--postgres", owner, *s3)  # it may not enter the database `postgres`


def test_another_project_tests_with_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_project.py").write_text(PROJECT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_project.py"], cwd=tmp_path, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr
