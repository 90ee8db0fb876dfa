"""Numbered schema changes, each applied once, and the schemas of runs. Parallel first runs do not trip each other."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sparkify.errors import sqlstate
from sparkify.warehouse import Parameters, Session

log = logging.getLogger(__name__)

NUMBER = re.compile(r"\d+")
ATTEMPTS = 5

# What a statement meets when a parallel run creates the same thing at that moment: schema, table, object or role
# exists, or its catalogue row does (PostgreSQL: appendix A).
EXISTS_ALREADY = ("42P06", "42P07", "42710", "23505")


@dataclass(frozen=True)
class Change:
    """One schema change.

    Attributes:
        version: its number; changes are applied in this order.
        file_name: where it stands.
        sql: its statements, rendered.
    """

    version: int
    file_name: str
    sql: str


def numbered(file_names: Sequence[str], rendered: Sequence[str]) -> list[Change]:
    """Pair the changes' files with what they render to, in the order of their numbers.

    Args:
        file_names: e.g. ``create/0001_star_schema.sql``.
        rendered: the SQL of each.

    Raises:
        ValueError: a file's name does not begin with a number, or two begin with the same.
    """
    changes = []
    for name, sql in zip(file_names, rendered, strict=True):
        match = NUMBER.match(PurePath(name).name)
        if match is None:
            raise ValueError(f"{name}: a schema change's file name begins with its number")
        changes.append(Change(int(match.group()), name, sql))
    if len({change.version for change in changes}) < len(changes):
        raise ValueError(f"two schema changes have the same number: {sorted(file_names)}")
    return sorted(changes, key=lambda change: change.version)


def ensure_role(session: Session, role: str) -> None:
    """Create a role if there is none of that name (Redshift has no CREATE ROLE IF NOT EXISTS)."""
    if not session.run("select 1 from svv_roles where role_name = %(role)s", {"role": role}):
        _create(session, f"create role {role}")


def ensure_schema(session: Session, schema: str, bootstrap: str) -> None:
    """Create the schema and what schema changes themselves need, if its list of versions is missing.

    Args:
        session: in autocommit mode.
        schema: its name.
        bootstrap: statements that tolerate what exists.
    """
    for _ in range(ATTEMPTS):
        if _has_table(session, schema, "schema_versions") and _has_table(session, schema, "publish_mutex"):
            return
        _create(session, bootstrap)


def apply_missing(session: Session, schema: str, changes: Sequence[Change]) -> list[int]:
    """Apply the changes that have no version row, all or none, while parallel runs wait.

    Args:
        session: in autocommit mode.
        schema: holds ``schema_versions`` and ``publish_mutex``.
        changes: in order.

    Returns:
        The numbers of those that were applied.
    """
    if not _missing(session, schema, changes):
        return []
    with session.transaction():
        session.run(f"lock {schema}.publish_mutex")
        missing = _missing(session, schema, changes)
        for change in missing:
            log.info("Applying schema change %s", change.file_name)
            session.script(change.sql)
            session.run(
                f"insert into {schema}.schema_versions (version, file_name) values (%(version)s, %(file_name)s)",
                {"version": change.version, "file_name": change.file_name},
            )
    return [change.version for change in missing]


def create_run_schema(
    session: Session, schema: str, run_schema: str, sql: str, parameters: Parameters | None, run_id: str
) -> None:
    """Create the schema of a run and its tables, where they are missing, and note that it is in use from now on.

    The note is always added, never looked for: transactions of parallel runs that read and write the same table would
    break each other where isolation is serializable (AWS: c_serial_isolation).
    """
    with session.transaction():
        session.script(sql, parameters)
        session.run(
            f"insert into {schema}.run_schemas (schema_name, run_id, created_at) "
            "values (%(name)s, %(run_id)s, sysdate)",
            {"name": run_schema, "run_id": run_id},
        )


def _missing(session: Session, schema: str, changes: Sequence[Change]) -> list[Change]:
    applied = {row[0] for row in session.run(f"select version from {schema}.schema_versions")}
    return [change for change in changes if change.version not in applied]


def _has_table(session: Session, schema: str, table: str) -> bool:
    return bool(
        session.run(
            "select 1 from information_schema.tables where table_schema = %(schema)s and table_name = %(table)s",
            {"schema": schema, "table": table},
        )
    )


def _create(session: Session, sql: str) -> None:
    try:
        session.script(sql)
    except Exception as error:
        if sqlstate(error) not in EXISTS_ALREADY:
            raise
        log.info("A parallel run created it first.")
