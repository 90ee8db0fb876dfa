"""Materialized views: CREATE, ALTER, REFRESH and DROP (AWS: materialized-view-create-sql-command)."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import check_new_name, literal, name_of, qualified, quote
from include.sandbox.redshift.sql.statement import Statement
from include.sandbox.redshift.sql.tables import TableReader
from include.sandbox.redshift.sql.views import rebind

LONGEST = 52  # bytes of a name: with what its table's name adds it is 63, PostgreSQL's limit
NOT_IN_QUERY = ("order", "limit", "offset")
NAME = 3  # the token behind CREATE MATERIALIZED VIEW
# Before a parenthesis with a query in it, not a call.
NO_CALL = ("as", "from", "in", "exists", "join", "union", "all", "intersect", "except", "minus", "any", "some")


class MaterializedViewReader(TableReader):
    """Reads one CREATE MATERIALIZED VIEW.

    Args:
        statement: the statement.
        keep_case: whether quoted names keep their case.
    """

    def __init__(self, statement: Statement, *, keep_case: bool) -> None:
        super().__init__(statement, keep_case=keep_case)
        self._automatic = False

    def plan(self) -> Plan:
        """Returns what creates the table of its rows and the view of them.

        Raises:
            RedshiftError: Redshift would not take the statement.
        """
        statement = self._statement
        name, at = _named(statement)
        check_new_name(statement, at - 1)
        storage = self._storage(at - 1)
        at = self._attributes(at)
        if not statement[at].is_word("as"):
            raise statement.error(at)
        self._check_query(at + 1)
        self._design.style = self._design.style or ("EVEN" if self._design.distkey is None else None)
        self._check()
        made = self._as(f"CREATE TABLE {storage}", [], storage, at)
        last = len(statement) - 1
        values = (name, storage, statement.render(at + 1, last), statement.source(0, last))
        view = f"SELECT pg_catalog.redshift_materialize({', '.join(map(literal, values))}, {self._automatic})"
        check = f"SELECT pg_catalog.redshift_check_free({literal(name)})"
        return Plan(made.sql, "CREATE", before=(check,), after=(*made.after, view, rebind(name)))

    def _storage(self, last: int) -> str:
        """Returns the name of its table, as SQL; the view's own name is at `last`."""
        bare = name_of(self._statement[last], keep_case=self._keep_case)
        if len(bare.encode()) > LONGEST:
            raise unsupported(f"a materialized view's name of more than {LONGEST} bytes in the sandbox")
        return f"{self._statement.render(NAME, last - 1)}{quote(f'mv_tbl__{bare}__0')}"

    def _check_query(self, first: int) -> None:
        for at in range(first, len(self._statement)):
            token = self._statement[at]
            if token.is_word(*NOT_IN_QUERY) and not self._within_call(first, at):
                raise unsupported(f"{token.value.upper()} in a materialized view")

    def _within_call(self, first: int, wanted: int) -> bool:
        """Whether a word belongs to OVER (…), WITHIN GROUP (…) or another call, not to a query."""
        opened = self._statement.within(wanted)
        before = self._statement[opened - 1]
        return opened >= first and before.is_name and not before.is_word(*NO_CALL)

    def _attribute(self, at: int) -> int:
        statement = self._statement
        if statement[at].is_word("auto"):
            self._automatic = _automatic(statement, at)
            return at + 3
        if statement[at].is_word("using"):
            raise unsupported("CREATE MATERIALIZED VIEW … USING in the sandbox")
        if statement[at].is_word("encode"):
            raise statement.error(at)
        return super()._attribute(at)


def alter(statement: Statement) -> Plan:
    """Translates ALTER MATERIALIZED VIEW name AUTO REFRESH {YES | NO} (AWS: r_ALTER_MATERIALIZED_VIEW)."""
    name, at = _named(statement)
    if not statement[at].is_word("auto"):
        raise unsupported(f"ALTER MATERIALIZED VIEW … {statement[at].value.upper()} in the sandbox")
    automatic = _automatic(statement, at)
    if len(statement) > at + 3:
        raise statement.error(at + 3)
    return _do(f"pg_catalog.redshift_refresh_automatically({literal(name)}, {automatic})", "ALTER MATERIALIZED VIEW")


def refresh(statement: Statement) -> Plan:
    """Translates REFRESH MATERIALIZED VIEW name [RESTRICT | CASCADE]; its writers wait for each other."""
    name, at = _named(statement)
    cascading = statement[at].is_word("cascade")
    if at + statement[at].is_word("cascade", "restrict") < len(statement):
        raise statement.error(at)
    lock = f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"
    return _do(f"pg_catalog.redshift_refresh({literal(name)}, {cascading})", "REFRESH", lock)


def drop(statement: Statement) -> Plan:
    """Translates DROP MATERIALIZED VIEW [IF EXISTS] name [, …] [CASCADE | RESTRICT]."""
    if not statement[2].is_word("view"):
        raise statement.error(2)
    statement.remove(1, 1)
    checks = _checks(statement, NAME, materialized=True)
    return Plan(statement.render(), "DROP", before=checks, tag="DROP MATERIALIZED VIEW")


def drop_view(statement: Statement) -> Plan:
    """Translates DROP VIEW, which drops no materialized view."""
    return Plan(statement.render(), "DROP", before=_checks(statement, 2, materialized=False))


def _automatic(statement: Statement, at: int) -> bool:
    """Reads AUTO REFRESH {YES | NO}."""
    for index, words in enumerate((("refresh",), ("yes", "no")), at + 1):
        if not statement[index].is_word(*words):
            raise statement.error(index)
    return statement[at + 2].is_word("yes")


def _named(statement: Statement) -> tuple[str, int]:
    for at, word in enumerate(("materialized", "view"), 1):
        if not statement[at].is_word(word):
            raise statement.error(at)
    return qualified(statement, NAME)


def _checks(statement: Statement, at: int, *, materialized: bool) -> tuple[str, ...]:
    """Returns what checks that the views which a DROP names are materialized or are not."""
    at += 2 if statement[at].is_word("if") else 0
    checks = []
    while statement[at].is_name and not statement[at].is_word("cascade", "restrict"):
        name, at = qualified(statement, at)
        checks.append(f"SELECT pg_catalog.redshift_check_dropped({literal(name)}, {materialized})")
        at += statement[at].is_symbol(",")
    return tuple(checks)


def _do(call: str, tag: str, *before: str) -> Plan:
    return Plan(f"DO {literal(f'BEGIN PERFORM {call}; END')}", tag.split()[0], before=before, tag=tag)
