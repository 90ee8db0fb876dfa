"""The facts of `sparkify.observe`: from the api-server, which serves them for the page, or without it.

While the api-server or the warehouse does not answer, a process of its own asks what can be asked: Airflow reads its
configuration when it is first imported, and that process is configured as this sandbox's Airflow is.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.sandbox import process
from include.sandbox.airflow import airflow_environment, open_api
from include.sandbox.services import Sandbox, running, why_ended
from include.sandbox.state import REPOSITORY, SandboxError, State, read_ready

SECONDS = 120
ALWAYS = {"start": "1970-01-01", "end": "9999-01-01"}
DETAILS = ("checks", "quarantine", "alerts", "throughput")


def facts(state: State) -> dict[str, Any]:
    """Returns all that is known, by part: overview, checks, quarantine, alerts, throughput.

    A part that is not known has `unavailable` in its place: what is wrong, why, and what to do.

    Args:
        state: of the running sandbox.

    Raises:
        SandboxError: nobody can be asked.
    """
    api = open_api(state)
    status, overview = api.page("overview", **ALWAYS)
    if status == 200:
        answers = {part: api.page(part, **ALWAYS) for part in DETAILS}
        details = {part: told if code == 200 else {"unavailable": told} for part, (code, told) in answers.items()}
        return {"overview": overview, **details}
    if state.airflow:
        raise SandboxError(f"{state.airflow} does not tell what became of the hours ({status}): {_said(overview)}")
    return _asked_without_the_server(state)


def _said(answer: Any) -> str:
    return " ".join(map(str, answer.values())).strip() if isinstance(answer, Mapping) else "nobody answers."


def _asked_without_the_server(state: State) -> dict[str, Any]:
    schedule = bool((read_ready(state.root, "up") or {}).get("schedule"))
    configured = airflow_environment(Sandbox(state.root), schedule=schedule)
    environment = {**configured, "PYTHONPATH": f"{REPOSITORY / 'plugins'}"}
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
        running(state.root)  # it may have ended meanwhile, and says why
        # while it is being stopped, its processes are ended, this one too
        said = why_ended(state.root) or asked.stderr[-2000:].strip() or "see the logs in the state folder's `logs/`."
        raise SandboxError(f"What became of the hours is not known: exit code {asked.returncode}: {said}") from error
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
