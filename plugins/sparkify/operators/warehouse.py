"""What all operators that work in the warehouse share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.sql.operators.sql import BaseSQLOperator
from airflow.sdk.exceptions import AirflowSkipException

from sparkify import connections, parts, stamps, warehouse
from sparkify.declared import Declared
from sparkify.errors import explained
from sparkify.parts import EVERYTHING, Parts
from sparkify.warehouse import Session, unqualified

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage


class WarehouseOperator(BaseSQLOperator):
    """Runs SQL in sessions that time out on the server, and that end when the task is killed.

    Args:
        conn_id: the warehouse's connection: of type ``redshift``, or ``postgres`` to reach Redshift by psycopg.
        statement_timeout: after which the server cancels any one statement (AWS: statement_timeout).
        parameters: values that the SQL names as ``%(name)s``; bound by the driver. Templated.
        stamps_table: table in which the operators of one run note which attempt filled what (columns ``table_name``,
            ``stamp``, ``inputs``, ``stamped_at``); None to go without. Templated.
        inputs: names, without schema, of the stamped tables that the SQL reads.
        only: the part that the run is limited to, or ``everything``. Templated.
        parts_of: the parts that tables and tasks belong to, by name. A task whose ``table``, or else whose id, belongs
            to none of those that the run redoes is skipped; inputs that belong to none of them are not read.
        declared: the tables and views, for lineage; None if they are not known.
        kwargs: see ``BaseSQLOperator``.
    """

    template_fields: Sequence[str] = ("parameters", "stamps_table", "inputs", "only", *BaseSQLOperator.template_fields)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}

    def __init__(
        self,
        *,
        statement_timeout: timedelta = timedelta(minutes=10),
        parameters: dict[str, str] | None = None,
        stamps_table: str | None = None,
        inputs: Sequence[str] = (),
        only: str = EVERYTHING,
        parts_of: Parts | None = None,
        declared: Declared | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.statement_timeout = statement_timeout
        self.parameters = parameters
        self.stamps_table = stamps_table
        self.inputs = inputs
        self.only = only
        self.parts_of = parts_of
        self.declared = declared
        self._pid: int | None = None
        self._connection: Connection | None = None

    def pre_execute(self, context: Any) -> None:
        """Leave out what a limited run does not redo.

        Args:
            context: Airflow's, unused.

        Raises:
            AirflowSkipException: the task is none of the run's.
        """
        name = unqualified(str(getattr(self, "table", self.task_id)))
        if not self.is_wanted(name):
            raise AirflowSkipException(f"This run is limited to {self.only}: {name} is left as it is.")

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Render the templated fields; a Variable that is missing is not waited for.

        Args:
            context: Airflow's.
            jinja_env: the DAG's, by default.

        Raises:
            AirflowFailException: a Variable that a field names is not set.
        """
        with connections.required():
            super().render_template_fields(context, jinja_env)

    def get_db_hook(self) -> DbApiHook:
        """The hook of the connection, see :func:`sparkify.connections.read_right`.

        Raises:
            AirflowFailException: the connection is missing, or a value in it cannot be what it has to be.
        """
        with connections.required():
            return connections.read_right(super().get_db_hook(), str(self.conn_id))

    def is_wanted(self, name: str) -> bool:
        """Whether the run has anything to do with a table, task or step; see ``parts_of``."""
        return parts.is_wanted(name, self.parts_of or {}, self.only)

    @property
    def tags(self) -> dict[str, str]:
        """What tells this task's metrics from those of others."""
        return {"dag_id": str(self.dag_id), "task_id": str(self.task_id)}

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session that :meth:`on_kill` can end."""
        label = f"{self.dag_id}.{self.task_id}"
        with warehouse.session(self.get_db_hook(), str(self.conn_id), self.statement_timeout, label) as session:
            self._pid, self._connection = session.pid, session.to
            try:
                yield session
            finally:
                self._pid = None

    def read_inputs(self, session: Session) -> dict[str, str]:
        """The stamps of the inputs.

        Raises:
            AirflowFailException: an input was not filled in this run, or is out of date.
        """
        if self.stamps_table is None:
            return {}
        with explained(str(self.conn_id), f"Reading {self.stamps_table}"):
            wanted = [name for name in self.inputs if self.is_wanted(name)]
            return stamps.of_inputs(stamps.read(session, self.stamps_table), wanted)

    def stamp(self, session: Session, table: str, inputs: dict[str, str]) -> None:
        """Note that this attempt filled a table from these inputs, in the transaction that fills it."""
        if self.stamps_table is not None:
            stamps.write(session, self.stamps_table, unqualified(table), inputs)

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """What the task read and wrote, as far as it got; by default nothing that anybody would follow.

        Args:
            warehouse: names its datasets.
        """
        from sparkify.lineage.loads import Lineage

        return Lineage()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Lineage:
        """Tell OpenLineage's provider, if it is installed and turned on; it asks after success and failure.

        Args:
            task_instance: Airflow's, unused.
        """
        from sparkify.lineage.datasets import Warehouse
        from sparkify.lineage.loads import Lineage

        # kept from the session: Airflow may ask in a process that has no part in the task's talk with its supervisor
        to = self._connection
        return self.lineage(Warehouse.of(self.get_db_hook(), to, self.declared)) if to else Lineage()

    def on_kill(self) -> None:
        """End the running statement: without this it would go on in the warehouse after its task is gone."""
        if self._pid is not None:
            self.log.info("Ending the warehouse's process %d", self._pid)
            warehouse.cancel(self.get_db_hook(), self._pid)
