"""Window functions: Redshift's own, NULLs that they pass over, and the frames that they must have.

PostgreSQL has no IGNORE NULLS, no MEDIAN and no ordered aggregate over a window: `catalog/03_windows.sql` stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.sql.statement import Statement

NULLS = {"first_value", "last_value", "lag", "lead", "nth_value"}
# With ORDER BY they must have a frame (AWS: c_Window_functions).
FRAMED = {
    "avg", "count", "max", "min", "sum", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
    "first_value", "last_value", "nth_value", "bool_and", "bool_or",
}  # fmt: skip
WHOLE = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
BEYOND = {
    "lag": "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING",
    "lead": "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING",
}


def over(statement: Statement, index: int) -> None:
    """Checks an OVER clause: it has a window of its own, framed by ROWS.

    Raises:
        RedshiftError: it names a window, its frame is of PostgreSQL's kinds, or there must be one.
    """
    if not (statement[index - 1].is_symbol(")") or statement[index - 1].is_word("nulls")):
        return  # a name
    if not statement[index + 1].is_symbol("("):
        raise unsupported("a named window (OVER name)")
    close = statement.closing(index + 1)
    for at in statement.level(index + 2, close - 1):
        if statement[at].is_word("range", "groups", "exclude") and statement[at + 1].kind in ("word", "number"):
            raise unsupported(f"{statement[at].value.upper()} in a window's frame", hint="a frame consists of ROWS")
    function = _function(statement, index)
    if function in FRAMED and _find(statement, index + 1, "order") and not _find(statement, index + 1, "rows"):
        raise RedshiftError("Aggregate window functions with an ORDER BY clause require a frame clause", "0A000")
    if statement[close + 1].is_word("filter"):
        raise statement.error(close + 1)


def nulls(statement: Statement, index: int, word: str) -> None:
    """`f(x, … [{IGNORE | RESPECT} NULLS]) [{IGNORE | RESPECT} NULLS] OVER (…)` (AWS: r_WF_first_value, r_WF_LAG)."""
    end = statement.closing(index + 1)
    if word in BEYOND and len(statement.arguments(index + 1)) > 2:
        raise unsupported(f"a default value of {word.upper()}")
    place = next((at for at in (end - 2, end + 1) if _about_nulls(statement, at)), None)
    if place is None:
        return
    ignored = statement[place].value == "ignore"
    items = statement.arguments(index + 1)
    if not items:
        raise statement.error(end)
    if place < end:
        first, last = items[-1]
        items[-1] = first, last - 2
    at = (place + 2) if place > end else end + 1
    if not ignored or not statement[at].is_word("over"):
        statement.remove(place, place + 1)
        return
    value, n = statement.render(*items[0]), statement.render(*items[1]) if len(items) > 1 else "1"
    if word in BEYOND and n == "0":
        raise unsupported(f"{word.upper()} by 0 rows with IGNORE NULLS in the sandbox")
    close = statement.closing(at + 1)
    window = f"OVER ({statement.render(at + 2, close - 1)} {BEYOND.get(word, '')})"
    if word == "nth_value" or (word in BEYOND and n != "1"):
        text = f"redshift.{word}(array_agg({value}) FILTER (WHERE ({value}) IS NOT NULL) {window}, {n})"
    else:
        text = f"redshift.{word}({value}) {window}"
    statement.replace(index, close, text)


def median(statement: Statement, index: int, word: str) -> None:
    """`median(x) [over (partition by …)]` (AWS: r_MEDIAN, r_WF_MEDIAN)."""
    end = statement.closing(index + 1)
    window, last = _window(statement, end, word)
    statement.replace(index, last, f"redshift.median(array_agg({statement.render(index + 2, end - 1)}){window})")


def percentile(statement: Statement, index: int, word: str) -> None:
    """`percentile_…(p) within group (order by x [asc | desc]) [over (partition by …)]` (AWS: r_WF_PERCENTILE_CONT).

    PostgreSQL's own PERCENTILE_CONT gives a double, whatever it orders by.
    """
    group = statement.closing(index + 1) + 3
    if not (statement[group - 2].is_word("within") and statement[group].is_symbol("(")):
        raise statement.error(group - 2)
    end = statement.closing(group)
    if statement[index - 1].is_word("approximate"):
        statement.remove(index - 1, index - 1)  # exact here (AWS: r_APPROXIMATE_PERCENTILE_DISC)
    if word == "percentile_disc" and not statement[end + 1].is_word("over"):
        return
    window, last = _window(statement, end, word)
    falling = statement[end - 1].is_word("desc")
    value = statement.render(group + 3, end - 1 - statement[end - 1].is_word("asc", "desc"))
    p = statement.render(index + 2, group - 4)
    statement.replace(index, last, f"redshift.{word}(array_agg({value}){window}, {p}, {str(falling).lower()})")


def ratio(statement: Statement, index: int, word: str) -> None:
    """`ratio_to_report(x) over ([partition by …])`, a FLOAT8 (AWS: r_WF_RATIO_TO_REPORT)."""
    end = statement.closing(index + 1)
    window, last = _window(statement, end, word)
    if not window:
        raise statement.error(last)
    value = statement.render(index + 2, end - 1)
    text = f"redshift.ratio_to_report(({value})::float8, sum(({value})::float8){window})"
    statement.replace(index, last, text)


def listagg(statement: Statement, index: int) -> None:
    """`listagg([distinct] e [, d]) [within group (order by …)]` has its ORDER BY in the parentheses here.

    NULL and empty strings are left out (AWS: r_LISTAGG).
    """
    end, items = statement.closing(index + 1), statement.arguments(index + 1)
    if not 1 <= len(items) <= 2:
        raise statement.error(index)
    first, last = items[0]
    distinct = "DISTINCT " if statement[first].is_word("distinct") else ""
    value = statement.render(first + bool(distinct), last)
    item, separator = f"nullif(({value})::text, '')", statement.render(*items[1]) if len(items) > 1 else "''"
    order = ""
    if statement[end + 1].is_word("within") and statement[end + 2].is_word("group"):
        order = statement.render(end + 6, statement.closing(end + 3) - 1)
        if distinct and order.startswith(value):  # PostgreSQL wants the very expression that is aggregated
            order = item + order.removeprefix(value)
        end = statement.closing(end + 3)
    window, last = _window(statement, end, "listagg")
    if window and order:
        window, order = f"{window[:-1]} ORDER BY {order} {WHOLE})", ""
    order = f" ORDER BY {order}" if order else ""
    if window and distinct:
        raise unsupported("LISTAGG (DISTINCT …) OVER in the sandbox")
    statement.replace(index, last, f"redshift.listagg({distinct}{item}, {separator}{order}){window}")


CALLS: dict[str, Callable[[Statement, int], None]] = {
    **{word: partial(nulls, word=word) for word in NULLS},
    **{word: partial(percentile, word=word) for word in ("percentile_cont", "percentile_disc")},
    "median": partial(median, word="median"), "ratio_to_report": partial(ratio, word="ratio_to_report"),
    "listagg": listagg,
}  # fmt: skip


def _about_nulls(statement: Statement, at: int) -> bool:
    return statement[at].is_word("ignore", "respect") and statement[at + 1].is_word("nulls")


def _window(statement: Statement, end: int, word: str) -> tuple[str, int]:
    """Returns the OVER clause behind a call, which must have no ORDER BY, and its last token."""
    if not (statement[end + 1].is_word("over") and statement[end + 2].is_symbol("(")):
        return "", end
    if _find(statement, end + 2, "order", "rows"):
        raise unsupported(f"ORDER BY or a frame in the window of {word.upper()}")
    close = statement.closing(end + 2)
    return f" OVER ({statement.render(end + 3, close - 1)})", close


def _find(statement: Statement, index: int, *words: str) -> bool:
    return any(statement[at].is_word(*words) for at in statement.level(index + 1, statement.closing(index) - 1))


def _function(statement: Statement, index: int) -> str:
    """Returns the function that an OVER belongs to."""
    end = index - 2 if statement[index - 1].is_word("nulls") else index
    name = statement[statement.opening(end - 1) - 1]
    return name.value if name.is_name else ""
