"""What is known of one hour, of checks, of the quarantine and of how fast runs are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from sparkify.interval import HOUR, timestamp
from sparkify.observe import runs
from sparkify.observe.books import Books
from sparkify.observe.calendar import iso, midnight
from sparkify.observe.links import url
from sparkify.observe.overview import overview

Range = tuple[datetime, datetime]


def hour(books: Books, moment: datetime) -> dict[str, Any]:
    """What became of one hour, and of what it was made.

    Args:
        books: the warehouse's.
        moment: the hour's first, in UTC.
    """
    day = midnight(moment)
    calendar = overview(books, day, day + HOUR).calendar
    found = next(iter(books.ask("hour", **_bound((moment, moment + HOUR)))), {})
    objects = books.ask("objects", day=timestamp(day))
    waiting = calendar.runs.get(moment)
    run_id = waiting.run_id if waiting else found.get("run_id")
    return {
        "hour": iso(moment),
        "state": calendar.state(moment),
        "run_id": run_id,
        "url": url(run_id) if run_id else None,
        "rows": found.get("plays", 0),
        "matched": found.get("matched", 0),
        "rejected": sum(one["rejected"] for one in objects),
        "objects": [
            {"key": one["object_key"], "lines": one["lines_scanned"], "rows": one["rows_loaded"],
             "rejects": one["rejected"]}
            for one in objects
        ],
        "published_at": iso(found["published_at"]) if found else None,
    }  # fmt: skip


def checks(books: Books, shown: Range) -> list[dict[str, Any]]:
    """The checks with their latest results, those that fail most first.

    Args:
        books: the warehouse's.
        shown: the range of hours.
    """
    rows = books.ask("checks", **_bound(shown))
    grouped = groupby(rows, key=lambda row: (row["check_name"], row["severity"]))
    found = [_check(name, severity, list(results)) for (name, severity), results in grouped]
    return sorted(found, key=lambda check: (check["last"]["passed"], -check["failed"], check["name"]))


def quarantine(books: Books, shown: Range) -> list[dict[str, Any]]:
    """What is in quarantine now, by reason, the most frequent first.

    Args:
        books: the warehouse's.
        shown: the range of hours; what belongs to no day is told in any case.
    """
    return [
        {
            "reason": row["why"],
            "records": row["records"],
            "objects": row["objects"],
            "last_seen": iso(row["last_seen"]),
            "example": {name: row[f"example_{name}"] for name in ("object", "line", "column", "value")},
        }
        for row in books.ask("quarantine", **_bound(shown))
    ]


def throughput(books: Books, shown: Range) -> list[dict[str, Any]]:
    """The runs that published hours of a range, newest first: how long they took and how much they read.

    Args:
        books: the warehouse's.
        shown: the range of hours.
    """
    rows = books.ask("throughput", **_bound(shown))
    known = runs.durations(row["run_id"] for row in rows)
    return [
        {
            "run_id": row["run_id"],
            "url": url(row["run_id"]),
            "at": iso(row["published_at"]),
            "seconds": known.get(row["run_id"], (None, None))[0],
            "lines": row["lines_scanned"],
            "bytes": known.get(row["run_id"], (None, None))[1],
        }
        for row in rows
    ]


def _check(name: str, severity: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    history = [_result(row) for row in results]
    return {
        "name": name,
        "table": re.split(r"\W", name)[0],  # a check's name begins with it
        "severity": severity,
        "passed": results[0]["times_passed"],
        "failed": results[0]["times_failed"],
        "last": history[0],
        "history": history,
        "samples": list(_samples(results)),
    }


def _result(row: dict[str, Any]) -> dict[str, Any]:
    observed = row["message"] or f"{row['failed']:,} of {row['examined']:,} break it"
    return {
        "at": iso(row["checked_at"]),
        "run_id": row["run_id"],
        "url": url(row["run_id"]),
        "passed": row["passed"],
        "observed": observed,
        "expected": row["threshold"],
    }


def _samples(results: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The rows that broke a check, of the latest runs that it failed in; a line each, personal fields masked."""
    for row in [one for one in results if not one["passed"] and one["sample"]][:3]:
        told = {"at": iso(row["checked_at"]), "run_id": row["run_id"], "url": url(row["run_id"])}
        yield from ({**told, "row": line} for line in row["sample"].splitlines())


def _bound(shown: Range) -> dict[str, str]:
    return {"start": timestamp(shown[0]), "end": timestamp(shown[1])}
