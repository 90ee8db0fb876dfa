"""A look into every new version of an object before it is copied: COPY drops unknown keys in silence.

What COPY says afterwards is held against what was seen here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sparkify.drift import Drift, Found
from sparkify.feed import Feed
from sparkify.interval import DAY, EPOCH, MILLISECOND
from sparkify.objects import THREADS, S3Object, Store
from sparkify.records import Record, as_loaded, read


@dataclass(frozen=True)
class Inspection:
    """What was seen in one version of an object.

    Attributes:
        lines: that it has, a last one without a line end counted.
        ends_in_line: whether the last line has none.
        records: that it has, readable or not.
        is_misplaced: whether a record is dated outside the day that the object's key promises.
        drift: how its records differ from the keys that are promised.
        record_keys: the values of the key that identifies a record; empty if the feed has none.
    """

    lines: int
    ends_in_line: bool
    records: int
    is_misplaced: bool = False
    drift: Drift = field(default_factory=Drift)
    record_keys: frozenset[str | None] = field(default=frozenset(), repr=False)

    @property
    def scannable(self) -> tuple[int, ...]:
        """How many lines COPY may say that it has scanned: of a last one without a line end AWS does not tell."""
        return (self.lines - 1, self.lines) if self.ends_in_line else (self.lines,)

    def text(self) -> str:
        """All but the record keys, to be kept; see :meth:`parse`."""
        # escapes would make the name of a key three times as long, and the column takes as many bytes as it takes
        return json.dumps({**asdict(replace(self, record_keys=frozenset())), "record_keys": []}, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Inspection:
        """What :meth:`text` wrote."""
        kept = json.loads(text)
        drift = Drift(tuple(kept["drift"]["differences"]))
        return cls(kept["lines"], kept["ends_in_line"], kept["records"], kept["is_misplaced"], drift)


Inspections = Mapping[S3Object, Inspection]


def inspect(store: Store, objects: Sequence[S3Object], feed: Feed) -> Inspections:
    """Stream each object once, several at a time.

    Args:
        store: where they are.
        objects: those that are about to be copied; uncompressed JSON.
        feed: what is promised of them.

    Raises:
        ObjectReplacedError: one of them has been replaced since it was listed.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        seen = threads.map(lambda found: look(store.lines(found), feed, found.day), objects)
        return dict(zip(objects, seen, strict=True))


def look(lines: Iterable[bytes], feed: Feed, day: datetime | None) -> Inspection:
    """Inspect the lines of one object.

    Args:
        lines: each with its line end.
        feed: what is promised of its records.
        day: the midnight (UTC) of the day that its key promises, if it promises one.
    """
    counted, found, records, misplaced = _Counted(lines), Found(), 0, False
    identities: set[str | None] = set()
    for record in read(counted):
        records += 1
        found.add(record)
        misplaced = misplaced or (day is not None and _is_outside(record, feed, day))
        if feed.identified_by and isinstance(record.value, Mapping):
            identities.add(as_loaded(record.value.get(feed.identified_by)))
    drift = Drift.of(found, feed.keys)
    return Inspection(counted.lines, counted.ends_in_line, records, misplaced, drift, frozenset(identities))


class _Counted:
    """Lines that are counted as they go by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._of = lines
        self.lines = 0
        self.ends_in_line = False

    def __iter__(self) -> Iterator[bytes]:
        for line in self._of:
            self.lines += 1
            self.ends_in_line = not line.endswith(b"\n")
            yield line


def _is_outside(record: Record, feed: Feed, day: datetime) -> bool:
    try:
        moment = EPOCH + int(float(record.field(feed.dated_by))) * MILLISECOND
    except (TypeError, ValueError, OverflowError):  # COPY or a rule of the contract will have its say on it
        return False
    return not day - feed.tolerance <= moment < day + DAY + feed.tolerance
