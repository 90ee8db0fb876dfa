"""What `make status` prints: addresses, hours and what became of them, incidents, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from rich.console import Console

from include.sandbox.airflow import DAG_ID, open_api
from include.sandbox.api import AirflowApi
from include.sandbox.aws import SOURCE_BUCKET, objects_below
from include.sandbox.data import EVENTS, LOG_KEY
from include.sandbox.services import WORK_URL, pipeline_client, recorded
from include.sandbox.session import print_addresses
from include.sandbox.stale import stale_hours
from include.sandbox.state import State, read_ready
from sparkify.alerts.incidents import LATE_AFTER
from sparkify.alerts.journal import OPEN, Entry, Journal
from sparkify.alerts.messages import about
from sparkify.alerts.state import located, read

HOUR = timedelta(hours=1)
SHOWN = 6  # hours that a line names before it only counts the rest


@dataclass(frozen=True)
class Hours:
    """The hours of the bucket's log objects, by what became of them; each is its first moment, in UTC.

    Args:
        loaded: published from what the bucket holds.
        missing: over, and never published.
        stale: published from other events than the bucket holds for them now.
        failed: covered by a run that failed, and not published since.
    """

    loaded: list[datetime]
    missing: list[datetime]
    stale: list[datetime]
    failed: list[datetime]


def print_status(console: Console, state: State) -> bool:
    """Prints addresses, hours and incidents of a running sandbox; says last what needs a person.

    Returns:
        Whether nothing does.
    """
    print_addresses(console, state)
    api, now = open_api(state), datetime.now(timezone.utc)
    hours, incidents = classify(state, api, now), journal(state)
    for name, found in vars(hours).items():
        console.print(f"{name:<9} {len(found):,} hours{_named(found)}", soft_wrap=True, highlight=False)
    opened = {name: entry for name, entry in incidents.items() if entry.status == OPEN}
    console.print(f"incidents {len(opened)} open, {len(incidents) - len(opened)} over", highlight=False)
    for entry in sorted(incidents.values(), key=lambda entry: entry.changed)[-SHOWN:]:
        console.print(f"\n{about(entry).text}", markup=False, highlight=False, soft_wrap=True)
    needs = list(needs_a_person(hours, opened, overdue(state, api, now), healthy=api.is_healthy()))
    if needs:
        console.print(f"\nNeeds a person: {'; '.join(needs)}.", markup=False, highlight=False, soft_wrap=True)
    return not needs


def journal(state: State) -> dict[str, Entry]:
    """Returns the DAG's incidents by name, as its alerts keep them."""
    text, _ = read(pipeline_client(state, "s3"), *located(WORK_URL, DAG_ID))
    return Journal.read(text).entries if text else {}


def needs_a_person(
    hours: Hours, incidents: Mapping[str, Entry], due: datetime | None, *, healthy: bool
) -> Iterator[str]:
    """Yields what does not come right by itself. Hours that are missing or stale are left to the schedule.

    Args:
        hours: what became of them.
        incidents: that are open, by name; those of warnings ask for nobody.
        due: the hour whose scheduled run should be over and is not.
        healthy: whether all components of Airflow say that they are.
    """
    if not healthy:
        yield "a component of Airflow is not healthy, and who is dead sends no alert"
    if hours.failed:
        yield f"{len(hours.failed):,} hours failed"
    errors = sorted(name for name, entry in incidents.items() if entry.incident.severity == "error")
    if errors:
        yield f"open incidents: {', '.join(errors)}"
    if due:
        yield f"the schedule is on, and the hour {due:%Y-%m-%d %H}h is not loaded"


def overdue(state: State, api: AirflowApi, now: datetime) -> datetime | None:
    """Returns the latest hour that the schedule should have loaded and has not; None if all is well or it is off.

    Not in the hour after the start: the schedule does not make up for what it missed while it was off.
    """
    up = read_ready(state.root, "up") or {}
    hour = (now - HOUR - LATE_AFTER).replace(minute=0, second=0, microsecond=0)
    if not up.get("schedule") or hour < _utc(datetime.fromisoformat(up["since"])):
        return None
    runs = api.runs_between(DAG_ID, hour, hour + HOUR)
    return None if "success" in runs.values() else hour


def classify(state: State, api: AirflowApi, now: datetime) -> Hours:
    """Compares what the source bucket holds with what the warehouse says it has loaded.

    Args:
        state: of the running sandbox.
        api: Airflow's, for the runs that failed.
        now: the time; an hour that is not over is not expected yet.
    """
    published = _published(state)
    expected = [hour for day in _days(state) for hour in _hours_of(day) if hour + HOUR <= now]
    failed_at = _failures(api)
    failed = {hour for hour, when in failed_at.items() if hour not in published or published[hour] < when}
    stale = set(stale_hours(state) if published else []) - failed
    return Hours(
        loaded=sorted(set(published) - stale - failed),
        missing=sorted(set(expected) - set(published) - failed),
        stale=sorted(stale),
        failed=sorted(failed),
    )


def _published(state: State) -> dict[datetime, datetime]:
    """Returns when every hour that is published was."""
    rows = recorded(state, "loaded_hours", "hour, published_at")
    return {_utc(hour): _utc(published_at) for hour, published_at in rows}


def _days(state: State) -> list[datetime]:
    listed = objects_below(pipeline_client(state, "s3"), SOURCE_BUCKET, EVENTS)
    return sorted(_day(match[1]) for found in listed if (match := LOG_KEY.fullmatch(found["Key"])))


def _failures(api: AirflowApi) -> dict[datetime, datetime]:
    """Returns, for every hour that a failed run covers, when the last of them failed."""
    failures: dict[datetime, datetime] = {}
    for run in api.runs(DAG_ID, state="failed"):
        ended = datetime.fromisoformat(str(run["end_date"] or run["run_after"]).replace("Z", "+00:00"))
        for hour in _covered_by(run):
            failures[hour] = max(ended, failures.get(hour, ended))
    return failures


def _covered_by(run: Mapping[str, Any]) -> Iterable[datetime]:
    conf = run["conf"] or {}
    start, end = conf.get("start") or run["data_interval_start"], conf.get("end") or run["data_interval_end"]
    if not start or not end:
        return []
    try:
        first, last = (datetime.fromisoformat(str(text).replace("Z", "+00:00")) for text in (start, end))
    except ValueError:  # what a person typed into the trigger form; the run failed because of it
        return []
    return _between(_utc(first), _utc(last))


def _between(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * HOUR for n in range(max(0, (end - start) // HOUR))]


def _hours_of(day: datetime) -> list[datetime]:
    return _between(day, day + timedelta(days=1))


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def _named(hours: list[datetime]) -> str:
    if not hours:
        return ""
    rest = f" and {len(hours) - SHOWN:,} more" if len(hours) > SHOWN else ""
    return ": " + ", ".join(f"{hour:%Y-%m-%d %H}h" for hour in hours[:SHOWN]) + rest
