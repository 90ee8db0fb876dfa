"""The quarantine: records that were not loaded, or that loaded and broke a rule, kept with where they are and why."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException

from sparkify.copying import LoadError
from sparkify.feed import Rule
from sparkify.objects import S3Object, Store
from sparkify.records import LONGEST, Number, Record, as_json, excerpt, read
from sparkify.warehouse import Session, unqualified

URL_SHOWN = 256  # bytes of an address that the load views keep
LONGEST_RECORD, LONGEST_VALUE = 16_384, 1_024  # bytes of the columns
# NUL, bytes that are no UTF-8 (as Python's surrogateescape has them), and other lone surrogates
UNLOADABLE = re.compile("[\0\ud800-\udfff]")
LISTED = 10  # rejected records that a message shows


@dataclass
class Quarantine:
    """Where a stage puts the records that it does not load, and how many of them it tolerates.

    Attributes:
        table: the quarantine. Templated.
        rejected: table of the run, takes the ids (``staged_table``, ``record_id``). Templated.
        broken: table of the run like the staging table, takes the rows that break a rule. Templated.
        records: how many rejected records a run goes on with, as a whole number. Templated.
        share: which share of all records they may be, from 0 to 1. Templated.
    """

    table: str
    rejected: str
    broken: str
    records: str
    share: str

    template_fields: ClassVar[Sequence[str]] = ("table", "rejected", "broken", "records", "share")

    def tolerates(self, rejected: int, records: int) -> bool:
        """Whether a run that rejects so many of its records goes on."""
        return rejected <= int(self.records) and rejected <= float(self.share) * records


@dataclass(frozen=True)
class Broken:
    """A row that loaded and breaks a rule.

    Attributes:
        rule: the first that it breaks.
        row: its values by column.
        found: the object that it is from; None if that is not known yet.
    """

    rule: Rule
    row: Mapping[str, Any]
    found: S3Object | None = None


@dataclass(frozen=True)
class Rejected:
    """One record in quarantine.

    Attributes:
        found: its object.
        why: what the warehouse or the rule says.
        record: as it stands in the object; None if it could not be told from others.
        twin: how many like it come before it in its object.
    """

    found: S3Object
    why: LoadError | Broken
    record: Record | None
    twin: int = 0

    @property
    def record_id(self) -> str:
        """Identifies the record by its object and content, whatever was read when."""
        content = self.record.text if self.record else str(self.why)
        identity = f"{self.found.url}\0{self.twin}\0{content}"
        # no secret: a short name for something long, as Redshift's own MD5 would give
        return hashlib.md5(identity.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()

    @property
    def column(self) -> str:
        """The column at fault; empty if the record itself is."""
        return self.why.column if isinstance(self.why, LoadError) else self.why.rule.column

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        if isinstance(self.why, LoadError):
            type_ = f" ({self.why.type})" if self.column else ""
            what = f"column {self.column!r}{type_}" if self.column else "the record"
            return f"{what} cannot be loaded: {self.why.reason} (code {self.why.code})"
        return f"column {self.column!r} breaks the rule: {self.why.rule.name}"

    @property
    def line(self) -> int | None:
        """Number of the record's last line, from 1."""
        if isinstance(self.why, LoadError):
            return self.why.line
        return self.record.line if self.record else None

    @property
    def value(self) -> str | None:
        """What stands under the column's key, as JSON; None if that cannot be told."""
        if self.record is None or not self.column or not isinstance(self.record.value, Mapping):
            return None
        return as_json(self.record.field(self.column))

    def __str__(self) -> str:
        """Where it is and what is wrong, for the person who has to correct it."""
        value = "" if self.value is None else f"\n  value:  {excerpt(self.value)}"
        record = self.record.shown if self.record else "cannot be shown"
        return f"{self.found.url}, line {self.line}: {self.reason}{value}\n  record: {record}"


def located(
    store: Store, objects: Sequence[S3Object], errors: Sequence[LoadError], broken: Sequence[Broken]
) -> list[Rejected]:
    """Find the records that the warehouse passed over, and those that broken rows are from, in their objects.

    Args:
        store: where the objects are.
        objects: what was copied.
        errors: what the warehouse passed over.
        broken: rows that break a rule.

    Raises:
        ObjectReplacedError: an object is not any more what was copied.
    """
    by_url = _by_url(objects)
    at: dict[S3Object, list[LoadError]] = defaultdict(list)
    for error in errors:
        at[by_url[error.file_name]].append(error)
    rows, known = list(broken), {row.found for row in broken}
    suspects = set(objects) if None in known else known
    rejected: list[Rejected] = []
    for found in objects:
        if found in at or found in suspects:
            here = [row for row in rows if row.found in (None, found)]
            taken = _in_object(read(store.lines(found)), found, at[found], here)
            rejected += taken
            rows = [row for row in rows if not any(row is one.why for one in taken)]
    return rejected + [Rejected(row.found or objects[0], row, None, n) for n, row in enumerate(rows)]


def unread(objects: Sequence[S3Object], errors: Sequence[LoadError]) -> list[Rejected]:
    """The records that the warehouse passed over, without what is in them.

    Args:
        objects: what was copied.
        errors: what the warehouse passed over.
    """
    by_url = _by_url(objects)
    return [Rejected(by_url[error.file_name], error, None) for error in errors]


def _by_url(objects: Sequence[S3Object]) -> dict[str, S3Object]:
    return {found.url.encode()[:URL_SHOWN].decode(errors="ignore"): found for found in objects}


def _in_object(
    records: Iterable[Record], found: S3Object, errors: Sequence[LoadError], broken: Sequence[Broken]
) -> list[Rejected]:
    """Pair the records of one object with what is wrong with them; each error and each row is used once."""
    at_line: dict[int, list[LoadError]] = defaultdict(list)
    for error in errors:
        at_line[error.line].append(error)
    of_row: dict[tuple[str, ...], list[Broken]] = defaultdict(list)
    columns = sorted(broken[0].row) if broken else []
    for row in broken:
        of_row[tuple(_comparable(row.row[column]) for column in columns)].append(row)
    paired: list[tuple[LoadError | Broken, Record | None]] = [*_paired(records, at_line, of_row, columns)]
    paired += [(error, None) for left in at_line.values() for error in left]
    twins: Counter[str] = Counter()
    rejected = []
    for why, record in paired:
        content = record.text if record else str(why)
        rejected.append(Rejected(found, why, record, twins[content]))
        twins[content] += 1
    return rejected


def _paired(
    records: Iterable[Record],
    at_line: dict[int, list[LoadError]],
    of_row: dict[tuple[str, ...], list[Broken]],
    columns: Sequence[str],
) -> Iterator[tuple[LoadError | Broken, Record]]:
    for record in records:
        # of several records that end on one line, one with columns is not what could not be read
        has_columns = isinstance(record.value, Mapping) and len(record.text) <= LONGEST
        fits = [error for error in at_line.get(record.line, ()) if error.column or not has_columns]
        if fits:
            at_line[record.line].remove(fits[0])
            yield fits[0], record
        elif of_row and isinstance(record.value, Mapping):
            fields = {key.lower(): value for key, value in record.value.items()}
            like = of_row.get(tuple(_comparable(fields.get(column)) for column in columns))
            if like:
                yield like.pop(), record


def _comparable(value: Any) -> str:
    """A loaded value, and the JSON value that it was loaded from, as the same text."""
    if value is None or (isinstance(value, str) and not value.strip()):  # blanks load as NULL into a number
        return ""
    if isinstance(value, (Number, int, float)) and not isinstance(value, bool):
        return f"{float(value):.17g}"
    if isinstance(value, str):
        try:
            return f"{float(value):.17g}"
        except ValueError:
            return value.split("\0")[0]  # a NUL ends what is loaded
    return as_json(value)


class TooManyRejectedError(AirflowFailException):
    """More records cannot be loaded than a run may go on with.

    Args:
        table: that they were meant for.
        rejected: the records.
        of: how many there are in all, in words.
        tolerated: how many would be tolerated; None if none.
    """

    def __init__(self, table: str, rejected: Sequence[Rejected], of: str, tolerated: Quarantine | None) -> None:
        self.rejected = rejected
        limit = f", and {tolerated.records} or a share of {tolerated.share} are tolerated" if tolerated else ""
        kept = f" All of them are in {tolerated.table}." if tolerated else ""
        super().__init__(
            f"{len(rejected):,} of {of} records cannot be loaded into {table}{limit}:\n{listed(rejected)}\n"
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
    with session.transaction():
        # Two runs that find the same record keep it once; nobody but the pipeline waits for this.
        session.run(f"lock {table}")
        session.run(f"delete from {of_run} where staged_table = %(name)s", {"name": name})
        session.insert(of_run, [{"staged_table": name, "record_id": record_id} for record_id in by_id])
        open_ids = session.run(
            f"select record_id from {table} where resolved_at is null and record_id in "
            f"(select record_id from {of_run} where staged_table = %(name)s)",
            {"name": name},
        )
        new = [one for record_id, one in by_id.items() if record_id not in {found.strip() for (found,) in open_ids}]
        session.insert(table, [_row(one, name, run_id) for one in new], dated="quarantined_at")
    return new


def _row(one: Rejected, staged_table: str, run_id: str) -> dict[str, Any]:
    error = one.why if isinstance(one.why, LoadError) else None
    return {
        "record_id": one.record_id,
        "staged_table": staged_table,
        "bucket": one.found.bucket,
        "object_key": one.found.key,
        "etag": one.found.etag,
        "day": one.found.day and f"{one.found.day:%Y-%m-%d %H:%M:%S}",
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


def listed(rejected: Sequence[Rejected]) -> str:
    """Some records, and how many more there are."""
    shown = "\n".join(str(one) for one in rejected[:LISTED])
    more = len(rejected) - LISTED
    return f"{shown}\nand {more:,} more, in the quarantine" if more > 0 else shown
