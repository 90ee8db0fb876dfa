"""What a message says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sparkify.alerts.incidents import LATE, SCHEDULE, written
from sparkify.alerts.journal import OPEN, Entry

SUBJECT_LIMIT = 100  # ASCII characters, none of them a control character (AWS: SNS Publish)
STATE = {
    "error": "a run is published as a whole by its task publish, or not at all.",
    "warn": "the run goes on.",
    LATE: "readers see the hours that are published; this one is not, or not yet.",
    SCHEDULE: "the schedule makes no run; readers see the hours that are published.",
}
# Of incidents of the DAG as a whole, not of a task: what the subject says, and what when it is over.
OF_THE_DAG = {
    LATE: ("is late", "is on time again"),
    SCHEDULE: ("stands still: a run holds the schedule's next slot", "goes on by schedule again"),
}
VERBS = {"error": "failed", "warn": "warns"}
ONCE = "Told once: further runs that meet it are counted, not told, until it is over."


@dataclass(frozen=True)
class Message:
    """Something to tell.

    Args:
        subject: one line, fit for SNS.
        text: the whole, as plain text.
        data: the facts, for machines.
    """

    subject: str
    text: str
    data: dict[str, Any]


def about(entry: Entry) -> Message:
    """Tell what the journal has of an incident."""
    word, lines = _opened(entry) if entry.status == OPEN else _recovered(entry)
    of = "" if entry.incident.name in OF_THE_DAG else f".{entry.incident.name}"
    data = {
        "dag_id": entry.first.dag_id,
        "incident": entry.incident.name,
        "severity": entry.incident.severity,
        "status": entry.status,
        "run_id": entry.first.run_id,
        "interval": [entry.first.start, entry.first.end],
        "since": entry.since,
        "runs": entry.count,
    }
    text = "\n".join(f"{label:<9} {said}" for label, said in lines)
    return Message(subject_of(f"{entry.first.dag_id}{of} {word}"), text, data)


def _opened(entry: Entry) -> tuple[str, list[tuple[str, str]]]:
    incident, run, of_dag = entry.incident, entry.first, entry.incident.name in OF_THE_DAG
    return OF_THE_DAG[incident.name][0] if of_dag else VERBS[incident.severity], [
        _what(entry),
        ("Run:", run.run_id),
        ("Interval:", run.interval),
        ("Reason:", incident.reason),
        ("State:", STATE[incident.name if of_dag else incident.severity]),
        ("Next:", incident.advice),
        ("Log:", run.url("" if of_dag else incident.task)),
        ("Repeats:", ONCE),
    ]


def _recovered(entry: Entry) -> tuple[str, list[tuple[str, str]]]:
    run = entry.recovery or entry.first
    lines = [
        _what(entry),
        ("Run:", run.run_id),
        ("Interval:", run.interval),
        ("State:", f"over; since {entry.since} {entry.count} {'run' if entry.count == 1 else 'runs'} had met it."),
    ]
    if entry.failed and entry.incident.severity == "error" and entry.incident.name != SCHEDULE:
        lines.append(("Open:", f"{_listed(entry.failed)} failed and did not succeed since: clear these runs."))
    over = OF_THE_DAG[entry.incident.name][1] if entry.incident.name in OF_THE_DAG else "recovered"
    return over, [*lines, ("Log:", run.url())]


def _what(entry: Entry) -> tuple[str, str]:
    dag_id, incident = entry.first.dag_id, entry.incident
    if incident.name in OF_THE_DAG:
        return "DAG:", dag_id
    if incident.name != incident.task:
        return "Check:", f"{dag_id}.{incident.name}"
    attempt = f", try {entry.first.attempt}" if entry.first.attempt and entry.status == OPEN else ""
    return "Task:", f"{dag_id}.{incident.name}{attempt}"


def _listed(intervals: Iterable[list[str]]) -> str:
    shown = [written(start, end) for start, end in intervals]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def subject_of(text: str) -> str:
    """A text as SNS takes it for a subject, which also suits a mail's header.

    Args:
        text: any.
    """
    one_line = "".join(character if character.isprintable() else " " for character in text)
    return one_line.encode("ascii", "replace").decode()[:SUBJECT_LIMIT]
