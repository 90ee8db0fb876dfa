"""PIVOT is an aggregate of each value, grouped by all other columns; UNPIVOT a UNION ALL of its columns.

Both need to know which columns there are: they must stand in a subquery or a WITH query (AWS:
r_FROM_clause-pivot-unpivot-examples).
"""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.identifiers import literal, name_of, quote
from include.sandbox.redshift.sql.lexer import Token
from include.sandbox.redshift.sql.query import Query, alias_at, items, query
from include.sandbox.redshift.sql.statement import Statement

AGGREGATES = ("count", "sum", "min", "max", "avg")
MOST_COLUMNS = 1600  # AWS: r_CREATE_TABLE_NEW
HINT = "name its columns: FROM (SELECT a, b FROM t) PIVOT (…)"


def pivot(statement: Statement, found: Query) -> bool:
    """Rewrites one PIVOT or UNPIVOT in a query's FROM; returns whether there was one.

    Raises:
        RedshiftError: it is none of the grammar, or the columns of what it rotates are not known.
    """
    first, last = found.clauses.get("from", (0, 0))
    for begin, end in statement.commas(first + 1, last) if last else []:
        words = ("pivot", "unpivot", "join")  # neither takes a join, which is refused later
        at = next((at for at in statement.level(begin, end) if statement[at].is_word(*words)), begin)
        if statement[at].is_word("pivot", "unpivot"):
            _rotate(statement, begin, at)
            return True
    return False


def _rotate(statement: Statement, begin: int, at: int) -> None:
    unpivots = statement[at].is_word("unpivot")
    open_ = at + 1
    nulls = statement[open_].is_word("include")
    if unpivots and statement[open_].is_word("include", "exclude") and statement[open_ + 1].is_word("nulls"):
        open_ += 2
    if begin == at or (unpivots and not statement[open_].is_symbol("(")):
        raise unsupported("UNPIVOT of a SUPER value in the sandbox")
    if not statement[open_].is_symbol("("):
        raise statement.error(open_)
    close = statement.closing(open_)
    columns, source = _columns(statement, begin, at - 1), statement.source(begin, at - 1)
    place = next((i for i in range(open_ + 1, close) if statement[i].is_word("for")), close)
    column, in_ = statement[place + 1], place + 2
    if not (column.is_name and statement[in_].is_word("in") and statement[in_ + 1].is_symbol("(")):
        raise statement.error(min(in_, close))
    if statement.closing(in_ + 1) != close - 1:
        raise statement.error(close - 1)
    listed = statement.commas(in_ + 2, close - 2)
    if unpivots:
        text = _unpivoted(statement, columns, source, statement[place - 1], column, listed, nulls=nulls)
    else:
        text = _pivoted(statement, columns, source, (open_ + 1, place - 1), name_of(column), listed)
    statement.replace(begin, close, text)


def _pivoted(
    statement: Statement, columns: list[str], source: str, aggregate: tuple[int, int], column: str,
    listed: list[tuple[int, int]],
) -> str:  # fmt: skip
    first, last = aggregate
    last, suffix = alias_at(statement, first, last)
    if not statement[first].is_word(*AGGREGATES) or statement.closing(first + 1) != last:
        raise unsupported("PIVOT of anything but one COUNT, SUM, MIN, MAX or AVG")
    distinct = statement[first + 2].is_word("distinct")
    argument = statement.source(first + 2 + distinct, last - 1)
    used = {name_of(statement[at]) for at in range(first + 2, last) if statement[at].is_name} | {column}
    others = [quote(name) for name in columns if name not in used]
    made = []
    for begin, end in listed:
        end, alias = alias_at(statement, begin, end)
        value = statement.source(begin, end)
        plain = begin == end or (begin + 1 == end and statement[begin].is_symbol("-"))
        name = alias or (statement[begin].value if begin == end else value) if plain else alias or "?column?"
        where = f"{quote(column)} {'IS NULL' if statement[begin].is_word('null') else f'= {value}'}"
        counted = "1" if argument == "*" else argument
        call = f"{statement[first].value}({'DISTINCT ' if distinct else ''}CASE WHEN {where} THEN {counted} END)"
        made.append(f"{call} AS {quote(f'{name}_{suffix}' if suffix else name)}")
    group = f" GROUP BY {', '.join(others)}" if others else ""
    return f"(SELECT {', '.join([*others, *made])} FROM {source}{group})"  # noqa: S608 - the client's own parts


def _unpivoted(
    statement: Statement, columns: list[str], source: str, value: Token, column: Token,
    listed: list[tuple[int, int]], *, nulls: bool,
) -> str:  # fmt: skip
    names = [name_of(statement[begin]) for begin, _ in listed]
    others = [quote(name) for name in columns if name not in names]
    value_name, name_name = quote(name_of(value)), quote(name_of(column))
    arms = []
    for (begin, end), name in zip(listed, names, strict=True):
        if begin < end and statement[end].kind == "string":
            shown = statement[end].value
        else:
            shown = alias_at(statement, begin, end)[1] or name
        chosen = [*others, f"{literal(shown)}::varchar AS {name_name}", f"{quote(name)} AS {value_name}"]
        where = "" if nulls else f" WHERE {quote(name)} IS NOT NULL"
        arms.append(f"SELECT {', '.join(chosen)} FROM {source}{where}")  # noqa: S608 - the client's own parts
    return f"({' UNION ALL '.join(arms)})"


def _columns(statement: Statement, first: int, last: int) -> list[str]:
    """Returns the columns of a subquery or of a WITH query.

    Raises:
        RedshiftError: they are a table's, which only PostgreSQL knows.
    """
    if statement[first].is_symbol("(") and statement[first + 1].is_word("select"):
        return _columns_of(statement, query(statement, first + 1))
    name = name_of(statement[first]) if statement[first].is_name and not statement[first + 1].is_symbol(".") else ""
    at, as_ = statement.known(_with_queries).get(name, (first, 0))
    if not name or at >= first:
        raise _unknown()
    if as_ > at + 1:
        return [name_of(statement[i]) for i, _ in statement.commas(at + 2, as_ - 2)]
    return _columns_of(statement, query(statement, as_ + 2))


def _with_queries(statement: Statement) -> dict[str, tuple[int, int]]:
    """Returns of each WITH query's name where it stands, and its AS."""
    found: dict[str, tuple[int, int]] = {}
    for at in range(1, len(statement)):
        if statement[at].is_name:
            as_ = statement.closing(at + 1) + 1 if statement[at + 1].is_symbol("(") else at + 1
            is_query = statement[as_ + 1].is_symbol("(") and statement[as_ + 2].is_word("select")
            if statement[as_].is_word("as") and is_query:
                found.setdefault(name_of(statement[at]), (at, as_))
    return found


def _columns_of(statement: Statement, found: Query) -> list[str]:
    names: list[str] = []
    for item in items(statement, found):
        if item.star and item.first == item.last and "from" in found.clauses:
            begin, end = found.clauses["from"]
            sources = statement.commas(begin + 1, end)
            if any(statement[at].is_word("join") for at in statement.level(begin, end)):
                raise _unknown()
            for source in sources:
                names += _columns(statement, *source)
        elif item.star or item.name == "?column?":
            raise _unknown()
        else:
            names.append(item.name)
        if len(names) > MOST_COLUMNS:
            raise RedshiftError(f"target lists can have at most {MOST_COLUMNS} entries", "54011")
    return names


def _unknown() -> RedshiftError:
    return unsupported("PIVOT or UNPIVOT of a table, or of columns without names, in the sandbox", hint=HINT)
