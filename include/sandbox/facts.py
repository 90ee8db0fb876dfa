"""The facts of `sparkify.observe`, asked by a process that is configured as this sandbox's Airflow is.

A process of its own, since Airflow reads its configuration when it is first imported. It asks the warehouse, S3 and
Airflow's metadata itself, so it knows what it can also while Airflow's api-server is down.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.sandbox import process
from include.sandbox.airflow import airflow_environment
from include.sandbox.services import Sandbox
from include.sandbox.state import REPOSITORY, SandboxError, State, read_ready

SECONDS = 120


def facts(state: State) -> dict[str, Any]:
    """Returns all that is known, by part: overview, checks, quarantine, alerts, throughput.

    Args:
        state: of the running sandbox.

    Raises:
        SandboxError: it cannot be asked; the message holds the end of what was said.
    """
    schedule = bool((read_ready(state.root, "up") or {}).get("schedule"))
    environment = {
        **airflow_environment(Sandbox(state.root), schedule=schedule),
        "PYTHONPATH": f"{REPOSITORY / 'plugins'}",
    }
    try:
        asked = subprocess.run(  # noqa: S603 - our own command, no shell
            process.python_command("sparkify.observe"), env=process.child_environment(state.root, environment),
            cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"What became of the hours was not told within {SECONDS} s: see what is busy.") from error
    try:
        found: dict[str, Any] = json.loads(asked.stdout)
    except ValueError as error:
        raise SandboxError(f"What became of the hours cannot be told:\n{asked.stderr[-2000:].strip()}") from error
    return found


def moments(texts: list[str]) -> list[datetime]:
    """Returns moments in UTC that were told as ISO 8601."""
    return [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in texts]  # Python 3.10 does not read its Z


def hours_in(overview: Mapping[str, Any], letter: str) -> list[datetime]:
    """Returns the hours that have a state, in order.

    Args:
        overview: as told.
        letter: of the state.
    """
    return [
        datetime.fromisoformat(f"{day['day']}T{hour:02}:00:00+00:00")
        for day in overview["days"]
        for hour, one in enumerate(day["states"])
        if one == letter
    ]
