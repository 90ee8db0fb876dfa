"""The report of a load: what is in the tables, what went in, how much matched, what was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from include.sandbox.airflow import DAG_ID
from include.sandbox.api import AirflowApi
from include.sandbox.services import connect, query
from include.sandbox.state import State

TABLES = ("songplays", "users", "songs", "artists", "time")
ROWS = " union all ".join(f"select '{table}', count(*) from sparkify.\"{table}\"" for table in TABLES)  # noqa: S608 - constants
TOP_SONGS = """
    select title, artist_name, count(*) from sparkify.play_match_keys
    group by title, artist_name order by 3 desc, 1, 2 limit 5
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
    console: Console, state: State, api: AirflowApi, run_ids: Sequence[str], before: Mapping[str, int], seconds: float
) -> None:
    """Prints what the runs did.

    Args:
        console: where to.
        state: of the running sandbox.
        api: Airflow's, for what the tasks returned.
        run_ids: the runs that the report is of.
        before: rows of each table before them, see `row_counts`.
        seconds: from their start to their end.
    """
    rows = Table("table", "rows before", "rows after", title="Published tables", title_justify="left")
    for column in rows.columns[1:]:
        column.justify = "right"
    for name, count in row_counts(state).items():
        rows.add_row(name, f"{before[name]:,}", f"{count:,}")
    console.print(rows)
    facts = Table.grid(padding=(0, 2))
    for name, text in _facts(state, api, run_ids):
        facts.add_row(name, text)
    facts.add_row("seconds", f"{seconds:.1f}")
    console.print(facts)


def _facts(state: State, api: AirflowApi, run_ids: Sequence[str]) -> list[tuple[str, str]]:
    returned = {
        task: [api.returned(DAG_ID, run_id, task) or {} for run_id in run_ids]
        for task in ("stage_events", "stage_songs", "check_quality")
    }
    with connect(state) as connection:
        ((plays, matched),) = query(connection, MATCHED)
        top = query(connection, TOP_SONGS)
    return [
        ("runs", f"{len(run_ids)}, all successful"),
        ("event lines", _reconciled(returned["stage_events"])),
        ("song lines", _reconciled(returned["stage_songs"])),
        ("plays matched to a song", f"{matched:,} of {plays:,} ({matched / max(plays, 1):.1%})"),
        ("quality checks", _checked(returned["check_quality"])),
        ("most played", "\n".join(f"{count:>4} x {title} - {artist}" for title, artist, count in top) or "nothing"),
    ]


def _reconciled(counts: Sequence[Mapping[str, Any]]) -> str:
    lines, staged = (sum(count.get(name, 0) for count in counts) for name in ("lines", "rows"))
    objects = sum(count.get("objects", 0) for count in counts)
    return f"{lines:,} read from {objects:,} objects = {staged:,} staged + {lines - staged:,} rejected"


def _checked(counts: Sequence[Mapping[str, Any]]) -> str:
    passed, warned, failed = (sum(count.get(name, 0) for count in counts) for name in ("passed", "warned", "failed"))
    return f"{passed:,} of {passed + warned + failed:,} passed, {warned:,} warnings"
