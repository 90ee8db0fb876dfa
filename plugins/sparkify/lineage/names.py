"""Names that stay the same from run to run."""

from __future__ import annotations

import re

from sparkify.addresses import split

RUN_SCHEMA = re.compile(r"\b(\w+)_run_[0-9a-f]{12}\b")  # what sparkify.macros.run makes


def stable(text: str) -> str:
    """SQL or a table's name in which the schemas of runs have one name, without quotes around any name."""
    return RUN_SCHEMA.sub(r"\1_run", text).replace('"', "")


def schemas(text: str) -> dict[str, str]:
    """The schemas by the macros that name them, if a text names one of a run.

    Args:
        text: SQL or a table's name, rendered.
    """
    found = RUN_SCHEMA.search(text)
    return {"star": found[1], "run": f"{found[1]}_run"} if found else {}


def run_schema(text: str) -> str:
    """The schema of a run that a text names; empty if it names none."""
    found = RUN_SCHEMA.search(text)
    return found[0] if found else ""


def of_s3(url: str) -> tuple[str, str]:
    """The namespace and name of an object or a prefix (OpenLineage: naming, S3).

    Args:
        url: ``s3://bucket/key``.
    """
    bucket, key = split(url)
    return f"s3://{bucket}", key.rstrip("/") or "/"
