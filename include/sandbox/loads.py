"""What the commands that load do: backfill, its plan, reprocess, and the load itself."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from include.sandbox import data, process
from include.sandbox.api import AirflowApi
from include.sandbox.facts import facts, moments
from include.sandbox.plan import print_plan, require_source
from include.sandbox.report import print_report, row_counts
from include.sandbox.runs import Runs
from include.sandbox.services import Sandbox
from include.sandbox.session import session, unpaused
from include.sandbox.state import Lock, SandboxError, State

HOURLY_RUNS = 3


@dataclass(frozen=True)
class Request:
    """What a person asked to load.

    Args:
        source: a bucket-shaped folder; None for what is there.
        start: first moment, in UTC; None for the first of the data.
        end: last moment, excluded; None for the last of the data.
        hourly: every hour as a run of its own.
    """

    source: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    hourly: bool = False


def load_today(sandbox: Sandbox, api: AirflowApi, check: Callable[[], None], console: Console) -> None:
    """Loads the hours of today that are over: the feed has written them, and the schedule makes no run of the past."""
    end = data.last_full_hour()
    midnight = end.replace(hour=0)
    if midnight < end:
        Runs(sandbox, api, console, check).load_range(midnight, end)


def backfill(root: Path, request: Request, console: Console) -> None:
    """Loads a range through the DAG; starts what is not running for the time that it takes."""
    with process.stopped_by_signals(), session(root, request.source, console) as (sandbox, api, check):
        load(sandbox, api, check, request, console, show_single_hours=False)


def show_plan(root: Path, request: Request, console: Console) -> None:
    """Prints what `backfill` would do; starts the services, without Airflow, for that time if they do not run."""
    with ExitStack() as stack:
        state = State.load(root)
        if Lock(root).holder() is None:
            stack.enter_context(process.stopped_by_signals())
            chosen = data.resolve(state, request.source)
            state = stack.enter_context(Sandbox(root, fill=functools.partial(data.fill, source=chosen))).state
        start, end = _range(state, request)
        print_plan(console, state, start, end, hourly=request.hourly)


def reprocess(root: Path, console: Console) -> None:
    """Loads exactly the stale hours again, those that follow each other as one run; reports if there are any.

    Starts what is not running for the time that it takes.
    """
    with process.stopped_by_signals(), session(root, None, console) as (sandbox, api, check):
        require_source(sandbox.state)
        hours = moments(facts(sandbox.state)["overview"]["stale"]) if sandbox.state.loaded else []
        if not hours:
            console.print("No hour is stale.")
            return
        console.print(f"{len(hours):,} hours are stale.", highlight=False)
        runs = Runs(sandbox, api, console, check)
        began, before = time.monotonic(), row_counts(sandbox.state)
        with unpaused(api, console):
            loads = {"stale hours": runs.load_blocks(hours)}
        print_report(console, sandbox.state, api, loads, before, time.monotonic() - began)


def _range(state: State, request: Request) -> tuple[datetime, datetime]:
    first, last = data.covered(state)
    start, end = request.start or first, request.end or last
    if start >= end:
        raise SandboxError(f"FROM {start.isoformat()} must be before TO {end.isoformat()}.")
    if end > data.last_full_hour():
        raise SandboxError(
            f"TO {end.isoformat()} lies after the last full hour, which ended at {data.last_full_hour().isoformat()}: "
            "no run loads an hour that is not over. Is the year right?"
        )
    return start, end


def load(
    sandbox: Sandbox,
    api: AirflowApi,
    check: Callable[[], None],
    request: Request,
    console: Console,
    *,
    show_single_hours: bool,
) -> None:
    """Loads what was asked for through the DAG, and prints the report.

    Args:
        sandbox: running, with data in its source bucket.
        api: its Airflow's.
        check: raises when a process has ended.
        request: what to load.
        console: where to print.
        show_single_hours: whether some hours are loaded one by one before the whole range.
    """
    start, end = _range(sandbox.state, request)
    if request.hourly and sandbox.state.airflow:
        raise SandboxError(
            f"{sandbox.state.airflow} keeps its own backfills: use its `airflow backfill create`, see "
            "include/docs/backfill.md; or load the range as one run, without HOURLY."
        )
    runs = Runs(sandbox, api, console, check)
    began, before, loads = time.monotonic(), row_counts(sandbox.state), {}
    with unpaused(api, console):
        if not request.hourly:
            loads["as one run"] = runs.load_range(start, end)
        # After the range, so that the songs are there already: the hours load again and change nothing.
        hours = (start, end) if request.hourly else data.busiest_hours(sandbox.state, start, end, HOURLY_RUNS)
        if request.hourly or show_single_hours:
            loads["hour by hour"] = runs.load_hours(*hours)
    state = State.load(sandbox.root)
    state.loaded = True
    state.save()
    sandbox.state.loaded = True
    print_report(console, state, api, loads, before, time.monotonic() - began)
