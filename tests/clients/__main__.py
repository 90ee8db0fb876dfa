"""Runs real clients against one sandbox and prints what each can do: `python -m tests.clients [NAME ...]`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from tests.clients.capabilities import CLIENTS, COLUMNS, Client
from tests.clients.service import serving
from tests.environments import prepare

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / ".venv-clients"


def main(names: list[str]) -> int:
    chosen = {name: CLIENTS[name] for name in names or CLIENTS}
    for environment in sorted({client.environment for client in chosen.values()} - {""}):
        prepare(HERE / "requirements" / f"{environment}.txt", ENVIRONMENTS / environment, partial(print, flush=True))
    shown: dict[str, dict[str, str]] = {}
    began = time.monotonic()
    with serving() as address, tempfile.TemporaryDirectory() as folder:
        for name, client in chosen.items():
            shown[name] = cells(client, run(name, client, address, Path(folder) / f"{name}.jsonl"))
    print("\n" + matrix(shown) + f"\n{time.monotonic() - began:.0f} seconds")
    return any("FAILED" in row.values() for row in shown.values())


def run(name: str, client: Client, address: dict[str, object], results: Path) -> list[dict[str, Any]]:
    """Runs the tests of one client in its environment; returns what conftest.py wrote of each."""
    python = ENVIRONMENTS / client.environment / "bin" / "python" if client.environment else Path(sys.executable)
    results.touch()
    pytest = [python, "-m", "pytest", "-q", "--tb=short", "--show-capture=no", "-c", HERE / "pytest.ini"]
    subprocess.run(
        [*pytest, HERE / f"test_{name}.py"], cwd=ROOT, check=False,
        env=os.environ | {"CLIENTS_ADDRESS": json.dumps(address), "CLIENTS_RESULTS": str(results)},
    )  # fmt: skip
    return [json.loads(line) for line in results.read_text().splitlines()]


def cells(client: Client, results: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Returns the client's row: a capability without a test that shows it has failed, as has one with a failed test."""
    passed: dict[str, list[object]] = {column: [] for column in COLUMNS}
    for result in results:
        for name in result["can"]:
            passed[name].append(result["passed"])
    return {column: cell(tests, expected=column in client.can) for column, tests in passed.items()}


def cell(passed: list[object], *, expected: bool) -> str:
    """Returns what the matrix shows of a capability, given the outcome of each test that shows it."""
    if not passed:
        return "FAILED" if expected else "-"
    return "yes" if all(passed) else "FAILED"


def matrix(shown: dict[str, dict[str, str]]) -> str:
    """Returns the rows as a table in Markdown."""
    lines = [["client", *COLUMNS], ["---"] * (len(COLUMNS) + 1)]
    lines += [[name, *row.values()] for name, row in shown.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    sys.exit(main(sys.argv[1:]))
