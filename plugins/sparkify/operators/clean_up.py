"""Drop the schema that a run worked in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.sdk import Context


class CleanUpOperator(WarehouseOperator):
    """Drops the run's schema once it is published, and those of failed runs that nobody has retried in time.

    Args:
        run_schema: the schema of this run. Templated.
        published: ``True`` if the run has published; otherwise its schema is kept, so that the run can go on from the
            task that failed. Templated.
        schemas_table: table of the run schemas that exist (columns ``schema_name``, ``run_id``, ``created_at``), with
            a row for each time that one was prepared. Templated.
        keep_for: how long the schema of a run that failed is kept after it was prepared last.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = ("run_schema", "published", "schemas_table", *WarehouseOperator.template_fields)

    def __init__(
        self,
        *,
        run_schema: str,
        published: str,
        schemas_table: str,
        keep_for: timedelta = timedelta(days=7),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_schema = run_schema
        self.published = published
        self.schemas_table = schemas_table
        self.keep_for = keep_for

    def execute(self, context: Context) -> dict[str, Any]:
        """Drop what is no longer needed.

        Returns:
            ``dropped``: the schemas that were.
        """
        with explained(str(self.conn_id), "Cleaning up"), self.session() as session:
            doomed = self._expired(session)
            if self.published == "True":
                doomed.append(self.run_schema)
            else:
                self.log.warning("%s is kept for a retry; it expires after %s", self.run_schema, self.keep_for)
            for schema in doomed:
                self._drop(session, schema)
        return {"dropped": doomed}

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
