"""Load a dimension table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.exceptions import AirflowFailException

from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.warehouse import Session, unqualified

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage

Mode = Literal["merge", "overwrite", "append"]


class LoadDimensionOperator(WarehouseOperator):
    """Loads the rows of a query into a dimension table, in one transaction: readers see the old rows or the new ones.

    The modes: ``merge`` replaces the rows whose key the query returns and adds the others; ``overwrite`` replaces all
    rows; ``append`` adds the rows whose key is not there yet and changes none. Each gives the same when it runs twice.

    Args:
        table: the dimension table, qualified. Templated.
        sql: the query; its columns are the table's, in order. Templated, or a ``.sql`` file.
        mode: see above.
        key: the columns that identify a row; needed by ``merge`` and ``append``. The query may return a key only once.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = ("table", "sql", *WarehouseOperator.template_fields)

    def __init__(self, *, table: str, sql: str, mode: Mode = "merge", key: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.sql = sql
        self.mode = mode
        self.key = key
        self._inserted: int | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the rows.

        Returns:
            ``replaced`` and ``rows``: how many rows were removed and inserted; ``seconds``.

        Raises:
            AirflowFailException: the query returns a key twice, an input is missing or out of date, or the SQL is
                refused for good.
            AirflowException: something that a retry may cure.
        """
        began = time.monotonic()
        with explained(str(self.conn_id), f"Loading {self.table}"), self.session() as session:
            inputs = self.read_inputs(session)
            with session.transaction():
                replaced, rows = self._overwrite(session) if self.mode == "overwrite" else self._by_key(session)
                self.stamp(session, self.table, inputs)
        self._inserted = rows
        self.log.info("%s: %d rows replaced, %d inserted (%s)", self.table, replaced, rows, self.mode)
        return {"replaced": replaced, "rows": rows, "seconds": round(time.monotonic() - began, 2)}

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """See ``WarehouseOperator``."""
        from sparkify.lineage.loads import by_sql

        return by_sql(warehouse, {self.table: self._inserted}, [f"insert into {self.table}\n{self.sql}"])

    def _overwrite(self, session: Session) -> tuple[int, int]:
        # not TRUNCATE: it commits, and readers would see an empty table (AWS: r_TRUNCATE)
        replaced = session.script(f"delete from {self.table}")
        return replaced, session.script(f"insert into {self.table}\n{self.sql}", self.parameters)

    def _by_key(self, session: Session) -> tuple[int, int]:
        if not self.key:
            raise AirflowFailException(
                f"{self.table}: mode {self.mode!r} needs a key, to know which rows are the same."
            )
        name = unqualified(self.table)
        incoming = f"incoming_{name}"
        same = " and ".join(f'"{name}"."{column}" = {incoming}."{column}"' for column in self.key)
        session.script(f"create temporary table {incoming} (like {self.table})")
        session.script(f"insert into {incoming}\n{self.sql}", self.parameters)
        self._require_unique(session, incoming)
        replaced = 0
        if self.mode == "merge":
            replaced = session.script(f"delete from {self.table} using {incoming} where {same}")
            added = f"select * from {incoming}"
        else:
            added = f"select * from {incoming} where not exists (select 1 from {self.table} where {same})"
        rows = session.script(f"insert into {self.table} {added}")
        session.script(f"drop table {incoming}")
        return replaced, rows

    def _require_unique(self, session: Session, incoming: str) -> None:
        key = ", ".join(f'"{column}"' for column in self.key)
        repeated = session.run(
            f"select {key}, count(*) from {incoming} group by {key} having count(*) > 1 order by {key} limit 5"
        )
        if repeated:
            raise AirflowFailException(
                f"The query for {self.table} returns the same key ({', '.join(self.key)}) more than once, e.g. "
                f"{', '.join(str(row[:-1]) for row in repeated)}. Let it return one row for each."
            )
