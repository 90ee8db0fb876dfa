"""Forms of PostgreSQL's that Redshift's grammar lacks, by the word that tells them."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.query import alias_at, around, items, queries
from include.sandbox.redshift.sql.statement import Statement

# What stands before a parenthesis that holds a query or a list, not a function's arguments.
NO_CALLS = ("over", "group", "in", "from", "as", "exists", "any", "some", "all", "not", "and", "or", "union", "except",
            "intersect", "minus", "where", "join", "on", "then", "else", "when", "select", "using", "by")  # fmt: skip


def _table(statement: Statement, index: int) -> None:
    """TABLE t for SELECT * FROM t."""
    before = statement[index - 1]
    stands = bool(index) and (before.is_symbol("(") or before.is_word("as")) and statement[index + 1].is_name
    if stands and (statement.verb or statement[0].value) in ("SELECT", "WITH", "INSERT", "CREATE", "("):
        raise statement.error(index)


def _data(statement: Statement, index: int) -> None:
    """CREATE TABLE … AS … WITH [NO] DATA."""
    at = index - 1 - statement[index - 1].is_word("no")
    if index == len(statement) - 1 and statement[at].is_word("with") and statement.verb == "CREATE":
        raise statement.error(at)


def _array(statement: Statement, index: int) -> None:
    """A type `integer ARRAY`; the function ARRAY is Redshift's."""
    if statement[index - 1].is_name and not statement[index + 1].is_symbol("(", "["):
        raise unsupported("an array type")


def _json(statement: Statement, index: int) -> None:
    before = statement[index - 1]
    if before.is_word("is") or (before.is_word("not") and statement[index - 2].is_word("is")):
        raise statement.error(index)


def _all(statement: Statement, index: int) -> None:
    """INTERSECT, EXCEPT and MINUS have no ALL (AWS: r_UNION)."""
    if statement[index - 1].is_word("intersect", "except", "minus"):
        raise unsupported(f"{statement[index - 1].value.upper()} ALL")


def _from(statement: Statement, index: int) -> None:
    """An empty select list."""
    if statement[index - 1].is_word("select"):
        raise statement.error(index)


def _rows(statement: Statement, index: int) -> None:
    """OFFSET n ROWS."""
    if statement[index - 2].is_word("offset"):
        raise statement.error(index)


def _using(statement: Statement, index: int) -> None:
    """ORDER BY x USING <."""
    follows = statement[index + 1]
    if follows.kind == "symbol" and not follows.is_symbol("(", "."):
        raise statement.error(index)


def _operator(statement: Statement, index: int) -> None:
    if statement[index + 1].is_symbol("(") and index:
        raise statement.error(index)


def _symmetric(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("between"):
        raise statement.error(index)


def _recursion(*words: str) -> Callable[[Statement, int], None]:
    def check(statement: Statement, index: int) -> None:
        before, follows = statement[index - 1], statement[index + 1]
        if before.is_symbol(")") and (follows.is_word(*words) if words else follows.is_name):
            raise unsupported(f"{statement[index].value.upper()} in a WITH query")

    return check


def _recursive(statement: Statement, index: int) -> None:
    """A recursive query must list its columns, and joins by UNION ALL (AWS: r_WITH_clause)."""
    if not statement[index - 1].is_word("with"):
        return
    if statement[index + 1].is_name and statement[index + 2].is_word("as"):
        raise unsupported("WITH RECURSIVE without a list of columns")
    if statement[index + 1].is_name and statement.known(_last_distinct_union) > index:
        raise unsupported("UNION without ALL beside WITH RECURSIVE in the sandbox")


def _last_distinct_union(statement: Statement) -> int:
    unions = (at for at in reversed(range(len(statement))) if statement[at].is_word("union"))
    return next((at for at in unions if not statement[at + 1].is_word("all")), -1)


def _order(statement: Statement, index: int) -> None:
    """`sum(x ORDER BY y)`: the order of an aggregate is WITHIN GROUP."""
    if not statement[index + 1].is_word("by"):
        return
    at = statement.within(index)
    if at <= 0:
        return
    called = statement[at - 1].is_name and not statement[at - 1].is_word(*NO_CALLS)
    query = statement[at + 1].is_word("select", "with", "order", "partition") or statement[at + 1].is_symbol("(")
    if called and not query:
        raise statement.error(index)


def _substring(statement: Statement, index: int) -> None:
    """`substring(x, 'pattern')` and `substring(x from 'pattern')` are regular expressions in PostgreSQL."""
    if not statement[index + 1].is_symbol("(") or statement[index - 1].is_symbol("."):
        return
    for at in statement.level(index + 2, statement.closing(index + 1) - 1):
        before = statement[at - 1]
        if statement[at].is_word("similar") or (statement[at].kind == "string" and before.is_word("from")):
            raise unsupported("SUBSTRING of a regular expression", hint="use REGEXP_SUBSTR")
    items = statement.arguments(index + 1)
    if len(items) > 1 and statement[items[1][0]].kind == "string":
        raise unsupported("SUBSTRING of a regular expression", hint="use REGEXP_SUBSTR")


def _leader_only(statement: Statement, index: int) -> None:
    """They are none of a query of tables (AWS: c_sql-functions-leader-node)."""
    name, called = statement[index].value, statement[index + 1].is_symbol("(")
    if statement[index - 1].is_symbol(".") or statement[index - 1].is_word("as") or (name in CALLED and not called):
        return
    within = statement.known(around).get(index)
    if "from" in within.clauses if within else statement.verb in ("UPDATE", "DELETE"):
        raise unsupported(f"function {name}() beside a table", hint="use GETDATE() or SYSDATE")


def refuse_unnesting(statement: Statement) -> None:
    """Refuses `FROM t, t.array AS x`, which Redshift has (AWS: query-super) and the sandbox has not.

    Raises:
        RedshiftError: there is such a thing.
    """
    if not any(_is_step(statement, at) for at in range(len(statement))):
        return
    for found in queries(statement):
        first, last = found.clauses.get("from", (0, -1))
        names: set[str] = set()
        for begin, end in statement.commas(first + 1, last):
            if statement[begin].is_name and statement[begin + 1].is_symbol(".") and name_of(statement[begin]) in names:
                raise unsupported("unnesting a SUPER value in the sandbox")
            names.add(alias_at(statement, begin, end)[1] or name_of(statement[end]))


def refuse_rows(statement: Statement) -> None:
    """Refuses rows that are values: `SELECT (a, b)`, `count(DISTINCT (a, b))`, `t.*::text`; they may be compared.

    Raises:
        RedshiftError: there is such a thing.
    """
    for at in range(1, len(statement)):
        if statement[at].is_symbol("*") and statement[at - 1].is_symbol(".") and statement[at + 1].is_symbol("::"):
            raise unsupported("type record")
        if statement[at].is_word("distinct") and statement[at - 1].is_symbol("(") and statement[at + 1].is_symbol("("):
            _refuse_row(statement, at + 1, statement.closing(at - 1) - 1)
    for found in queries(statement):
        for item in items(statement, found):
            _refuse_row(statement, item.first, item.last)


def _refuse_row(statement: Statement, first: int, last: int) -> None:
    if statement[first].is_symbol("(") and statement.closing(first) == last and len(statement.arguments(first)) > 1:
        raise unsupported("type record")


def _is_step(statement: Statement, at: int) -> bool:
    return statement[at].is_symbol(",") and statement[at + 1].is_name and statement[at + 2].is_symbol(".")


CALLED = ("now", "age", "isfinite")
CHECKS: dict[str, Callable[[Statement, int], None]] = {
    "table": _table, "data": _data, "array": _array, "json": _json, "all": _all, "from": _from, "rows": _rows,
    "using": _using, "operator": _operator, "symmetric": _symmetric, "search": _recursion("depth", "breadth"),
    "cycle": _recursion(), "recursive": _recursive, "order": _order, "substring": _substring,
    **dict.fromkeys((*CALLED, "current_time", "current_timestamp", "localtime", "localtimestamp"), _leader_only),
}  # fmt: skip
