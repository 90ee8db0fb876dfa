"""The report of a load: what is in the tables, what went in, how much matched, what was checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from include.reports.tables import shown, table
from include.sandbox.airflow import DAG_ID
from include.sandbox.api import AirflowApi
from include.sandbox.services import connect, query
from include.sandbox.state import State

TABLES = ("songplays", "users", "songs", "artists", "time")
ROWS = " union all ".join(f"select '{table}', count(*) from sparkify.\"{table}\"" for table in TABLES)  # noqa: S608 - constants
TOP_SONGS = """
    select title, artist_name, count(*) as plays from sparkify.play_match_keys
    group by title, artist_name order by plays desc, 1, 2 limit 5
"""
MATCHED = "select count(*), count(song_id) from sparkify.songplays"


def row_counts(state: State) -> dict[str, int]:
    """Returns the rows of each star table; 0 for each before the first run."""
    there = "select count(*) from pg_tables where schemaname = 'sparkify' and tablename = 'songplays'"
    with connect(state) as connection:
        if not query(connection, there)[0][0]:
            return dict.fromkeys(TABLES, 0)
        found = {str(name): int(count) for name, count in query(connection, ROWS)}
    return {table: found[table] for table in TABLES}


def print_report(
    console: Console,
    state: State,
    api: AirflowApi,
    loads: Mapping[str, Sequence[str]],
    before: Mapping[str, int],
    seconds: float,
) -> None:
    """Prints what the runs did.

    Args:
        console: where to.
        state: of the running sandbox.
        api: Airflow's, for what the tasks returned.
        loads: how things were loaded, in words, and the ids of the runs that did.
        before: rows of each table before them, see `row_counts`.
        seconds: from their start to their end.
    """
    console.print(_table("published", ("rows before", "rows after"), _published(state, before)))
    figures = [_input(api, run_ids) for run_ids in loads.values()]
    console.print(
        _table("loaded", tuple(loads), [(name, *(figure[name] for figure in figures)) for name in figures[0]])
    )
    with connect(state) as connection:
        ((plays, matched),) = query(connection, MATCHED)
        top = query(connection, TOP_SONGS)
    console.print(_table("most played", ("artist", "plays"), top))
    console.print(f"Plays matched to a song: {matched:,} of {plays:,} ({matched / max(plays, 1):.1%})", highlight=False)
    console.print(f"Seconds: {seconds:.1f}", highlight=False)


def _published(state: State, before: Mapping[str, int]) -> list[tuple[Any, ...]]:
    return [(name, before[name], count) for name, count in row_counts(state).items()]


def _input(api: AirflowApi, run_ids: Sequence[str]) -> dict[str, int]:
    """Returns what the runs read, and that every line of it was staged or rejected."""

    def total(task: str, name: str) -> int:
        return sum((api.returned(DAG_ID, run_id, task) or {}).get(name, 0) for run_id in run_ids)

    figures = {"runs": len(run_ids)}
    for what, task in (("event", "stage_events"), ("song", "stage_songs")):
        read, staged, rejected = total(task, "lines"), total(task, "rows"), total(task, "rejected")
        figures |= {f"{what} lines": read, f"= {what}s staged": staged, f"+ {what}s rejected": rejected}
    passed = total("check_quality", "passed")
    checks = passed + total("check_quality", "warned") + total("check_quality", "failed")
    return {**figures, "checks": checks, "checks passed": passed}


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    return table((title, *columns), [[shown(value) for value in row] for row in rows])
