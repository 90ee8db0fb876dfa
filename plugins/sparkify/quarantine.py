"""The quarantine: records that were not loaded, or that loaded and broke a rule, kept with where they are and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException

from sparkify.copying import LoadError
from sparkify.interval import timestamp
from sparkify.rejection import LISTED, Broken, Rejected, listed
from sparkify.warehouse import Session, unqualified

FEW = 10  # records
LONGEST_RECORD, LONGEST_VALUE = 16_384, 1_024  # bytes of the columns
# NUL, bytes that are no UTF-8 (as Python's surrogateescape has them), and other lone surrogates
UNLOADABLE = re.compile("[\0\ud800-\udfff]")


@dataclass
class Quarantine:
    """Where a stage puts the records that it does not load, and how many of them it tolerates.

    Attributes:
        table: the quarantine. Templated.
        rejected: table of the run, takes the ids (``staged_table``, ``record_id``). Templated.
        broken: table of the run like the staging table, takes the rows that break a rule. Templated.
        records: how many rejected records a run goes on with, as a whole number. Templated.
        share: which share of all records they may be, if they are more than a few, from 0 to 1. Templated.
        per_object: whether ``records`` counts the objects that have some, since an object should hold one record: one
            that is no JSON at all looks like hundreds.
    """

    table: str
    rejected: str
    broken: str
    records: str
    share: str
    per_object: bool = False

    template_fields: ClassVar[Sequence[str]] = ("table", "rejected", "broken", "records", "share")

    def tolerates(self, rejected: Sequence[Rejected], records: int) -> bool:
        """Whether a run that rejects these of its records goes on.

        Of a few the share says nothing, since many hours are small; but an object that is not JSON at all, compressed
        or of an error page, has few lines too.
        """
        unreadable = sum(not one.is_object for one in rejected)
        allowed = float(self.share) * records
        counted = len({one.found for one in rejected}) if self.per_object else len(rejected)
        return counted <= int(self.records) and unreadable <= allowed and len(rejected) <= max(allowed, FEW)


class TooManyRejectedError(AirflowFailException):
    """More records cannot be loaded than a run may go on with.

    Args:
        table: that they were meant for.
        rejected: the records.
        of: how many there are in all, in words.
        tolerated: how many would be tolerated; None if none.
        personal: keys whose values are not shown.
        differences: how the keys of their objects differ from what is promised, which may be why.
    """

    def __init__(
        self,
        table: str,
        rejected: Sequence[Rejected],
        of: str,
        tolerated: Quarantine | None,
        personal: Collection[str] = (),
        differences: Sequence[str] = (),
    ) -> None:
        self.rejected = rejected
        counted = " objects with some" if tolerated and tolerated.per_object else ""
        limit = f", and {tolerated.records}{counted} or a share of {tolerated.share} are tolerated" if tolerated else ""
        told = [listed(rejected, personal), *differences[:LISTED]]
        kept = f" All of them are in {tolerated.table}." if tolerated else ""
        super().__init__(
            f"{len(rejected):,} of {of} records cannot be loaded into {table}{limit}:\n" + "\n".join(told) + "\n"
            f"Nothing of this run was published and nothing is lost.{kept} Correct the objects, or have them delivered "
            "again, and clear this task with everything downstream of it."
        )


def keep(
    session: Session, quarantine: Quarantine, staged_table: str, rejected: Sequence[Rejected], run_id: str
) -> list[Rejected]:
    """Put into quarantine what is not there, in a transaction of its own, so that a run that fails has kept it.

    Args:
        session: in autocommit mode.
        quarantine: where they go; the ids of all of them are noted in its ``rejected``.
        staged_table: what the records were meant for.
        rejected: of all objects that were copied into it.
        run_id: of the run that found them.

    Returns:
        Those that are new.
    """
    name, table, of_run = unqualified(staged_table), quarantine.table, quarantine.rejected
    by_id = {one.record_id: one for one in rejected}
    if not by_id:
        session.run(f"delete from {of_run} where staged_table = %(name)s", {"name": name})
        return []
    with session.transaction():
        # Two runs that find the same record keep it once; nobody but the pipeline waits for this.
        session.run(f"lock {table}")
        session.run(f"delete from {of_run} where staged_table = %(name)s", {"name": name})
        session.insert(of_run, [{"staged_table": name, "record_id": record_id} for record_id in by_id])
        found = session.run(
            f"select record_id from {table} where resolved_at is null and record_id in "
            f"(select record_id from {of_run} where staged_table = %(name)s)",
            {"name": name},
        )
        known = {record_id for (record_id,) in found}
        new = [one for record_id, one in by_id.items() if record_id not in known]
        session.insert(table, [_row(one, name, run_id) for one in new], dated="quarantined_at")
    return new


def warnings(rejected: Sequence[Rejected], new: int, records: int, personal: Collection[str]) -> list[dict[str, Any]]:
    """What a person should know of records that a run goes on without, in the form in which checks warn too.

    Args:
        rejected: of all objects.
        new: how many of them were not in quarantine before.
        records: how many there are in all.
        personal: keys whose values are not shown.
    """
    if not rejected:
        return []
    return [
        {
            "name": "records",
            "severity": "warn",
            "message": f"{len(rejected):,} records are in quarantine, {new:,} of them new",
            "examined": records,
            "failed": len(rejected),
            "sample": listed(rejected, personal),
        }
    ]


def _row(one: Rejected, staged_table: str, run_id: str) -> dict[str, Any]:
    error = one.why if isinstance(one.why, LoadError) else None
    return {
        "record_id": one.record_id,
        "staged_table": staged_table,
        "bucket": one.found.bucket,
        "object_key": one.found.key,
        "etag": one.found.etag,
        "day": one.found.day and timestamp(one.found.day),
        "line_number": one.line,
        "byte_position": error and error.position,
        "column_name": one.column or None,
        "value": one.value and _cut(one.value, LONGEST_VALUE),
        "reason": _cut(one.reason, LONGEST_VALUE),
        "rule": one.why.rule.name if isinstance(one.why, Broken) else None,
        "error_code": error and error.code,
        "record": one.record and _cut(one.record.text, LONGEST_RECORD),
        "run_id": run_id,
    }


def _cut(text: str, limit: int) -> str:
    """What fits into a column, with escapes for what no column takes."""
    return UNLOADABLE.sub(_escaped, text).encode()[:limit].decode(errors="ignore")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code & 0xFF:02x}" if code == 0 or 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
