"""The checklist in the sandbox's README, made from the names of the tests.

`python -m tests.sandbox.redshift.checklist` writes it. A test shows an item when its name begins with it
(`test_m4_records_…`). One with "is refused" in its name shows what is refused; one that begins with `test_differs_`
shows where the sandbox is known to differ from Redshift.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[2]
README = TESTS.parent / "include" / "sandbox" / "README.md"
BEGIN, END = "<!-- made by tests/sandbox/redshift/checklist.py -->", "<!-- end -->"
ITEMS = {
    "M1": "redshift_connector connects; the server says that it is Redshift",
    "M2": "COPY by the extended protocol and by a simple query, in a transaction and outside",
    "M3": "the notice of a load, its tag, PG_LAST_COPY_ID and PG_LAST_COPY_COUNT",
    "M4": "COPY JSON 'auto': keys and columns, records however laid out",
    "M5": "a top-level array, and what stands between records, are load errors",
    "M6": "COPY JSON by a JSONPaths file",
    "M7": "values of each type as COPY reads them, and the options for them",
    "M8": "VARCHAR(n) counts bytes",
    "M9": "the source of COPY is a key prefix",
    "M10": "COPY by MANIFEST",
    "M11": "MAXERROR, IGNOREALLERRORS, NOLOAD",
    "M12": "a failed load leaves no rows, and its errors in views",
    "M13": "compression, authorization; an option that is unknown or conflicts is refused",
    "M14": "DISTSTYLE, DISTKEY, SORTKEY, ENCODE, BACKUP, IDENTITY: kept, changed and shown",
    "M15": "keys are informational, NOT NULL is not; types and their defaults",
    "M16": "INSERT, CREATE TABLE AS and LIKE, temporary tables, DELETE USING, UPDATE FROM, MERGE, APPEND",
    "M17": "expressions of Redshift's: dates, implicit casts to text, integer division, lateral aliases",
    "M18": "transactions: DDL and COPY roll back, TRUNCATE commits, what is refused in a block",
    "M19": "one writer a table; snapshots; error 1023",
    "M20": "what Redshift refuses is refused",
    "C1": "psycopg2, psycopg 3 and psql connect, cancel and reset",
    "C2": "redshift_connector's protocol: binary results, prepared statements across DDL",
    "C3": "several statements in one query",
    "C4": "start-up options and settings",
    "C5": "sqlalchemy-redshift's reflection",
    "C6": "dbt-redshift, late-binding views",
    "C7": "awswrangler",
    "C8": "dlt, SUPER",
    "C9": "Airflow's hook and operators, redshift_connector's metadata",
    "C11": "the catalogue's views and SHOW",
    "C12": "the fields of errors, SQLSTATEs",
}
NAME = re.compile(r"test_([mc]\d+)_")
REFUSED = re.compile(r"_(is|are)_refused")


class Test(NamedTuple):
    """A test's name and the file that it is in, below the folder of tests."""

    name: str
    file: str


def tests() -> Iterator[Test]:
    """Yields the tests of the sandbox Redshift and of its clients."""
    for path in sorted(
        path for folder in ("sandbox/redshift", "clients") for path in (TESTS / folder).rglob("test_*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield Test(node.name, str(path.relative_to(TESTS)))


def section(found: list[Test]) -> str:
    """Returns the README's section.

    Raises:
        ValueError: a test's name begins with an item that is on no list.
    """
    shown: dict[str, set[str]] = {}
    for test in found:
        if item := NAME.match(test.name):
            shown.setdefault(item[1].upper(), set()).add(Path(test.file).name)
    if unknown := shown.keys() - ITEMS.keys():
        raise ValueError(f"no such items on the checklist: {', '.join(sorted(unknown))}")
    counts = ", ".join(
        f"{kind} {sum(item in shown for item in ITEMS if item[0] == kind)}/{sum(item[0] == kind for item in ITEMS)}"
        for kind in "MC"
    )
    table = [f"| {item} | {what} | {', '.join(sorted(shown.get(item, {'none'})))} |" for item, what in ITEMS.items()]
    head = [BEGIN, f"**{counts}** (C10, the Data API, is out)", "", "| | shown | by the tests in |", "|---|---|---|"]
    refused = _names(test.name for test in found if REFUSED.search(test.name))
    differs = _names(test.name for test in found if test.name.startswith("test_differs_"))
    tail = [f"**Refused**, by tests of these names: {refused}.", "", f"**Known to differ**, likewise: {differs}.", END]
    return "\n".join([*head, *table, "", *tail])


def _names(names: Iterator[str]) -> str:
    plain = {NAME.sub("", name).removeprefix("test_").removeprefix("differs_").replace("_", " ") for name in names}
    return "; ".join(sorted(plain))


def written() -> str:
    """Returns the section as it stands in the README."""
    text = README.read_text()
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    """Writes the section into the README."""
    text, new = README.read_text(), section(list(tests()))
    README.write_text(text.replace(written(), new))


if __name__ == "__main__":
    main()
