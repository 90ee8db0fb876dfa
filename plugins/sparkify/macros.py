"""What the SQL templates and the templated fields of the DAG may name: schemas, the interval, bound values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException
from jinja2 import pass_context
from jinja2.runtime import Context

from sparkify.addresses import base
from sparkify.contracts import EVENTS
from sparkify.feed import first_broken
from sparkify.interval import Interval, of_run

# The variables of the task that asked last, and the schema that they name. The SQL of a publication asks ninety times,
# and Airflow sends a message for each time that a Variable is read.
_read: tuple[Any, str] = (None, "")

FRESH_HOURS = 24  # without a play, after which check/freshness.sql warns
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@pass_context
def star(context: Context) -> str:
    """The schema of the published tables: the Airflow Variable ``sparkify_schema``, ``sparkify`` by default."""
    global _read
    variables = context["var"]["value"]
    reader, name = _read
    if reader is not variables:
        name = identifier(variables.get("sparkify_schema", "sparkify"))
        _read = variables, name
    return name


@pass_context
def run(context: Context) -> str:
    """The schema that belongs to this run alone, named by a hash of its DAG and run id."""
    run_id = f"{context['dag_run'].dag_id}/{context['run_id']}"
    return identifier(f"{star(context)}_run_{hashlib.sha256(run_id.encode()).hexdigest()[:12]}")


@pass_context
def reader_role(context: Context) -> str:
    """The role that analysts are granted; it belongs to the star schema and carries its name."""
    return identifier(f"{star(context)}_reader")


@pass_context
def address(context: Context, variable: str) -> str:
    """The address in S3 that an Airflow Variable gives, see :func:`sparkify.addresses.base`."""
    return base(context["var"]["value"].get(variable, ""), variable)


@pass_context
def interval(context: Context) -> Interval:
    """The interval that this run covers, see :func:`sparkify.interval.of_run`."""
    return of_run(context["dag_run"], context["params"])


def bound(context: Mapping[str, Any], jinja_env: Any) -> dict[str, str]:
    """The interval as SQL parameters; a template field that needs no template, which Airflow compiles for every task.

    Args:
        context: Airflow's.
        jinja_env: unused; Airflow passes it to every callable in a template field.
    """
    return of_run(context["dag_run"], context["params"]).bound


def parameters(context: Mapping[str, Any], jinja_env: Any) -> dict[str, str]:
    """All values that the SQL names: the interval, the run's id, and the part that is redone; see :func:`bound`."""
    return {**bound(context, jinja_env), "run_id": context["run_id"], "only": context["params"]["only"]}


class Bind:
    """Writes ``%(name)s`` for ``bind.name``: the value itself goes to the driver, never into the text."""

    def __getattr__(self, name: str) -> str:
        """The placeholder of the parameter of that name, in the DB-API's pyformat style (PEP 249)."""
        return f"%({name})s"


def not_older(staged: str, known: str) -> str:
    """SQL that tells whether what was read of an object is not older than what is published of it.

    S3 dates its versions by one clock, to the second. Where that does not tell, because a version is none (there was no
    object) or both were written within one second, the later reading is believed, by the warehouse's clock.

    Args:
        staged: alias of what was read, with the columns ``etag``, ``last_modified`` and ``loaded_at``.
        known: alias of what is published; what is null there is older than anything.
    """
    return (
        f"case when {staged}.etag <> '' and {known}.etag <> '' and {staged}.last_modified <> {known}.last_modified "
        f"then {staged}.last_modified > {known}.last_modified "
        f"else coalesce({staged}.loaded_at >= {known}.loaded_at, true) end"
    )


def identifier(name: str) -> str:
    """Let a name into SQL only if it needs no quoting.

    Raises:
        AirflowFailException: the name is not a plain lower-case identifier.
    """
    if not IDENTIFIER.fullmatch(name):
        raise AirflowFailException(
            f"{name!r} cannot name a schema or role: use lower-case letters, digits and _, 63 in all at most."
        )
    return name


MACROS: dict[str, Callable[..., Any] | Bind | str | int] = {
    "star": star,
    "run": run,
    "reader_role": reader_role,
    "address": address,
    "interval": interval,
    "bind": Bind(),
    "not_older": not_older,
    "fresh_hours": FRESH_HOURS,
    "keeps_contract": f"{first_broken(EVENTS.rules)} is null",
}
