"""COPY: the statement, what it loaded, and why it failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from airflow.sdk.exceptions import AirflowFailException

from sparkify.errors import message
from sparkify.objects import Store
from sparkify.warehouse import Session

EXCERPT = 300  # characters of a record that a message shows

Files = dict[str, tuple[int, int]]  # lines scanned and records rejected by ``s3://`` address


@dataclass(frozen=True)
class Copy:
    """One COPY of the objects that a manifest lists (AWS: r_COPY).

    Attributes:
        table: the target, qualified.
        manifest_url: ``s3://…`` of the manifest.
        iam_role: an ARN that the warehouse assumes to read S3, or ``default``.
        format: e.g. ``json``.
        jsonpaths: for JSON, ``auto`` or the ``s3://…`` of a jsonpaths file; empty for other formats.
        region: the buckets' region; empty for the warehouse's own.
        options: further parameters, as COPY writes them.
    """

    table: str
    manifest_url: str
    iam_role: str
    format: str = "json"
    jsonpaths: str = "auto"
    region: str = ""
    options: Sequence[str] = field(default=())

    @property
    def statement(self) -> str:
        """The statement; the role is the only authorisation that it can carry."""
        role = "default" if self.iam_role == "default" else literal(self.iam_role)
        mapping = f" {literal(self.jsonpaths)}" if self.format.lower() == "json" else ""
        clauses = [
            f"copy {self.table}",
            f"from {literal(self.manifest_url)}",
            f"iam_role {role}",
            f"format as {self.format}{mapping}",
            *([f"region {literal(self.region)}"] if self.region else []),
            "manifest",
            *self.options,
        ]
        return "\n".join(clauses)


def literal(text: str) -> str:
    r"""Write a string literal: Redshift reads backslashes in ordinary literals as escapes, so both are doubled."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def files(session: Session) -> Files:
    """What the session's last COPY read of each file (AWS: SYS_LOAD_DETAIL, SYS_LOAD_ERROR_DETAIL)."""
    scanned = session.run(
        "select trim(file_name), sum(lines_scanned) from sys_load_detail where query_id = pg_last_copy_id() group by 1"
    )
    rejected = session.run(
        "select trim(file_name), count(*) from sys_load_error_detail where query_id = pg_last_copy_id() group by 1"
    )
    errors = {name: int(count) for name, count in rejected}
    return {name: (int(lines), errors.get(name, 0)) for name, lines in scanned}


def rows_loaded(session: Session) -> int:
    """How many rows the session's last COPY loaded (AWS: PG_LAST_COPY_COUNT)."""
    return int(session.run("select pg_last_copy_count()")[0][0])


def failure(session: Session, store: Store, copy: Copy, error: BaseException) -> AirflowFailException | None:
    """Explain a COPY that failed because of its input.

    Args:
        session: the one that ran it, rolled back since: load errors survive the rollback (AWS: STL_LOAD_ERRORS).
        store: to show the record itself, which the view does not keep.
        copy: what was run.
        error: what the driver raised.

    Returns:
        An error that names file, line, column, value and reason, and is not retried; None if no record is to blame.
    """
    if "Load into table" not in message(error):
        return None
    rejected = session.run(
        "select trim(file_name), line_number, trim(column_name), trim(column_type), trim(column_length), error_code, "
        "trim(error_message) from sys_load_error_detail where query_id = pg_last_copy_id() "
        "order by file_name, line_number limit 1"
    )
    if not rejected:
        return None
    file_name, line, column, type_, length, code, reason = rejected[0]
    # numbers have a length of 0 there
    what = f"column {column!r} ({type_}{f' of {length}' if length.strip('0') else ''})" if column else "the record"
    return AirflowFailException(
        f"{file_name}, line {line}: {what} cannot be loaded into {copy.table}: {reason} (code {code}).\n"
        f"{_shown(store, file_name, int(line), column)}\n"
        "Nothing of this run was published and nothing is lost. Correct the object, or have it delivered again, and "
        "clear this task with everything downstream of it."
    )


def _shown(store: Store, file_name: str, line: int, column: str) -> str:
    try:
        record = _record(store.lines(file_name), line)
    except Exception as error:  # COPY reads by its own role, so the connection may well be one that only lists
        return f"  record: cannot be shown: {message(error)}"
    excerpt = f"{_printable(record[:EXCERPT])}{'…' if len(record) > EXCERPT else ''}"
    return f"  value:  {_value(record, column)}\n  record: {excerpt}"


def _record(lines: Iterable[bytes], number: int) -> str:
    line = next(islice(lines, max(number - 1, 0), None), b"")
    return line.decode("utf-8", errors="replace")


def _printable(text: str) -> str:
    """Escape what would not show, or would do something to a terminal: a compressed object is full of it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _value(record: str, column: str) -> str:
    """The value behind a column, as JSON text, where the record can be read and has such a key in any case."""
    try:
        fields = json.loads(record)
    except ValueError:
        return "unknown, the record is not valid JSON"
    values = [value for key, value in fields.items() if key.lower() == column] if isinstance(fields, dict) else []
    text = json.dumps(values[0], ensure_ascii=False) if values else "unknown"
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}… ({len(text.encode())} bytes)"
