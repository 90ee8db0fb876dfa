"""What all operators that work in the warehouse share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.common.sql.operators.sql import BaseSQLOperator

from sparkify import stamps, warehouse
from sparkify.errors import explained
from sparkify.warehouse import Session, unqualified


class WarehouseOperator(BaseSQLOperator):
    """Runs SQL in sessions that time out on the server, and that end when the task is killed.

    Args:
        conn_id: the warehouse's connection: of type ``redshift``, or ``postgres`` to reach Redshift by psycopg.
        statement_timeout: after which the server cancels any one statement (AWS: statement_timeout).
        parameters: values that the SQL names as ``%(name)s``; bound by the driver. Templated.
        stamps_table: table in which the operators of one run note which attempt filled what (columns ``table_name``,
            ``stamp``, ``inputs``, ``stamped_at``); None to go without. Templated.
        inputs: names, without schema, of the stamped tables that the SQL reads.
        kwargs: see ``BaseSQLOperator``.
    """

    template_fields: Sequence[str] = ("parameters", "stamps_table", "inputs", *BaseSQLOperator.template_fields)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}

    def __init__(
        self,
        *,
        statement_timeout: timedelta = timedelta(minutes=10),
        parameters: dict[str, str] | None = None,
        stamps_table: str | None = None,
        inputs: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.statement_timeout = statement_timeout
        self.parameters = parameters
        self.stamps_table = stamps_table
        self.inputs = inputs
        self._pid: int | None = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session that :meth:`on_kill` can end."""
        label = f"{self.dag_id}.{self.task_id}"
        with warehouse.session(self.get_db_hook(), str(self.conn_id), self.statement_timeout, label) as session:
            self._pid = session.pid
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
            return stamps.of_inputs(stamps.read(session, self.stamps_table), self.inputs)

    def stamp(self, session: Session, table: str, inputs: dict[str, str]) -> None:
        """Note that this attempt filled a table from these inputs, in the transaction that fills it."""
        if self.stamps_table is not None:
            stamps.write(session, self.stamps_table, unqualified(table), inputs)

    def on_kill(self) -> None:
        """End the running statement: without this it would go on in the warehouse after its task is gone."""
        if self._pid is not None:
            self.log.info("Ending the warehouse's process %d", self._pid)
            warehouse.cancel(self.get_db_hook(), self._pid)
