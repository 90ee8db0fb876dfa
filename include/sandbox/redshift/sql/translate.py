"""From a client's text to plans: every statement is known by its first words, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from include.sandbox.redshift.copy.command import copy_command
from include.sandbox.redshift.errors import SYNTAX_ERROR, TOO_LARGE, RedshiftError
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql import (
    alter,
    catalogue,
    databases,
    dml,
    expressions,
    materialized,
    objects,
    roles,
    schemas,
    settings,
    views,
)
from include.sandbox.redshift.sql.aliases import has_lateral_alias
from include.sandbox.redshift.sql.correlated import unsupported_pattern
from include.sandbox.redshift.sql.desugar import desugar
from include.sandbox.redshift.sql.identifiers import fold, refuse_reserved
from include.sandbox.redshift.sql.materialized import MaterializedViewReader
from include.sandbox.redshift.sql.merge import merge
from include.sandbox.redshift.sql.refusals import refuse
from include.sandbox.redshift.sql.select_into import select_into
from include.sandbox.redshift.sql.shapes import is_verbatim, remember_verbatim, shape
from include.sandbox.redshift.sql.statement import REMEMBERED, Statement, split, statement_at
from include.sandbox.redshift.sql.tables import TableReader
from include.sandbox.redshift.unload.command import unload_command

BY_VERB: dict[str, Callable[[Statement], Plan]] = {
    "SELECT": objects.select, "WITH": dml.with_, "(": objects.select, "INSERT": dml.insert, "UPDATE": dml.update,
    "DELETE": dml.delete, "MERGE": merge, "LOCK": dml.lock, "TRUNCATE": dml.truncate, "COMMENT": objects.comment,
    "ANALYZE": objects.analyze, "ANALYSE": objects.analyze, "VACUUM": objects.vacuum, "BEGIN": objects.begin,
    "START": objects.begin, "COMMIT": objects.end, "END": objects.end, "ROLLBACK": objects.end, "ABORT": objects.end,
    "EXPLAIN": objects.explain, "SET": settings.set_, "SHOW": settings.show, "RESET": settings.reset,
    "GRANT": roles.grant, "REVOKE": roles.grant, "COPY": copy_command, "DECLARE": objects.declare,
    "FETCH": objects.fetch, "CLOSE": objects.select, "PREPARE": objects.prepare, "EXECUTE": objects.select,
    "DEALLOCATE": objects.select, "CALL": objects.refused, "CANCEL": objects.cancel,
    "USE": objects.refused, "REFRESH": materialized.refresh, "SAVEPOINT": objects.refused, "RELEASE": objects.refused,
}  # fmt: skip
BY_OBJECT: dict[tuple[str, str], Callable[[Statement], Plan]] = {
    ("CREATE", "schema"): schemas.create_schema, ("CREATE", "view"): views.create_view,
    ("CREATE", "or"): views.create_view, ("CREATE", "role"): roles.create_role, ("CREATE", "user"): roles.create_user,
    ("CREATE", "group"): roles.create_group, ("ALTER", "user"): roles.alter_user, ("ALTER", "default"): roles.grant,
    ("ALTER", "group"): roles.alter_group,
    ("ALTER", "database"): databases.alter_database, ("ALTER", "schema"): schemas.alter_schema,
    ("ALTER", "materialized"): materialized.alter, ("DROP", "materialized"): materialized.drop,
    ("DROP", "table"): objects.drop, ("DROP", "view"): materialized.drop_view, ("DROP", "schema"): schemas.drop_schema,
    ("DROP", "user"): roles.drop, ("DROP", "role"): roles.drop, ("DROP", "group"): roles.drop,
}  # fmt: skip
LONGEST = 1 << 24  # bytes of a statement (AWS: r_INSERT_30)
TABLE_WORDS = {"table", "temp", "temporary", "local"}


class Translator:
    """Translates one session's statements; remembers whether quoted names keep their case."""

    def __init__(self) -> None:
        self.before_17 = False  # whether they are for a PostgreSQL older than 17
        self._keep_case = False

    def split(self, text: str) -> list[Statement]:
        """Returns the statements of a text.

        Raises:
            RedshiftError: a literal or comment is not closed, or the text is longer than a statement may be.
        """
        if len(text) > LONGEST or len(text.encode()) > LONGEST:
            raise RedshiftError(f"the statement is larger than the maximum of {LONGEST} bytes", TOO_LARGE)
        return split(text)

    def plain(self, text: str) -> tuple[str, str] | None:
        """Returns what PostgreSQL gets for a text that is one plain statement, and its verb; None for all else."""
        found = shape(text)
        if found and is_verbatim(found, self._keep_case):
            return text, "SELECT"
        try:
            statements = split(text)
            plan = self.translate(statements[0]) if len(statements) == 1 else None
        except Exception:  # who asks is no place to report it: it comes again where it can be
            return None
        if plan is None or not plan.plain:
            return None
        if found and plan == Plan(text, "SELECT"):
            remember_verbatim(found, self._keep_case)
        return plan.sql, plan.verb

    def translate(self, statement: Statement) -> Plan:
        """Returns what a statement becomes.

        Raises:
            RedshiftError: Redshift would refuse it, or the sandbox does not do it.
        """
        changed = settings.case_sensitivity(statement)
        keep_case = self._keep_case if changed is None else changed
        if len(statement.text) <= REMEMBERED:
            plan = _remembered(statement.text, statement[0].start, keep_case)
        else:
            plan = _translated(statement, keep_case)
        self._keep_case = keep_case
        return replace(plan, sql=plan.before_17) if self.before_17 and plan.before_17 else plan


@lru_cache(maxsize=256)
def _remembered(text: str, start: int, keep_case: bool) -> Plan:
    return _translated(statement_at(text, start), keep_case)


def _translated(statement: Statement, keep_case: bool, *, unloaded: bool = False) -> Plan:
    if (table := select_into(statement)) is not None:
        (statement,) = split(table)
    pattern = unsupported_pattern(statement)
    statement = desugar(statement)
    on_leader_node = statement.verb != "COPY" and catalogue.redirect(statement)
    if on_leader_node and (unloaded or catalogue.writes(statement)):
        raise catalogue.on_compute_nodes()
    if pattern is not None and not on_leader_node:
        raise pattern
    refuse(statement, on_leader_node=on_leader_node)
    refuse_reserved(statement, on_leader_node=on_leader_node)
    fold(statement, keep_case=keep_case)
    if statement.verb in ("COPY", "UNLOAD"):
        return _plan(statement, keep_case)
    aliased = statement.source(0, len(statement) - 1) if has_lateral_alias(statement) else ""
    expressions.rewrite(statement)
    return replace(_plan(statement, keep_case), aliased=aliased)


def _plan(statement: Statement, keep_case: bool) -> Plan:
    verb, follows = statement.verb or statement[0].value, statement[1]
    if verb == "CREATE" and follows.is_word(*TABLE_WORDS) and not statement[2].is_word("view"):
        return TableReader(statement, keep_case=keep_case).plan()
    if verb == "ALTER" and follows.is_word("table"):
        return alter.alter_table(statement, keep_case=keep_case)
    if (verb, follows.value) == ("CREATE", "materialized"):
        return MaterializedViewReader(statement, keep_case=keep_case).plan()
    if (verb, follows.value) in BY_OBJECT and follows.kind == "word":
        return BY_OBJECT[verb, follows.value](statement)
    if verb in ("CREATE", "ALTER", "DROP"):
        return objects.refused(statement)
    if verb == "UNLOAD":
        return unload_command(statement, lambda query: _translated(query, keep_case, unloaded=True))
    if verb not in BY_VERB:
        raise RedshiftError(str(statement.error(0)), SYNTAX_ERROR)
    return BY_VERB[verb](statement)
