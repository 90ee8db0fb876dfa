"""The stand-in in front of every PostgreSQL that it is for, and of one that is too old."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.postgres import Postgres
from tests.sandbox.redshift.conftest import POSTGRES, free_port
from tests.sandbox.redshift.versions import ROOT, programs, use


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", ["16", "17"])
def test_all_tests_of_the_stand_in_pass_in_front_of_an_older_version(version: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not long", Path(__file__).parent],
        cwd=ROOT, env={**os.environ, POSTGRES: str(programs(version))}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"stand-in in front of: postgres (PostgreSQL) {version}." in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_an_older_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    folder, port = Path(tempfile.mkdtemp(prefix="older-")), free_port()
    use(programs("15"), monkeypatch)
    server = Postgres(folder / "postgres", port, "secret")
    server.start()
    try:
        said = refusal(server.dsn("postgres"))
    finally:
        server.stop()
        shutil.rmtree(folder)
    assert f"PostgreSQL 15 at 127.0.0.1:{port} is too old: the sandbox needs 16 or later." in said


def refusal(dsn: str) -> str:
    done: Any = subprocess.run(
        [sys.executable, "-m", "include.sandbox", "redshift", "--s3", "http://127.0.0.1:1"], cwd=ROOT, timeout=60,
        env={**os.environ, "SANDBOX_POSTGRES_DSN": dsn}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    return str(done.stderr)
