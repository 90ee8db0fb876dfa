"""What `make status` prints: addresses, what became of the hours, checks, quarantine, incidents, who is needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from include.sandbox.airflow import open_api
from include.sandbox.facts import facts, hours_in
from include.sandbox.session import print_addresses
from include.sandbox.state import State
from include.sandbox.terminal import printable
from sparkify.observe import STATES

SHOWN = 6  # hours, incidents, rows of a table: more are only counted
LONGEST = 400  # characters of a reason
NO_ANSWER = {
    "what": "Airflow's api-server does not answer, or a component of Airflow is not healthy",
    "why": "The UI's health page says so, or nothing.",
    "do": "See the logs in the state folder's `logs/`; `make down` and `make up` start all of it again.",
    "url": "",
}


def print_status(console: Console, state: State, *, as_json: bool = False) -> bool:
    """Prints what is known of a running sandbox's hours; says last what needs a person.

    Args:
        console: where to.
        state: of the running sandbox.
        as_json: whether to print the overview as JSON, and nothing else.

    Returns:
        Whether nobody is needed.
    """
    found = facts(state)
    needed = found["overview"]["attention"]
    if not open_api(state).is_healthy():
        needed.append(NO_ANSWER)
    if as_json:
        print_json(console, found)
    else:
        print_addresses(console, state)
        print_facts(console, found)
        print_needed(console, needed)
    return not needed


def print_json(console: Console, found: Mapping[str, Any]) -> None:
    """Prints the overview for a script."""
    console.out(json.dumps(found["overview"], indent=1), highlight=False)


def print_facts(console: Console, found: Mapping[str, Any]) -> None:
    """Prints hours, checks, quarantine, runs and incidents.

    Args:
        console: where to.
        found: the facts by part.
    """
    overview = found["overview"]
    for name, letter in STATES.items():
        hours = hours_in(overview, letter)
        named = "" if name in ("loaded", "empty") else _named(hours)
        _say(console, f"{name:<9} {len(hours):,} hours{named}")
    plays, matched = (sum(day[name] for day in overview["days"]) for name in ("rows", "matched"))
    share = f" ({matched / plays:.1%})" if plays else ""
    _say(console, f"plays     {plays:,}, of which {matched:,}{share} are of a known song")
    for part, show in PARTS.items():
        if isinstance(found[part], Mapping):
            _say(console, f"{part:<9} not known: {(found[part]['unavailable'] or {}).get('what', 'nobody answers')}")
        else:
            show(console, found[part])


def _print_checks(console: Console, checks: Sequence[Mapping[str, Any]]) -> None:
    failing = [check for check in checks if not check["last"]["passed"]]
    _say(console, f"checks    {len(checks)}, of which {len(failing)} did not pass when they last ran")
    rows = [
        (check["severity"], check["name"], check["last"]["observed"], _short(check["last"]["at"]))
        for check in failing
    ]  # fmt: skip
    _print_table(console, ("severity", "check", "found", "at"), rows)


def _print_quarantine(console: Console, reasons: Sequence[Mapping[str, Any]]) -> None:
    _say(console, f"rejected  {sum(reason['records'] for reason in reasons):,} records are in quarantine")
    rows = [
        (f"{one['records']:,}", one["reason"], f"{one['example']['object']}, line {one['example']['line']}")
        for one in reasons
    ]  # fmt: skip
    _print_table(console, ("records", "reason", "for example"), rows)


def _print_alerts(console: Console, alerts: Sequence[Mapping[str, Any]]) -> None:
    over = sum(alert["resolved_at"] is not None for alert in alerts)
    _say(console, f"incidents {len(alerts) - over} open, {over} over")
    for alert in reversed(alerts[:SHOWN]):
        _say(console, f"\n{alert['body']}\n")


def _print_throughput(console: Console, runs: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (_short(run["at"]), run["run_id"], _number(run["seconds"], ".0f"), _number(run["lines"]), _number(run["bytes"]))
        for run in runs[:SHOWN]
    ]  # fmt: skip
    _print_table(console, ("published", "run", "seconds", "lines", "bytes"), rows)


PARTS = {
    "checks": _print_checks, "quarantine": _print_quarantine, "throughput": _print_throughput, "alerts": _print_alerts,
}  # fmt: skip


def print_needed(console: Console, needed: Sequence[Mapping[str, str]]) -> None:
    """Prints what needs a person, if anything does: first all in a line, then each with what to do."""
    if not needed:
        return
    _say(console, f"\nNeeds a person: {'; '.join(one['what'] for one in needed)}.")
    for one in needed:
        _say(console, f"\n{one['what']}\n  Why: {_first_line(one['why'])}\n  Do:  {one['do']}")
        if one["url"]:
            _say(console, f"  See: {one['url']}")


def _print_table(console: Console, headings: Iterable[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(*headings, box=SIMPLE)
    for row in rows[:SHOWN]:
        table.add_row(*(escape(printable(text)) for text in row))
    console.print(table)
    if len(rows) > SHOWN:
        _say(console, f"  and {len(rows) - SHOWN:,} more")


def _say(console: Console, text: str) -> None:
    console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def _first_line(text: str) -> str:
    """Enough to recognise it: of an incident the whole is printed above."""
    line, _, rest = text.partition("\n")
    return f"{line[:LONGEST]}…" if rest or len(line) > LONGEST else line


def _number(value: float | None, how: str = ",") -> str:
    return "-" if value is None else format(value, how)


def _short(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _named(hours: Sequence[datetime]) -> str:
    if not hours:
        return ""
    rest = f" and {len(hours) - SHOWN:,} more" if len(hours) > SHOWN else ""
    return ": " + ", ".join(f"{hour:%Y-%m-%d %H}h" for hour in hours[:SHOWN]) + rest
