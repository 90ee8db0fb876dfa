"""Create what a run needs and what is not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparkify import migrations
from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PrepareWarehouseOperator(WarehouseOperator):
    """Applies the schema changes that are missing, in order, and creates the schema of this run. Never drops anything.

    Args:
        schema: the schema whose tables the changes make. Templated.
        run_schema: the schema of this run; noted in ``<schema>.run_schemas``, to be found when it expires. Templated.
        bootstrap: SQL that creates the schema, its ``schema_versions`` and its ``publish_mutex``. Templated.
        changes: SQL files of schema changes, named ``<number>_<what>.sql``; each is applied once. Templated.
        run_sql: SQL that creates the run's schema and tables, if they are missing. Templated.
        reader_role: a role that is created if it is missing, for the changes to grant to. Templated.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = (
        "schema",
        "run_schema",
        "bootstrap",
        "changes",
        "run_sql",
        "reader_role",
        *WarehouseOperator.template_fields,
    )

    def __init__(
        self,
        *,
        schema: str,
        run_schema: str,
        bootstrap: str,
        changes: list[str],
        run_sql: str,
        reader_role: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.run_schema = run_schema
        self.bootstrap = bootstrap
        self.changes = changes
        self.change_names = list(changes)
        self.run_sql = run_sql
        self.reader_role = reader_role

    def execute(self, context: Context) -> dict[str, Any]:
        """Bring the schema up to date and make the run's own.

        Returns:
            The numbers of the changes that were applied, and the run's schema.

        Raises:
            AirflowFailException: a statement is refused for good, e.g. for want of a privilege.
        """
        with explained(str(self.conn_id), f"Preparing schema {self.schema}"), self.session() as session:
            migrations.ensure_role(session, self.reader_role)
            migrations.ensure_schema(session, self.schema, self.bootstrap)
            changes = migrations.numbered(self.change_names, self.changes)
            applied = migrations.apply_missing(session, self.schema, changes)
            migrations.create_run_schema(
                session, self.schema, self.run_schema, self.run_sql, self.parameters, str(context["run_id"])
            )
        self.log.info("Schema changes applied: %s; this run works in %s", applied or "none", self.run_schema)
        return {"applied": applied, "run_schema": self.run_schema}
