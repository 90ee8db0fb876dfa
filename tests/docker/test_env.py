import base64
import stat
import subprocess
import sys

import pytest

from include.docker.env import generated, main
from include.sandbox.state import REPOSITORY

EXAMPLE = (REPOSITORY / ".env.example").read_text()


def secrets(text):
    """The values of the names that have none in the example."""
    names = [line for line in EXAMPLE.splitlines() if line.endswith("=")]
    return [line.removeprefix(name) for name in names for line in text.splitlines() if line.startswith(name)]


def test_every_secret_is_made_and_no_two_are_the_same():
    first, second = secrets(generated(EXAMPLE)), secrets(generated(EXAMPLE))
    assert len(first) == EXAMPLE.count("=\n") >= 6
    assert len({*first, *second}) == 2 * len(first)
    for secret in first:
        assert len(base64.urlsafe_b64decode(secret)) == 32


def test_the_rest_is_the_example():
    kept = [line for line in EXAMPLE.splitlines() if not line.endswith("=")]
    assert [line for line in generated(EXAMPLE).splitlines() if line in kept] == kept


def test_the_file_is_its_owners_only(tmp_path):
    assert main(tmp_path / ".env") == 0
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_left_alone(tmp_path, capsys):
    (tmp_path / ".env").write_text("mine")
    assert main(tmp_path / ".env") == 1
    assert (tmp_path / ".env").read_text() == "mine"
    assert "exists" in capsys.readouterr().err


def test_it_needs_nothing_but_python(tmp_path):
    script = REPOSITORY / "include" / "docker" / "env.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(tmp_path / ".env")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", [line for line in EXAMPLE.splitlines() if "=" in line and not line.startswith("#")])
def test_every_line_is_explained(line):
    before = EXAMPLE[: EXAMPLE.index(line)].rstrip("\n").splitlines()
    block = []
    while before and before[-1]:
        block.append(before.pop())
    assert any(said.startswith("# ") for said in block)
