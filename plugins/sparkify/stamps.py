"""Which attempt filled a run's table, and from which attempts of its inputs.

A task that is cleared alone runs again without its upstream. What it left is right only if the tables that it read are
still the ones that are there, and the tables read from it are wrong until they are loaded again. Stamps tell.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from airflow.sdk.exceptions import AirflowFailException

from sparkify.warehouse import Session


@dataclass(frozen=True)
class Stamp:
    """What one attempt left behind.

    Attributes:
        stamp: identifies the attempt.
        inputs: the stamps of the tables that it read, by table name.
    """

    stamp: str
    inputs: dict[str, str]


def read(session: Session, stamps_table: str) -> dict[str, Stamp]:
    """Read the newest stamp of every table, by table name."""
    rows = session.run(f"select table_name, stamp, inputs from {stamps_table} order by stamped_at")
    return {name: Stamp(stamp, json.loads(inputs)) for name, stamp, inputs in rows}


def write(session: Session, stamps_table: str, table: str, inputs: dict[str, str]) -> None:
    """Stamp a table inside the transaction that fills it.

    Args:
        session: in that transaction.
        stamps_table: where stamps are kept; rows are only ever added, so that parallel tasks do not conflict.
        table: the table that is filled.
        inputs: the stamps of the tables that it is filled from, by table name.
    """
    session.run(
        f"insert into {stamps_table} (table_name, stamp, inputs, stamped_at) "
        "values (%(table)s, %(stamp)s, %(inputs)s, sysdate)",
        {"table": table, "stamp": uuid.uuid4().hex, "inputs": json.dumps(inputs, sort_keys=True)},
    )


def of_inputs(stamps: dict[str, Stamp], tables: Sequence[str]) -> dict[str, str]:
    """The stamps of the tables that a task is about to read, each of which must be current itself.

    Args:
        stamps: what :func:`read` returned.
        tables: the tables that are read.

    Raises:
        AirflowFailException: one was not filled in this run, or from something that has been replaced since; the
            message says which task to clear.
    """
    return {table: _current(stamps, table).stamp for table in tables}


def _current(stamps: dict[str, Stamp], table: str) -> Stamp:
    stamp = stamps.get(table)
    if stamp is None:
        raise AirflowFailException(
            f"{table} holds nothing of this run: the task that fills it has not run, or the run was finished and "
            "its schema dropped. Nothing was changed. Clear the task that fills it together with everything downstream "
            "of it; for a finished run that means the whole run."
        )
    for name, used in stamp.inputs.items():
        if _current(stamps, name).stamp != used:
            raise AirflowFailException(
                f"{table} was filled from a version of {name} that has been replaced since. Nothing was changed. "
                f"Clear the task that fills {table} together with everything downstream of it."
            )
    return stamp
