"""A sandbox with Airflow, as long as a command needs it: the one that runs already, else one started for it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from include.sandbox import data
from include.sandbox.airflow import ADMIN, DAG_ID, Airflow, open_api, ui_address
from include.sandbox.api import AirflowApi, ApiError
from include.sandbox.backfills import Backfills
from include.sandbox.services import Sandbox
from include.sandbox.state import DATABASE, HOST, USER, Lock, SandboxError, State, read_ready


@contextmanager
def session(
    root: Path, source: str | None, console: Console, *, live: bool = False
) -> Iterator[tuple[Sandbox, AirflowApi, Callable[[], None]]]:
    """Yields a sandbox with Airflow: the one that runs already, else one that is started here and stopped at the end.

    Args:
        root: state folder.
        source: folder that the source bucket is to be filled from; None for what it holds, or the sample.
        console: where progress is told.
        live: whether the schedule and the feed run, if the data is the sample.

    Raises:
        SandboxError: something did not start, or the data is refused.
    """
    state = State.load(root)
    chosen = data.resolve(state, source)
    if (holder := Lock(root).holder()) is not None:
        if read_ready(root, "up") is None:
            raise SandboxError("The sandbox is being started, or another `make run` uses it: wait, or end that one.")
        sandbox = Sandbox(root)
        if not state.airflow:
            backfills_of(sandbox).mend()
        yield sandbox, open_api(state), functools.partial(_require_holder, root, holder)
        return
    with ExitStack() as stack:
        with _step(console, "PostgreSQL, Redshift and AWS"):
            sandbox = stack.enter_context(Sandbox(root, fill=functools.partial(data.fill, source=chosen)))
        live = live and chosen == data.SAMPLE
        airflow = Airflow(sandbox, schedule=live)
        stack.callback(airflow.stop)
        with _step(console, "Airflow's tables"):
            airflow.migrate()
        with _step(console, "Airflow"):
            api = airflow.start()
        backfills = backfills_of(sandbox)
        backfills.mend()
        for interrupted in backfills.interrupted():
            _say(console, interrupted)
        if live:
            sandbox.start_feed()

        def check() -> None:
            sandbox.check()
            airflow.check()

        yield sandbox, api, check


def backfills_of(sandbox: Sandbox) -> Backfills:
    """Returns the DAG's backfills in a sandbox's Airflow."""
    return Backfills(sandbox.metadata_dsn(), DAG_ID)


@contextmanager
def unpaused(api: AirflowApi, console: Console) -> Iterator[None]:
    """Lets runs of the DAG start for as long as a command needs it; pauses the DAG again if it was paused."""
    if not api.is_paused(DAG_ID):
        yield
        return
    _say(console, f"The DAG {DAG_ID} is paused, so nothing would start: it is unpaused until this command ends.")
    api.unpause(DAG_ID)
    try:
        yield
    finally:
        try:
            api.pause(DAG_ID)
            _say(console, f"The DAG {DAG_ID} is paused again, as it was before; what is queued waits for that to end.")
        except ApiError as error:  # what went wrong before matters more
            _say(console, f"The DAG {DAG_ID} was paused before, and is not now: {error}")


def _require_holder(root: Path, holder: int) -> None:
    """Raises SandboxError if the process that ran the sandbox does so no more."""
    if Lock(root).holder() != holder:
        log = root / "logs" / "up.log"
        raise SandboxError(
            f"The sandbox was stopped or has ended meanwhile; its log, if it was not a person: {log}. "
            "`make up` starts it again, and what was started in Airflow goes on then, unless `make clean` removed it."
        )


def print_addresses(console: Console, state: State) -> None:
    """Prints where the UI and the warehouse are, and who may enter; passwords only in a terminal."""

    def password(secret: str) -> str:
        return state.secret(secret) if console.is_terminal else "(shown in a terminal)"

    where = f"{HOST}:{state.ports['redshift']}  database {DATABASE}  user {USER}"
    for line in (
        f"Airflow   {ui_address(state)}  user {ADMIN}  password {password('airflow_admin')}",
        f"Redshift  {where}  password {password('redshift')}",
    ):
        console.print(line, highlight=False, soft_wrap=True)


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    """Tells that something is being started, and that it has been and in how many seconds."""
    began = time.monotonic()
    with console.status(f"Starting {what}"):
        yield
    console.print(f"{what}: ready ({time.monotonic() - began:.1f} s)", highlight=False)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
