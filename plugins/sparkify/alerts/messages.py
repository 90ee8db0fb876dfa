"""What a message says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sparkify.alerts.incidents import LATE, written
from sparkify.alerts.journal import OPEN, Entry

SUBJECT_LIMIT = 100  # ASCII characters, none of them a control character (AWS: SNS Publish)
STATE = {
    "error": "a run is published as a whole by its task publish, or not at all.",
    "warn": "the run goes on.",
    LATE: "readers see the hours that are published; this one is not, or not yet.",
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
    of = "" if entry.incident.name == LATE else f".{entry.incident.name}"
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
    incident, run, late = entry.incident, entry.first, entry.incident.name == LATE
    return "is late" if late else VERBS[incident.severity], [
        _what(entry),
        ("Run:", run.run_id),
        ("Interval:", run.interval),
        ("Reason:", incident.reason),
        ("State:", STATE[LATE if late else incident.severity]),
        ("Next:", incident.advice),
        ("Log:", run.url("" if late else incident.task)),
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
    if entry.failed and entry.incident.severity == "error":
        lines.append(("Open:", f"{_listed(entry.failed)} failed and did not succeed since: clear these runs."))
    return "is on time again" if entry.incident.name == LATE else "recovered", [*lines, ("Log:", run.url())]


def _what(entry: Entry) -> tuple[str, str]:
    dag_id, incident = entry.first.dag_id, entry.incident
    if incident.name == LATE:
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
