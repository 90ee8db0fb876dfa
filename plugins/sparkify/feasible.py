"""Which arguments of a stage cannot work, alone or together, whatever the objects are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

# The words for files that are not plain text (AWS: copy-parameters-file-compression, copy-parameters-data-format).
COMPRESSED = ("gzip", "bzip2", "lzop", "zstd")
BINARY = ("parquet", "orc", "avro")
COLUMNAR = ("parquet", "orc")
# What COPY takes together with a columnar format (AWS: copy-usage_notes-copy-from-columnar).
WITH_COLUMNAR = ("acceptinvchars", "explicit_ids", "fillrecord", "serializetojson", "statupdate")
QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'")
MIDNIGHT = datetime(2018, 11, 1, tzinfo=timezone.utc)
LATER_THAT_DAY = MIDNIGHT + timedelta(hours=13, minutes=14, seconds=15, microseconds=161718)


def require_feasible(
    *,
    key_format: str | None,
    file_format: str,
    copy_options: Sequence[str],
    region: str,
    reads_records: bool,
    skips_records: bool,
) -> None:
    """Refuse what would stage nothing, or other records than those that are meant, or what COPY always refuses.

    Args:
        key_format: see ``StageToRedshiftOperator``, as the others are.
        file_format: see there.
        copy_options: see there.
        region: see there; only whether it is empty counts, so that it may be a template.
        reads_records: whether a feed or a quarantine has the objects' records read outside the warehouse.
        skips_records: whether COPY is to pass over records that it cannot load, as a quarantine needs.

    Raises:
        ValueError: what cannot work, and what to write in its place.
    """
    _require_whole_days(key_format)
    formats = _words(file_format)
    words = {*formats, *(word for option in copy_options for word in _words(option))}
    unread = [word for word in (*COMPRESSED, *BINARY) if word in words]
    if reads_records and unread:
        raise ValueError(
            f"A feed or a quarantine cannot be used with {_listed(unread)}: both read the records of an object, as "
            "plain text, outside the warehouse. Leave out feed and quarantine, or have the objects written as plain "
            "JSON."
        )
    columnar = [word for word in COLUMNAR if word in words]
    if columnar and region:
        raise ValueError(
            f"region cannot be used with {_listed(columnar)}: Redshift copies columnar files from buckets of its own "
            "region only (AWS: copy-usage_notes-copy-from-columnar). Give region='', and copy the objects into a "
            "bucket of that region if they are elsewhere."
        )
    first = [found[0] for option in copy_options if (found := _words(option))]
    refused = [
        *(["maxerror"] if skips_records else []),
        *(word for word in first if word not in (*WITH_COLUMNAR, "format", *COLUMNAR)),
    ]
    if columnar and refused:
        raise ValueError(
            f"{_listed(refused)} cannot be used with {_listed(columnar)}: COPY from columnar files takes of these "
            f"parameters only {', '.join(WITH_COLUMNAR)} (AWS: copy-usage_notes-copy-from-columnar). Leave them "
            "out of copy_options; a quarantine needs MAXERROR, leave it out too."
        )


def _require_whole_days(key_format: str | None) -> None:
    """The keys are made of the midnights of days, so that a code for anything finer reads the same for every hour."""
    if key_format is not None and f"{MIDNIGHT:{key_format}}" != f"{LATER_THAT_DAY:{key_format}}":
        raise ValueError(
            f"key_format {key_format!r} names objects by something finer than a day, e.g. %H: an object is found by "
            "its day only, so that only those of midnight would be read, and every other hour would be empty. Use "
            "codes of the date alone, e.g. %Y/%m/%d; for objects of each hour leave key_format out and give a pattern "
            "(with loaded_objects, only what is new is read)."
        )


def _words(text: str) -> list[str]:
    return QUOTED.sub(" ", text).lower().split()


def _listed(words: Sequence[str]) -> str:
    return " and ".join(word.upper() for word in dict.fromkeys(words))
