"""Answers as tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from include.reports.questions import OVERVIEW, Answer, Row

NOTHING = "nothing in this range"
WEEKS_SHOWN = 12  # of retention, beside the week of the first play


def print_answer(console: Console, answer: Answer) -> None:
    """Prints the question, the range and the table; or that there is nothing."""
    console.print(f"[bold]{escape(answer.text)}[/bold]", highlight=False)
    console.print(f"{answer.name}, {answer.asked}", markup=False, highlight=False, style="dim")
    if not answer.rows:
        console.print(f"  {NOTHING}\n", highlight=False)
        return
    console.print(table(*SHAPES.get(answer.name, _as_it_is)(answer.rows)))


def shown(value: Any, column: str = "") -> str:
    """Returns a value as a reader wants it: shares in percent, whole numbers by thousands, moments to the second."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
    if isinstance(value, (float, Decimal)):
        return percent(float(value)) if "share" in column else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def percent(share: float) -> str:
    """Returns a share in percent, with a digit more where it is small."""
    return f"{share:.2%}" if 0 < share < 0.01 else f"{share:.1%}"


def _as_it_is(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    return [column.replace("_", " ") for column in rows[0]], [[shown(row[name], name) for name in row] for row in rows]


def _downwards(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """One row as lines of name and value."""
    return ["", ""], [[name.replace("_", " "), shown(value, name)] for name, value in rows[0].items()]


def _ranking(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """A ranking, with what is not ranked named in the place of what is."""
    named = [{"": row["place"] or "", **_named(row)} for row in rows]
    return _as_it_is(named)


def _named(row: Row) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("place", "counted_as")}
    if row["place"] is None:
        kept[next(iter(kept))] = f"({row['counted_as']})"
    return kept


def _cohorts(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """A line for each cohort, a column for each week after its first; `*` marks a week that is not over."""
    weeks = range(min(max(row["weeks_after"] for row in rows), WEEKS_SHOWN) + 1)
    lines: dict[datetime, list[str]] = {}
    for row in rows:
        line = lines.setdefault(row["cohort"], [f"{row['cohort']:%G-W%V, %m-%d}", shown(row["cohort_users"])])
        if row["weeks_after"] in weeks:
            line.append(f"{row['active_share']:.0%}{'' if row['is_whole'] else '*'}")
    width = len(weeks) + 2
    return ["first week", "users", *(f"+{week}" for week in weeks)], [
        [*line, *[""] * (width - len(line))] for line in lines.values()
    ]


SHAPES = {OVERVIEW: _downwards, "top_songs": _ranking, "top_artists": _ranking, "retention": _cohorts}


def table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    """Returns a table whose numbers are set right."""
    made = Table(*columns, box=SIMPLE, show_header=any(columns))
    for column, values in zip(made.columns, zip(*lines, strict=True), strict=False):
        column.justify = "right" if all(_is_number(value) for value in values) else "left"
    for line in lines:
        made.add_row(*map(escape, line))
    return made


def _is_number(text: str) -> bool:
    return not text.strip("0123456789.,%*-")
