"""VACUUM and ANALYZE."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparkify.errors import explained
from sparkify.operators.warehouse import WarehouseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

TABLES = """
    select table_name from svv_tables
    where table_schema = %(schema)s and table_type = 'BASE TABLE' order by table_name
"""


class TuneTablesOperator(WarehouseOperator):
    """Reclaims and sorts the rows of all tables of a schema, and renews their statistics, one table after the other.

    Redshift leaves out by itself what has hardly changed: a table that is sorted to 95 % (AWS: r_VACUUM_command), one
    of which fewer than 10 % of the rows have changed (AWS: r_ANALYZE).

    Args:
        schema: the schema; its tables belong to the connection's user. Templated.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = ("schema", *WarehouseOperator.template_fields)

    def __init__(self, *, schema: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema

    def execute(self, context: Context) -> dict[str, Any]:
        """Tune every table.

        Returns:
            ``tables``: how many there are; ``seconds``.

        Raises:
            AirflowFailException: a table is not the user's.
            AirflowException: something that a retry may cure, e.g. that somebody else's VACUUM runs.
        """
        began = time.monotonic()
        with explained(str(self.conn_id), f"Tuning the tables of {self.schema}"), self.session() as session:
            names = [str(name) for (name,) in session.run(TABLES, {"schema": self.schema})]
            for name in names:
                # neither may run in a transaction, and the session commits each statement
                session.run(f'vacuum {self.schema}."{name}"')
                session.run(f'analyze {self.schema}."{name}"')
                self.log.info("%s.%s is reclaimed, sorted and analysed", self.schema, name)
        return {"tables": len(names), "seconds": round(time.monotonic() - began, 2)}
