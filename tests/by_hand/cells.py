"""Which combinations of what people do are tried: a start of a run, an interference with it, the state of its hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product


class Start(Enum):
    """How a run of an hour is started."""

    SCHEDULE = "schedule"
    FORM = "the form, with params"
    FORM_DATE = "the form, with a logical date alone"
    FORM_PART = "the form, with a data interval of half an hour"
    REST = "the REST API, with params and a logical date"
    COMMAND = "airflow dags trigger, with params"
    COMMAND_DATE = "airflow dags trigger, with a logical date alone"
    BACKFILL_NONE = "a backfill of what never ran"
    BACKFILL_FAILED = "a backfill of what failed too"
    BACKFILL_COMPLETED = "a backfill of everything"
    OPERATOR = "TriggerDagRunOperator, with params"
    MATERIALIZE = "Materialize, with params"
    DAGS_TEST = "airflow dags test, with params"

    @property
    def behaviour(self) -> str | None:
        """What a backfill does with hours that have been run (Airflow: ReprocessBehavior); None if this is none."""
        return {
            Start.BACKFILL_NONE: "none", Start.BACKFILL_FAILED: "failed", Start.BACKFILL_COMPLETED: "completed",
        }.get(self)  # fmt: skip

    @property
    def has_slot(self) -> bool:
        """Whether its run has the hour as its logical date, of which Airflow allows one run."""
        return self is Start.SCHEDULE or self.behaviour is not None


class Interference(Enum):
    """What a person, or an accident, does to the run."""

    NOTHING = "nothing"
    CLEAR_TASK = "clear one task"
    CLEAR_UPSTREAM = "clear a task with everything upstream"
    CLEAR_DOWNSTREAM = "clear a task with everything downstream"
    CLEAR_RUN = "clear the run"
    FAIL_TASK = "mark a task as failed"
    PASS_TASK = "mark a task as successful"
    FAIL_RUN = "mark the run as failed"
    PASS_RUN = "mark the run as successful"
    DELETE = "delete the run"
    PAUSE = "pause the DAG, and let it go on"
    KILL = "kill the scheduler, and start it again"


class State(Enum):
    """What there is of the hour when the run is started."""

    NEVER = "never loaded"
    LOADED = "loaded, and changed since"
    LOADING = "being loaded by another run"
    FAILED = "failed"


@dataclass(frozen=True)
class Cell:
    """One combination."""

    start: Start
    interference: Interference
    state: State

    def __str__(self) -> str:
        """Its name, in messages."""
        return f"{self.start.value} x {self.interference.value} x {self.state.value}"


def cannot_be_made(cell: Cell) -> str:
    """Say why Airflow has no such combination; empty if it has."""
    takes_the_slot = cell.start.has_slot and cell.state in (State.LOADED, State.FAILED)
    if cell.interference is Interference.NOTHING or not takes_the_slot:
        return ""
    if cell.start is Start.BACKFILL_NONE:
        return "the hour has a run already, so that this backfill makes none that could be interfered with"
    if cell.start is Start.BACKFILL_FAILED and cell.state is State.LOADED:
        return "the hour's run has succeeded, so that this backfill makes none that could be interfered with"
    return ""


def must_load(cell: Cell) -> bool:
    """Whether the run is clear about its hour and nobody keeps it from loading it; else it may leave it as it is."""
    if cell.start in (Start.FORM_DATE, Start.FORM_PART, Start.COMMAND_DATE):
        return False
    if cell.start is Start.BACKFILL_NONE and cell.state in (State.LOADED, State.FAILED):
        return False
    if cell.start is Start.BACKFILL_FAILED and cell.state is State.LOADED:
        return False
    harmless = (Interference.NOTHING, Interference.CLEAR_RUN, Interference.PAUSE, Interference.KILL)
    return cell.interference in harmless


def of_pairs() -> list[Cell]:
    """The cells in which each pair of (start, interference), (interference, state) and (start, state) occurs.

    Every start meets every interference; the states go round, shifted from start to start, so that each of them meets
    every start and every interference.
    """
    states = list(State)
    found = []
    for row, start in enumerate(Start):
        for column, interference in enumerate(Interference):
            shifted = (states[(row + column + n) % len(states)] for n in range(len(states)))
            made = next(Cell(start, interference, one) for one in shifted if _is_possible(start, interference, one))
            found.append(made)
    return [*found, *_missing_pairs(found)]


def impossible_pairs() -> Iterator[str]:
    """The combinations that Airflow cannot make, each with the reason."""
    for start, interference, state in product(Start, Interference, State):
        if reason := cannot_be_made(cell := Cell(start, interference, state)):
            yield f"{cell}: {reason}"


def _is_possible(start: Start, interference: Interference, state: State) -> bool:
    return not cannot_be_made(Cell(start, interference, state))


def _missing_pairs(found: list[Cell]) -> Iterator[Cell]:
    """Cells for the pairs that leaving out the impossible ones has left open."""
    for start, state in product(Start, State):
        if not any(one.start is start and one.state is state for one in found):
            yield next(Cell(start, how, state) for how in Interference if _is_possible(start, how, state))
    for interference, state in product(Interference, State):
        if not any(one.interference is interference and one.state is state for one in found):
            yield next(Cell(start, interference, state) for start in Start if _is_possible(start, interference, state))


# One of each start but two, one of each kind of interference, each state: what `make test` has time for.
DOZEN = [
    Cell(Start.FORM, Interference.CLEAR_RUN, State.LOADED),
    Cell(Start.FORM_DATE, Interference.NOTHING, State.NEVER),
    Cell(Start.FORM_PART, Interference.CLEAR_RUN, State.LOADED),
    Cell(Start.REST, Interference.FAIL_TASK, State.NEVER),
    Cell(Start.COMMAND, Interference.PASS_RUN, State.LOADED),
    Cell(Start.COMMAND_DATE, Interference.DELETE, State.LOADING),
    Cell(Start.BACKFILL_COMPLETED, Interference.CLEAR_RUN, State.LOADED),
    Cell(Start.BACKFILL_FAILED, Interference.CLEAR_DOWNSTREAM, State.FAILED),
    Cell(Start.BACKFILL_NONE, Interference.CLEAR_UPSTREAM, State.NEVER),
    Cell(Start.OPERATOR, Interference.PASS_TASK, State.FAILED),
    Cell(Start.MATERIALIZE, Interference.CLEAR_TASK, State.LOADING),
    Cell(Start.FORM, Interference.FAIL_RUN, State.NEVER),
]
