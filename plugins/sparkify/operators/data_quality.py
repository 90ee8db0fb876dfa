"""Check data, all of it, before anything is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from sparkify import metrics
from sparkify.alerts.incidents import Incident
from sparkify.checks import Check
from sparkify.checks.examination import examine
from sparkify.checks.results import Result, named, table_of
from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage


ADVICE = "Correct the objects they come from, then clear the stage tasks with everything downstream of them."


class ChecksFailedError(AirflowFailException):
    """Checks of severity ``error`` failed.

    Args:
        text: names them all.
        incidents: one for each, which is what is told (see :func:`sparkify.alerts.notify_failure`).
    """

    def __init__(self, text: str, incidents: Sequence[Incident]) -> None:
        super().__init__(text)
        self.incidents = incidents


class DataQualityOperator(WarehouseOperator):
    """Runs declared checks in few statements, keeps and logs every result, and then fails if an error is among them.

    Args:
        checks: what must hold, as :func:`sparkify.checks.together` gives it. Templated.
        results_table: table that keeps the results (columns ``run_id``, ``check_name``, ``severity``, ``examined``,
            ``failed``, ``passed``, ``threshold``, ``message``, ``sample``, ``checked_at``); None not to keep them.
            Templated.
        kwargs: see ``WarehouseOperator``; the ``inputs`` must be current for the checks to mean anything. With a
            ``stamps_table``, checks that pass are stamped by the task's id, so that a publication can ask for them.
    """

    template_fields: Sequence[str] = ("checks", "results_table", *WarehouseOperator.template_fields)

    def __init__(self, *, checks: Sequence[Check], results_table: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.checks = checks
        self.results_table = results_table
        self._results: Sequence[Result] = ()

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the checks.

        Returns:
            ``passed``, ``warned`` and ``failed``: how many checks did; ``warnings``: of each check that warned the
            ``name``, ``severity``, ``examined``, ``failed``, ``threshold``, ``message`` and ``sample`` (text, a line
            for each row).

        Raises:
            AirflowFailException: a check of severity ``error`` failed; all failures are named, with their samples.
        """
        with explained(str(self.conn_id), "Checking the data"), self.session() as session:
            inputs = self.read_inputs(session)
            wanted = [check for check in self.checks if all(map(self.is_wanted, check.tables))]
            results = examine(session, wanted, self.parameters)
            self._keep(session, results, str(context["run_id"]))
            self._measure(results)
            self._results = results
            self.log.info("\n%s", table_of(results))
            self._stop_on_errors(results)
            self.stamp(session, str(self.task_id), inputs)
        warnings = named(result for result in results if not result.passed)
        return {"passed": len(results) - len(warnings), "warned": len(warnings), "failed": 0, "warnings": warnings}

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """See ``WarehouseOperator``; the results are assertions about the tables."""
        from sparkify.lineage.loads import by_checks

        return by_checks(warehouse, self._results)

    def _keep(self, session: Session, results: Sequence[Result], run_id: str) -> None:
        if self.results_table is None:
            return
        rows = [
            {"run_id": run_id, "check_name": result.check.name, "passed": result.passed, **result.summary}
            for result in results
        ]
        session.insert(self.results_table, rows, dated="checked_at")

    def _measure(self, results: Sequence[Result]) -> None:
        outcomes = Counter(result.outcome for result in results)
        metrics.PASSED.add(outcomes["passed"], self.tags)
        metrics.WARNED.add(outcomes["warning"], self.tags)
        metrics.FAILED.add(outcomes["FAILED"], self.tags)
        for result in results:
            if result.check.gauge and result.examined:
                result.check.gauge.set(1 - result.failed / result.examined, self.tags)

    def _stop_on_errors(self, results: Sequence[Result]) -> None:
        blocking = [result for result in results if result.blocks]
        if blocking:
            listed = "\n".join(f"  {result}" for result in blocking)
            raise ChecksFailedError(
                f"{len(blocking)} of {len(results)} quality checks failed:\n{listed}\n{ADVICE}",
                [Incident(f"{self.task_id}/{result.check.name}", str(result), ADVICE) for result in blocking],
            )
