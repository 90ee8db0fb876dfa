"""Load a fact table, one slice at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage


class LoadFactOperator(WarehouseOperator):
    """Replaces one slice of a fact table by the rows of a query, in one transaction: loading twice is loading once.

    Args:
        table: the fact table, qualified. Templated.
        sql: the query; its columns are the table's, in order. Templated, or a ``.sql`` file.
        replace_where: which rows the query replaces, as SQL, e.g. ``start_time >= %(start)s and start_time < %(end)s``.
            Templated.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = ("table", "sql", "replace_where", *WarehouseOperator.template_fields)

    def __init__(self, *, table: str, sql: str, replace_where: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.sql = sql
        self.replace_where = replace_where
        self._inserted: int | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Replace the slice.

        Returns:
            ``replaced`` and ``rows``: how many rows were removed and inserted; ``seconds``.

        Raises:
            AirflowFailException: an input is missing or out of date, or the SQL is refused for good.
            AirflowException: something that a retry may cure.
        """
        began = time.monotonic()
        with explained(str(self.conn_id), f"Loading {self.table}"), self.session() as session:
            inputs = self.read_inputs(session)
            with session.transaction():
                replaced = session.script(f"delete from {self.table} where {self.replace_where}", self.parameters)
                rows = session.script(f"insert into {self.table}\n{self.sql}", self.parameters)
                self.stamp(session, self.table, inputs)
        self._inserted = rows
        self.log.info("%s: %d rows replaced by %d", self.table, replaced, rows)
        return {"replaced": replaced, "rows": rows, "seconds": round(time.monotonic() - began, 2)}

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """See ``WarehouseOperator``."""
        from sparkify.lineage.loads import by_sql

        return by_sql(warehouse, {self.table: self._inserted}, [f"insert into {self.table}\n{self.sql}"])
