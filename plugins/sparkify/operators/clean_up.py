"""Drop the schema that a run worked in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from sparkify.alerts.incidents import Incident
from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.parts import CHECKS
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.sdk import Context


class NothingPublishedError(AirflowFailException):
    """The run has not done what it is for.

    Args:
        text: why, and what to do.
    """

    incidents: Sequence[Incident] = ()  # each task that failed has its own (see sparkify.alerts.notify_failure)


class CleanUpOperator(WarehouseOperator):
    """Drops the run's schema once it is published, and those of failed runs that nobody has retried in time.

    As a teardown whose failure fails the run, it alone decides what the run is (Airflow: howto/setup-and-teardown): it
    fails if a task has failed, or if nothing was published. Otherwise a run that a person marks as failed ends as a
    success, since Airflow marks its other tasks as skipped and then looks at those that nothing follows.

    Args:
        run_schema: the schema of this run; kept until the run has published, so that it can go on from the task that
            failed. Templated.
        decisive: the task whose success is that of the run. Templated.
        schemas_table: table of the run schemas that exist (columns ``schema_name``, ``run_id``, ``created_at``), with
            a row for each time that one was prepared. Templated.
        keep_for: how long the schema of a run that failed is kept after it was prepared last.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = ("run_schema", "decisive", "schemas_table", *WarehouseOperator.template_fields)

    def __init__(
        self,
        *,
        run_schema: str,
        decisive: str,
        schemas_table: str,
        keep_for: timedelta = timedelta(days=7),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_schema = run_schema
        self.decisive = decisive
        self.schemas_table = schemas_table
        self.keep_for = keep_for

    def execute(self, context: Context) -> dict[str, Any]:
        """Drop what is no longer needed.

        Returns:
            ``dropped``: the schemas that were.

        Raises:
            NothingPublishedError: a task has failed, or was marked as a success before it had published.
            AirflowException: something that a retry may cure.
        """
        states = self._states(context)
        # What it returned may be of a former attempt, and its state what a person has marked.
        returned = context["ti"].xcom_pull(task_ids=self.decisive)
        published = returned is not None and states.get(self.decisive) == "success"
        with explained(str(self.conn_id), "Cleaning up"), self.session() as session:
            doomed = self._expired(session)
            if published or self.only == CHECKS:
                doomed.append(self.run_schema)
            else:
                self.log.warning("%s is kept for a retry; it expires after %s", self.run_schema, self.keep_for)
            for schema in doomed:
                self._drop(session, schema)
        failed = [task for task, state in states.items() if state == "failed" and task != self.task_id]
        if failed or not published:
            raise _unpublished(failed, published=published)
        return {"dropped": doomed}

    def _states(self, context: Context) -> dict[str, str]:
        run_id = context["run_id"]
        states: dict[str, str] = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run_id]).get(run_id, {})
        return states

    def _expired(self, session: Session) -> list[str]:
        rows = session.run(
            f"select schema_name from {self.schemas_table} where schema_name <> %(own)s "
            "group by schema_name having datediff(second, max(created_at), sysdate) > %(seconds)s",
            {"seconds": int(self.keep_for.total_seconds()), "own": self.run_schema},
        )
        return [name for (name,) in rows]

    def _drop(self, session: Session, schema: str) -> None:
        # Each commits by itself, so that parallel runs that clean up wait for each other and do not break each other; a
        # note that is left without its schema only expires.
        session.run(f"drop schema if exists {schema} cascade")
        session.run(f"delete from {self.schemas_table} where schema_name = %(name)s", {"name": schema})


def _unpublished(failed: Sequence[str], *, published: bool) -> AirflowFailException:
    if failed:
        done = "The run has published" if published else "Nothing of this run was published"
        return NothingPublishedError(
            f"{done}, and {', '.join(failed)} failed: see its log, correct the cause, then clear it with everything "
            "downstream of it."
        )
    return AirflowFailException(
        "Nothing of this run was published, though none of its tasks failed: it was marked by hand. Clear the whole "
        "run, or delete it and load its hours again."
    )
