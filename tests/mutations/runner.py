"""Runs mutations: each in a copy of the project of its own, by a pytest process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from include.sandbox.services import Sandbox
from tests.conftest import SHARED_SANDBOX
from tests.mutations.mutation import Mutation

ROOT = Path(__file__).parents[2]
AT_A_TIME = 2
# Nothing that depends on chance or on an earlier run; a test that hangs is a test that fails.
PYTEST = (
    "-m",
    "pytest",
    "-q",
    "--tb=short",
    "--timeout=120",
    "-p",
    "no:cacheprovider",
    "--hypothesis-seed=0",
    "-m",
    "not long",
)
DEADLINE_SECONDS, HUNG = 1200, -1  # a mutation may make a test wait for ever
TESTS_FAILED = 1  # pytest's exit code; others are for what is no verdict on the project
FAILED = re.compile(r"^FAILED (tests/.+?)(?: - .*)?$", re.MULTILINE)
# What shows that the mutation itself is broken, and no test saw it do anything wrong.
BROKEN = re.compile(
    r"^ERROR tests/|SQLSTATE 42|EndpointConnectionError|\b(?:Syntax|Name|Import|ModuleNotFound)Error\b", re.MULTILINE
)


class BaselineError(RuntimeError):
    """The tests do not pass on the project as it is, so they cannot tell a mutation."""


@dataclass(frozen=True)
class Outcome:
    """What came of a mutation.

    Args:
        mutation: which.
        killed_by: the first test that failed; empty if none did.
        problem: why that says nothing about the mutation; empty if it does.
        seconds: from the copy of the project to the verdict.
    """

    mutation: Mutation
    killed_by: str
    problem: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether a test noticed what the mutation does."""
        return bool(self.killed_by) and not self.problem

    @property
    def verdict(self) -> str:
        """For a person, in one line."""
        if self.problem:
            return "NO VERDICT: the mutation itself is broken, or its tests are"
        return f"killed by {self.killed_by}" if self.killed else "SURVIVED"


def run(mutations: Sequence[Mutation]) -> Iterator[Outcome]:
    """Run mutations, two at a time, once it is sure that their tests pass without them.

    Args:
        mutations: of the product; the sandbox under the tests is started once and stays as it is.

    Yields:
        The outcomes, as they come.

    Raises:
        BaselineError: the tests do not pass on the project as it is.
    """
    with ExitStack() as stack:
        base = stack.enter_context(folder())
        copy_project(base)
        selection = sorted({test for mutation in mutations for test in mutation.tests})
        done = pytest(base, *selection, "-n", str(AT_A_TIME), "--dist", "loadfile")
        if done.returncode != 0:
            raise BaselineError(done.stdout + done.stderr)
        sandboxes: Queue[Sandbox] = Queue()
        for _ in range(AT_A_TIME):
            sandboxes.put(stack.enter_context(Sandbox(stack.enter_context(folder()))))
        threads = stack.enter_context(ThreadPoolExecutor(AT_A_TIME))
        for finished in as_completed([threads.submit(_outcome, base, one, sandboxes) for one in mutations]):
            yield finished.result()


def _outcome(base: Path, mutation: Mutation, sandboxes: Queue[Sandbox]) -> Outcome:
    began = time.monotonic()
    sandbox = sandboxes.get()
    try:
        with folder() as copy:
            shutil.copytree(base, copy, dirs_exist_ok=True)
            mutation.apply(copy)
            done = pytest(copy, "-x", *mutation.tests, sandbox=sandbox.root)
    finally:
        sandboxes.put(sandbox)
    found = FAILED.search(done.stdout)
    problem = ""
    if done.returncode not in (0, TESTS_FAILED) or BROKEN.search(done.stdout):
        problem = f"pytest ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return Outcome(mutation, found[1] if found else "", problem, time.monotonic() - began)


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder outside the checkout. PostgreSQL's account may pass through it, also if we are root."""
    made = Path(tempfile.mkdtemp(prefix="mutation-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def copy_project(target: Path) -> None:
    """Copy what git knows of, as it is in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def pytest(root: Path, *arguments: str, sandbox: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy of the project; what they leave behind goes with the copy.

    Args:
        root: the copy.
        arguments: pytest's.
        sandbox: the state folder of one that runs, for the tests to use; None to let them start their own.
    """
    temporary = root / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "COLUMNS": "1000"}  # a line that is cut names no test
    if sandbox:
        environment[SHARED_SANDBOX] = str(sandbox)
    try:
        return subprocess.run(
            [sys.executable, *PYTEST, *arguments], cwd=root, env=environment, capture_output=True, text=True,
            timeout=DEADLINE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as expired:
        return subprocess.CompletedProcess(expired.cmd, HUNG, "", f"it did not end within {DEADLINE_SECONDS} s")
    finally:
        shutil.rmtree(temporary)
