"""Prints the facts as JSON, wherever Airflow is configured: `python -m sparkify.observe`, with `plugins/` on the path.

The parts are those that the page shows: overview, checks, quarantine, alerts, throughput. One that is not available has
`unavailable` in its place, with what is wrong, why, and what to do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from sparkify.observe import alerts, details
from sparkify.observe.attention import UnavailableError
from sparkify.observe.books import Books, opened
from sparkify.observe.calendar import ALWAYS
from sparkify.observe.overview import overview, without_books


def main() -> int:
    """Print the facts about all hours, and return the exit code: 1 if something needs a person."""
    argparse.ArgumentParser(prog="python -m sparkify.observe", description=__doc__).parse_args()
    # Airflow's log goes to standard output, where only the answer belongs.
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        found = facts()
        json.dump(found, answer)
    return 1 if found["overview"]["attention"] else 0


def facts() -> dict[str, Any]:
    """All that is known, by part."""
    told = _or_why_not(lambda: [alert.json() for alert in alerts.recorded()])
    try:
        with opened() as books:
            return {"overview": overview(books, *ALWAYS).json(), **_details(books), "alerts": told}
    except UnavailableError as error:
        why = {"unavailable": error.attention.json()}
        missing = dict.fromkeys(("checks", "quarantine", "throughput"), why)
        return {"overview": without_books(error).json(), **missing, "alerts": told}


def _details(books: Books) -> dict[str, Any]:
    parts = (details.checks, details.quarantine, details.throughput)
    return {part.__name__: part(books, ALWAYS) for part in parts}


def _or_why_not(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except UnavailableError as error:
        return {"unavailable": error.attention.json()}


if __name__ == "__main__":
    sys.exit(main())
