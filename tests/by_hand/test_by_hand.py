"""Every way to start a run, by every way to interfere with it, by the state of its hour, in the real scheduler.

What is right is computed for each cell: the hour holds what plain Python computes from its object as it is now, or it
holds what it held before and somebody is told of it.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.by_hand.cells import DOZEN, Cell, Interference, Start, State, impossible_pairs, must_load, of_pairs
from tests.by_hand.person import Person
from tests.by_hand.world import DAY, FIRST_DAY, HOUR, NEW, World, wait_for, world

AT_ONCE = 4  # runs that people start while others run
# What the page and `status` say of an hour that somebody has to look at: late, stale, failed, missing.
SHOWN = "tsfm"
PUBLISHED = "le"  # loaded, empty
WITH_ALL = (Interference.PAUSE, Interference.KILL)  # what concerns all runs at once
NEIGHBOURS = (Start.FORM_DATE, Start.COMMAND_DATE)  # which might load the hour before


@dataclass
class Matrix:
    """Cells, each with an hour of its own.

    Args:
        cells: what is tried.
    """

    cells: Sequence[Cell]
    hours: dict[Cell, datetime] = field(default_factory=dict, init=False)
    refused: set[Cell] = field(default_factory=set, init=False)
    trouble: dict[Cell, str] = field(default_factory=dict, init=False)
    days: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Give out the hours: those that a backfill prepares follow each other, and those of the schedule are last."""
        hour = FIRST_DAY
        for cell in sorted(self.cells, key=_place):
            hour += HOUR * (cell.start in NEIGHBOURS)
            self.hours[cell] = hour
            hour += HOUR
        self.days = -((FIRST_DAY - hour) // DAY)

    def of(self, *, starts: Iterable[Start] = Start, states: Iterable[State] = State) -> list[Cell]:
        """The cells of some starts and states, in the order of their hours."""
        return [cell for cell in self.hours if cell.start in starts and cell.state in states]

    @property
    def scheduled(self) -> tuple[datetime, datetime]:
        """Begin of the first and of the last hour of the schedule."""
        hours = [self.hours[cell] for cell in self.of(starts=[Start.SCHEDULE])] or [FIRST_DAY]
        return hours[0], hours[-1]


def _place(cell: Cell) -> tuple[object, ...]:
    prepared = [State.LOADED, State.FAILED, State.NEVER, State.LOADING].index(cell.state)
    return cell.start is Start.SCHEDULE, prepared, cell.start.behaviour is None


@pytest.mark.timeout(600)
def test_a_dozen_of_what_people_do(tally):
    require_right(Matrix(DOZEN), tally)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_pair_of_what_people_do(tally):
    print(f"\nnot to be made: {len(list(impossible_pairs()))}", *impossible_pairs(), sep="\n  ")
    require_right(Matrix(of_pairs()), tally)


def require_right(matrix, tally):
    with world(matrix.days, matrix.scheduled) as made:
        person = Person(made)
        prepare(made, person, matrix)
        before = made.published()
        made.write(NEW)
        play(made, person, matrix)
        verdicts = judged(made, matrix, before)
        for problem in verdicts.values():
            with contextlib.suppress(AssertionError), tally("by hand"):
                assert not problem
        assert {str(cell): problem for cell, problem in verdicts.items() if problem} == {}
        assert made.unfinished() == []
        last = person.run_range(FIRST_DAY, made.end)
        person.wait_for_end(last)
        made.require_all_published()


def prepare(made: World, person: Person, matrix: Matrix) -> None:
    """Bring each hour into the state in which its cell begins; those that others load come to that later."""
    slots = [start for start in Start if start.behaviour]
    others = [start for start in Start if start not in slots]
    for state in (State.LOADED, State.FAILED):
        waited = [prepared(person, state, matrix.of(starts=slots, states=[state]), matrix, by_backfill=True)]
        for cells in blocks(matrix.of(starts=others, states=[state]), matrix):
            waited.append(prepared(person, state, cells, matrix, by_backfill=False))
        for run_id in itertools.chain(*waited):
            person.wait_for_end(run_id)
            if state is State.FAILED:  # a run that is marked before its first task ends as a success (Airflow 3.3.2)
                person.mark_failed(run_id)


def prepared(person: Person, state: State, cells: list[Cell], matrix: Matrix, *, by_backfill: bool) -> list[str]:
    """Start the runs that load some hours that follow each other, and make them fail if that is the state."""
    if not cells:
        return []
    start, end = matrix.hours[cells[0]], matrix.hours[cells[-1]] + HOUR
    if by_backfill:
        person.backfill(start, end, "none")
        runs = wait_for(lambda: person.runs_in(start, end), "the runs of a backfill")
    else:
        runs = [person.run_range(start, end)]
    if state is State.FAILED:
        for run_id in runs:
            person.mark_failed(run_id)
    return runs


def blocks(cells: Iterable[Cell], matrix: Matrix) -> list[list[Cell]]:
    """The cells in blocks whose hours follow each other."""
    found: list[list[Cell]] = []
    for cell in cells:
        if found and matrix.hours[cell] - matrix.hours[found[-1][-1]] == HOUR:
            found[-1].append(cell)
        else:
            found.append([cell])
    return found


def play(made: World, person: Person, matrix: Matrix) -> None:
    """Start the runs and interfere: what concerns one run side by side, what concerns all of them in turns."""
    ordinary = [cell for cell in matrix.hours if cell.start is not Start.SCHEDULE]
    of_one = [cell for cell in ordinary if cell.interference not in WITH_ALL]
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        backfills = [cell for cell in of_one if cell.start.behaviour]
        done = [pool.submit(lambda: [attempt(made, person, matrix, cell) for cell in backfills])]
        done += [pool.submit(attempt, made, person, matrix, cell) for cell in of_one if not cell.start.behaviour]
        for one in done:
            one.result()
    for how in WITH_ALL:
        by_backfill = [[cell] for cell in ordinary if cell.interference is how and cell.start.behaviour]
        others = [cell for cell in ordinary if cell.interference is how and not cell.start.behaviour]
        for cells in [others, *by_backfill]:  # Airflow runs one backfill at a time
            disturb(made, person, matrix, cells)
    if scheduled := matrix.of(starts=[Start.SCHEDULE]):
        made.begin_schedule()
        disturb(made, person, matrix, scheduled)
    person.wait_for_commands()
    settle(made)


def attempt(made: World, person: Person, matrix: Matrix, cell: Cell) -> None:
    """Start the run of a cell, interfere with it, and wait for its end."""
    hour = matrix.hours[cell]
    try:
        if cell.state is State.LOADING:
            person.run_range(hour, hour + HOUR)
        run_id = person.start(cell, hour)
        if not run_id:
            matrix.refused.add(cell)
            return
        person.interfere(cell, run_id)
        person.wait_for_end(run_id)
    except AssertionError as error:
        matrix.trouble[cell] = str(error)


def disturb(made: World, person: Person, matrix: Matrix, cells: Sequence[Cell]) -> None:
    """Make attempts side by side, and interfere with all runs while one that it is to happen to is at work."""
    if not cells:
        return
    with ThreadPoolExecutor(len(cells)) as pool:
        done = [pool.submit(attempt, made, person, matrix, cell) for cell in cells]
        for how in WITH_ALL:
            if concerned := [matrix.hours[cell] for cell in cells if cell.interference is how]:
                wait_for(lambda: person.is_at_work(concerned), f"a run to {how.value} under")
                globally(made, person, how)
        for one in done:
            one.result()


def globally(made: World, person: Person, how: Interference) -> None:
    """What concerns all runs."""
    if how is Interference.KILL:
        made.kill_scheduler()
        return
    person.pause(True)
    try:
        needed = " ".join(one["what"] for one in made.status()["attention"])
        assert "paused" in needed, f"status does not say that the DAG is paused: {needed}"
    finally:
        person.pause(False)


def settle(made: World, seconds: float = 300) -> None:
    """Wait until no run goes on, as long as that may take."""
    deadline = time.monotonic() + seconds
    while made.unfinished() and time.monotonic() < deadline:
        time.sleep(0.5)


def judged(made: World, matrix: Matrix, before: dict[datetime, list[str]]) -> dict[Cell, str]:
    """What is wrong with each cell; nothing if it is empty."""
    published, expected, letters = made.published(), made.expected(), made.letters()
    found = {}
    for cell, hour in matrix.hours.items():
        rows, was, letter = published.get(hour, []), before.get(hour, []), letters.get(hour, "?")
        outcome = "new" if rows == expected[hour] else "as before" if rows == was else f"odd: {rows}"
        right = {"new": PUBLISHED + SHOWN, "as before": "" if must_load(cell) else SHOWN}.get(outcome, "")
        refused = ", refused" if cell in matrix.refused else ""
        seen = f"{hour:%Y-%m-%dT%HZ}: {outcome}, status has {letter!r}{refused}"
        problem = matrix.trouble.get(cell, "") or ("" if letter in right else seen)
        print(f"{'wrong' if problem else 'right'}: {cell}: {seen}{problem and ': ' + problem}", flush=True)
        found[cell] = problem
    given = set(matrix.hours.values())
    others = {hour for hour in published if hour not in given and published[hour] != before.get(hour, [])}
    assert not others, f"hours that nobody meant were loaded: {sorted(others)}"
    return found
