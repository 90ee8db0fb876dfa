"""Declared checks as a template field, refused when the DAG is parsed if there is a mistake in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from sparkify.checks.check import Check
from sparkify.checks.rules import RowRule
from sparkify.declared import key_of

BETWEEN = "\n;\n"
# An expression, or a text from its first statement on: what that sets may be named in all that follows.
TEMPLATED = re.compile(r"\{%.*|\{\{.*?\}\}", re.DOTALL)

Columns = Mapping[str, Sequence[str] | Mapping[str, object]]  # of each table, by name
Mask = Literal["hide", "hash"]


class DeclarationError(ValueError):
    """Checks are declared wrongly; the message names each and says what is allowed."""


def together(
    checks: Sequence[Check], tables: Columns | None = None, personal: Mapping[str, Mask] | None = None
) -> list[Check]:
    """A template field that holds these checks, for operators that take some.

    Their SQL is rendered as one template: to compile one for each takes as long as to run them.

    Args:
        checks: not rendered.
        tables: the columns of each table that may be checked, see :class:`sparkify.declared.Declared`; None
            if they are not known, so that a column with a wrong name fails only when it is asked for.
        personal: the columns of which samples show nothing (``hide``) or a hash (``hash``), whatever table has them.

    Returns:
        What Airflow renders to the list of the checks: it calls what it finds in a template field.

    Raises:
        DeclarationError: there is a mistake in a declaration.
    """
    mistakes = [f"  {check.name}: {mistake}" for check in checks for mistake in _mistakes(check, tables)]
    names = Counter(check.name for check in checks)
    mistakes += [f"  {name}: declared {times} times: a name is unique" for name, times in names.items() if times > 1]
    if mistakes:
        raise DeclarationError("Mistakes in the declaration of checks:\n" + "\n".join(mistakes))
    complete = [replace(check, shown=_shown(check, tables or {}, personal or {})) for check in checks]

    def rendered(context: Any, jinja_env: Any) -> list[Check]:
        texts = {text: _source(text, jinja_env) for check in complete for text in check.texts}
        # Nearly all that is templated names a schema, and there are two: each is rendered once.
        templates = dict.fromkeys(piece for source in texts.values() for piece in TEMPLATED.findall(source))
        joined = jinja_env.from_string(BETWEEN.join(templates)).render(context)
        pieces = dict(zip(templates, joined.split(BETWEEN), strict=bool(templates)))
        found = {text: TEMPLATED.sub(lambda piece: pieces[piece[0]], source) for text, source in texts.items()}
        return [check.with_texts(found) for check in complete]

    return cast("list[Check]", rendered)


def _source(text: str, jinja_env: Any) -> str:
    return str(jinja_env.loader.get_source(jinja_env, text)[0]) if text.endswith(".sql") else text


def _mistakes(check: Check, tables: Columns | None) -> Iterator[str]:
    yield from check.mistakes
    if tables is None:
        return
    for table, columns in ((check.table, check.rule.columns), *check.rule.others.items()):
        known = tables.get(key_of(table))
        if known is None:
            yield f"there is no table {key_of(table)}; there are {', '.join(sorted(tables))}"
            continue
        for column in columns:
            if column not in known:
                yield f"{key_of(table)} has no column {column}; it has {', '.join(known)}"


def _shown(check: Check, tables: Columns, personal: Mapping[str, Mask]) -> dict[str, str]:
    rule = check.rule
    columns = tables.get(key_of(check.table), rule.columns) if isinstance(rule, RowRule) else rule.shown
    return {column: _masked(column, personal.get(column)) for column in columns}


def _masked(column: str, mask: Mask | None) -> str:
    """SQL that shows a column so that only those who know the value already can tell whose it is."""
    if mask == "hash":
        return f"substring(md5({column}::varchar), 1, 12)"
    return f"case when {column} is not null then '***' end" if mask == "hide" else column
