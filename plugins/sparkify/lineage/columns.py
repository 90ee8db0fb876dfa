"""From which columns the columns of a table are made, as the SQL says that fills it."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlparse
from openlineage_sql import parse

log = logging.getLogger(__name__)

Column = tuple[str, str]  # table, as the SQL names it but without quotes, and column

VALUE = re.compile(r"%\(\w+\)s")


@dataclass(frozen=True)
class Flow:
    """What some statements do.

    Attributes:
        sources: the columns that each column which they write is made of.
    """

    sources: Mapping[Column, set[Column]]

    @classmethod
    def of(cls, scripts: Sequence[str]) -> Flow:
        """Read scripts, and views if what they are made of shall count and not they themselves.

        Args:
            scripts: SQL; an INSERT's columns are those that its query names, in whatever order.
        """
        sources: dict[Column, set[Column]] = defaultdict(set)
        for script in scripts:
            for statement in sqlparse.split(VALUE.sub("null", script), strip_semicolon=True):
                parsed = parse([statement], dialect="redshift")
                for error in parsed.errors:
                    log.warning("No lineage of a statement that OpenLineage's parser cannot read: %s", error.message)
                for target in parsed.out_tables[:1]:
                    for made in parsed.column_lineage:
                        of = {(str(one.origin.qualified_name), str(one.name)) for one in made.lineage if one.origin}
                        sources[target.qualified_name, made.descendant.name] |= of
        return cls(sources)

    @cached_property
    def written(self) -> set[str]:
        """The tables that are written from columns of others, temporary ones and views too."""
        return {table for table, _ in self.sources}

    def origins(self, table: str) -> dict[str, list[Column]]:
        """Where a table's columns come from: from tables that the statements only read.

        Args:
            table: one that is written.
        """
        return {column: sorted(self._origins((name, column), set())) for name, column in self.sources if name == table}

    def _origins(self, column: Column, seen: set[Column]) -> set[Column]:
        if column in seen:
            return set()
        seen.add(column)
        if column[0] not in self.written:
            return {column}
        return {origin for source in self.sources.get(column, ()) for origin in self._origins(source, seen)}
