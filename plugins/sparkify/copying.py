"""COPY: the statement, what it loaded, and what it passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sparkify.errors import message
from sparkify.warehouse import Session

# Has COPY pass over records that cannot be loaded, as many as it may (AWS: copy-parameters-data-load).
SKIP_BAD_RECORDS = "maxerror 100000"


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
        columns: that it fills; empty for all of the table's.
    """

    table: str
    manifest_url: str
    iam_role: str
    format: str = "json"
    jsonpaths: str = "auto"
    region: str = ""
    options: Sequence[str] = field(default=())
    columns: Sequence[str] = field(default=())

    @property
    def statement(self) -> str:
        """The statement; the role is the only authorisation that it can carry."""
        role = "default" if self.iam_role == "default" else literal(self.iam_role)
        mapping = f" {literal(self.jsonpaths)}" if self.format.lower() == "json" else ""
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        clauses = [
            f"copy {self.table}{columns}",
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


@dataclass(frozen=True)
class LoadError:
    """A record that COPY passed over (AWS: SYS_LOAD_ERROR_DETAIL).

    Attributes:
        file_name: ``s3://...`` of the object; the view cuts it after 256 bytes.
        line: of the record's end, from 1.
        column: at fault; empty if the record itself is.
        type: of the column, with its length if that matters.
        position: of the fault in the value.
        code: see r_Load_Error_Reference.
        reason: the warehouse's words.
    """

    file_name: str
    line: int
    column: str
    type: str
    position: int
    code: int
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What one COPY did.

    Attributes:
        rows: that it loaded (AWS: PG_LAST_COPY_COUNT).
        lines: scanned of each file, by address (AWS: SYS_LOAD_DETAIL).
        errors: the records that it passed over.
    """

    rows: int
    lines: Mapping[str, int]
    errors: Sequence[LoadError]


def loaded(session: Session) -> Loaded:
    """What the session's last COPY did."""
    rows = int(session.run("select pg_last_copy_count()")[0][0])
    scanned = session.run(
        "select trim(file_name), sum(lines_scanned) from sys_load_detail where query_id = pg_last_copy_id() group by 1"
    )
    return Loaded(rows, {name: int(lines) for name, lines in scanned}, errors(session))


def errors(session: Session) -> list[LoadError]:
    """The records that the session's last COPY passed over; they outlive a rollback (AWS: STL_LOAD_ERRORS)."""
    rows = session.run(
        "select trim(file_name), line_number, trim(column_name), trim(column_type), trim(column_length), position, "
        "error_code, trim(error_message) from sys_load_error_detail where query_id = pg_last_copy_id() "
        "order by file_name, line_number"
    )
    return [
        # numbers have a length of 0 there
        LoadError(
            name, int(line), column, f"{type_}{f' of {length}' if length.strip('0') else ''}", int(at), int(code), why
        )
        for name, line, column, type_, length, at, code, why in rows
    ]


def has_bad_records(error: BaseException) -> bool:
    """Whether COPY gave up because of too many records that cannot be loaded."""
    return "Load into table" in message(error)
