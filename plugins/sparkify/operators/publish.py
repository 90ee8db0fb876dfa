"""Publish what a run has prepared and checked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException

from sparkify import metrics
from sparkify.checks import Check
from sparkify.checks.examination import examine
from sparkify.errors import explained, retry_conflicts
from sparkify.interval import HOUR
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.parts import EVERYTHING
from sparkify.warehouse import Session, unqualified

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage


@dataclass
class Step:
    """One script of a publication.

    Attributes:
        sql: its statements. Templated, or a ``.sql`` file.
        table: what it publishes; a limited run leaves it out if that is none of its parts (see ``parts_of``).
        only_if: a query, run after the steps before it; the script is left out if it returns no row. Templated.
    """

    sql: str
    table: str = ""
    only_if: str = ""

    template_fields: ClassVar[Sequence[str]] = ("sql", "only_if")


class PublishOperator(WarehouseOperator):
    """Runs SQL that changes published tables in one transaction, one publication at a time.

    The transaction begins by locking a mutex table. Its snapshot is taken after that, so it sees all that was published
    before it (AWS: c_serial_isolation), while readers of the published tables never wait. It is rolled back unless the
    proofs hold, and run again when another transaction wins a conflict.

    Args:
        sql: scripts, or steps that are more than a script, run in order. Templated, or ``.sql`` files.
        mutex_table: table with the columns ``holder`` and ``taken_at``, locked by every publication. Templated.
        proofs: checks that must hold before COMMIT; they see what is about to be published. Templated.
        kwargs: see ``WarehouseOperator``; the ``inputs`` are the stamped tables that are published.
    """

    template_fields: Sequence[str] = (
        "sql",
        "mutex_table",
        "proofs",
        *WarehouseOperator.template_fields,
    )

    def __init__(
        self,
        *,
        sql: Sequence[str | Step],
        mutex_table: str,
        proofs: Sequence[Check] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.mutex_table = mutex_table
        self.proofs = proofs
        self._inserted: Counter[str] | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish.

        Returns:
            ``seconds``, and how many ``proofs`` held.

        Raises:
            AirflowFailException: an input is missing or out of date, a proof does not hold, or the SQL is refused.
            AirflowException: something that a retry may cure, such as a conflict that did not end.
        """
        began = time.monotonic()
        with explained(str(self.conn_id), "Publishing"):
            self._inserted = retry_conflicts(self._publish)(str(context["run_id"]))
        seconds = time.monotonic() - began
        self._measure(context, self._inserted, seconds)
        return {"proofs": len(self.proofs), "seconds": round(seconds, 2)}

    def _publish(self, run_id: str) -> Counter[str]:
        with self.session() as session, session.transaction():
            self._take_mutex(session, run_id)
            self.read_inputs(session)
            for step in self._steps:
                if self._is_needed(session, step):
                    session.script(step.sql, self.parameters)
            self._prove(session)
            return session.inserted

    @property
    def _steps(self) -> list[Step]:
        return [item if isinstance(item, Step) else Step(item) for item in self.sql]

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """See ``WarehouseOperator``; of the tables that the steps publish."""
        from sparkify.lineage.loads import by_sql

        wanted = [step for step in self._steps if self.is_wanted(step.table)]
        schema, rows = self.mutex_table.rpartition(".")[0], self._inserted
        tables = dict.fromkeys(f"{schema}.{step.table}" for step in wanted if step.table)
        counted = {table: None if rows is None else rows[table] for table in tables}
        return by_sql(warehouse, counted, [step.sql for step in wanted])

    def _measure(self, context: Context, rows: Counter[str], seconds: float) -> None:
        metrics.PUBLISH.add(1, self.tags)
        metrics.PUBLICATION.record(seconds, self.tags)
        for table in dict.fromkeys(step.table for step in self._steps if step.table):
            inserted = sum(number for name, number in rows.items() if unqualified(name) == table)
            metrics.PUBLISHED_ROWS.add(inserted, {**self.tags, "table": table})
        run = context["dag_run"]
        if run.run_type == "scheduled" and run.data_interval_end:
            # of an older hour that is loaded again it would not say how far behind the tables are
            metrics.HOURS_BEHIND.set((datetime.now(timezone.utc) - run.data_interval_end) / HOUR, self.tags)

    def _take_mutex(self, session: Session, run_id: str) -> None:
        session.run(f"lock {self.mutex_table}")
        session.run(f"delete from {self.mutex_table}")
        session.run(
            f"insert into {self.mutex_table} (holder, taken_at) values (%(run_id)s, sysdate)",
            {"run_id": run_id},
        )

    def _is_needed(self, session: Session, step: Step) -> bool:
        return self.is_wanted(step.table) and not (step.only_if and not session.run(step.only_if, self.parameters))

    def _prove(self, session: Session) -> None:
        broken = [result for result in examine(session, self.proofs, self.parameters) if not result.passed]
        if broken:
            listed = "\n".join(f"  {result}" for result in broken)
            limited = "" if self.only == EVERYTHING else f" The run is limited to {self.only}: load everything instead."
            raise AirflowFailException(
                f"Nothing was published: it would break\n{listed}\n"
                f"Correct the cause, then clear the stage tasks with everything downstream of them.{limited}"
            )
