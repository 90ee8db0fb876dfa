"""Records that are not loaded, found again in their objects: the warehouse tells a line or a row, and no record."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from sparkify.copying import LoadError
from sparkify.feed import Rule
from sparkify.objects import S3Object, Store
from sparkify.records import LONGEST, Number, Record, as_json, excerpt, read

log = logging.getLogger(__name__)

URL_SHOWN = 256  # bytes of an address that the load views keep
LISTED = 10  # rejected records that a message shows


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
    def is_object(self) -> bool:
        """Whether it is a JSON object, as every record should be."""
        return isinstance(self.record.value, Mapping) if self.record else bool(self.column)

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

    def told(self, personal: Collection[str] = ()) -> str:
        """Where it is and what is wrong, for the person who has to correct it.

        Args:
            personal: keys whose values are not shown, unless one of them is at fault; the quarantine has all.
        """
        value = "" if self.value is None else f"\n  value:  {excerpt(self.value)}"
        record = self.record.shown(personal) if self.record else "cannot be shown"
        return f"{self.found.url}, line {self.line}: {self.reason}{value}\n  record: {record}"


def located(
    store: Store,
    objects: Sequence[S3Object],
    errors: Sequence[LoadError],
    broken: Sequence[Broken],
    keys: Collection[str] = (),
) -> list[Rejected]:
    """Find the records that the warehouse passed over, and those that broken rows are from, in their objects.

    Args:
        store: where the objects are.
        objects: what was copied.
        errors: what the warehouse passed over.
        broken: rows that break a rule.
        keys: those that fill columns; a key in another case fills none. Empty if any may.

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
            taken = _in_object(read(store.lines(found)), found, at[found], here, keys)
            rejected += taken
            used = {id(one.why) for one in taken}
            rows = [row for row in rows if id(row) not in used]
    return rejected + [Rejected(row.found or objects[0], row, None, n) for n, row in enumerate(rows)]


def shown(store: Store, objects: Sequence[S3Object], errors: Sequence[LoadError]) -> list[Rejected]:
    """The records that the warehouse passed over, with what is in them if it may be read: see :func:`located`.

    COPY reads by its own role, so the connection may well be one that only lists.
    """
    try:
        return located(store, objects, errors, [])
    except AirflowFailException as denied:
        log.warning("The records cannot be shown: %s", denied)
        by_url = _by_url(objects)
        return [Rejected(by_url[error.file_name], error, None) for error in errors]


def _by_url(objects: Sequence[S3Object]) -> dict[str, S3Object]:
    # trimmed, as the view's columns are
    return {found.url.encode()[:URL_SHOWN].decode(errors="ignore").rstrip(" "): found for found in objects}


def _in_object(
    records: Iterable[Record],
    found: S3Object,
    errors: Sequence[LoadError],
    broken: Sequence[Broken],
    keys: Collection[str],
) -> list[Rejected]:
    """Pair the records of one object with what is wrong with them; each error and each row is used once."""
    at_line: dict[int, list[LoadError]] = defaultdict(list)
    for error in errors:
        at_line[error.line].append(error)
    of_row: dict[tuple[str, ...], list[Broken]] = defaultdict(list)
    columns = sorted(broken[0].row) if broken else []
    for row in broken:
        of_row[tuple(_comparable(row.row[column]) for column in columns)].append(row)
    paired: list[tuple[LoadError | Broken, Record | None]] = [*_paired(records, at_line, of_row, columns, keys)]
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
    keys: Collection[str],
) -> Iterator[tuple[LoadError | Broken, Record]]:
    for record in records:
        # of several records that end on one line, one with columns is not what could not be read
        has_columns = isinstance(record.value, Mapping) and len(record.text) <= LONGEST
        fits = [error for error in at_line.get(record.line, ()) if error.column or not has_columns]
        if fits:
            at_line[record.line].remove(fits[0])
            yield fits[0], record
        elif of_row and isinstance(record.value, Mapping):
            fields = {key.lower(): value for key, value in record.value.items() if not keys or key in keys}
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


def listed(rejected: Sequence[Rejected], personal: Collection[str] = ()) -> str:
    """Some records, and how many more there are; see :meth:`Rejected.told`."""
    shown = "\n".join(one.told(personal) for one in rejected[:LISTED])
    more = len(rejected) - LISTED
    return f"{shown}\nand {more:,} more, in the quarantine" if more > 0 else shown
