"""MERGE: PostgreSQL's does more than Redshift's; what goes beyond it is refused (AWS: r_MERGE)."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, qualified
from include.sandbox.redshift.sql.statement import Statement


def merge(statement: Statement) -> Plan:
    """Translates MERGE INTO target USING source [[AS] alias] ON condition, with one or both arms.

    Raises:
        RedshiftError: Redshift would not take it.
    """
    if not statement[1].is_word("into"):
        raise statement.error(1)
    target, at = qualified(statement, 2)
    if not statement[at].is_word("using"):
        raise statement.error(at)  # the target takes no alias
    if statement[at + 1].is_symbol("("):
        raise unsupported("a subquery as the source of MERGE", hint="put the rows into a temporary table first")
    source, at = qualified(statement, at + 1)
    if source == target:
        raise unsupported("MERGE of a table with itself")
    check = f"SELECT pg_catalog.redshift_check_merge_source({literal(source)})"
    last = len(statement) - 1
    if statement[last].is_word("duplicates") and statement[last - 1].is_word("remove"):
        return _remove_duplicates(statement, target, source, at, check)
    _check_arms(statement, _arms(statement, at))
    return Plan(statement.render(), "MERGE", locks=(target,), before=(check,))


def _remove_duplicates(statement: Statement, target: str, source: str, at: int, check: str) -> Plan:
    """MERGE … ON condition REMOVE DUPLICATES: the source's rows take the place of those that they match.

    PostgreSQL has no such form: the rows that match are deleted first, and all of the source's inserted.
    """
    at += statement[at].is_word("as")
    name = source
    if statement[at].is_name and not statement[at].is_word("on"):
        name, at = statement.render(at, at), at + 1
    last = len(statement) - 3
    if not statement[at].is_word("on") or last <= at:
        raise statement.error(at)
    if arms := _arms(statement, at):
        raise statement.error(arms[0])
    condition, alias = statement.render(at + 1, last), "" if name == source else f" AS {name}"
    joined = f"{target} JOIN {source}{alias} ON {condition}"
    multiple = f"""
        SELECT pg_catalog.redshift_check_matches({literal(target)}, {literal(source)}, count(*))
        FROM (SELECT 1 FROM {joined} GROUP BY {target}.ctid HAVING count(*) > 1) AS found
    """  # noqa: S608 - the parts have been translated
    delete = f"DELETE FROM {target} USING {source}{alias} WHERE {condition}"  # noqa: S608 - as above
    insert = f"MERGE INTO {target} USING {source}{alias} ON false WHEN NOT MATCHED THEN INSERT VALUES ({name}.*)"
    return Plan(insert, "MERGE", locks=(target,), before=(check, multiple, delete))


def _arms(statement: Statement, at: int) -> list[int]:
    """Returns where each WHEN of the statement itself stands."""
    found, depth = [], 0
    while at < len(statement):
        token = statement[at]
        if token.is_symbol("("):
            at = statement.closing(at)
        elif token.is_word("case"):
            depth += 1
        elif token.is_word("end"):
            depth -= 1
        elif depth == 0 and token.is_word("when"):
            found.append(at)
        at += 1
    return found


def _check_arms(statement: Statement, arms: list[int]) -> None:
    if not arms:
        raise statement.error(len(statement))
    seen = set()
    for at in arms:
        matched = statement[at + 1].is_word("matched")
        then = at + (2 if matched else 3)
        if not matched and not (statement[at + 1].is_word("not") and statement[at + 2].is_word("matched")):
            raise statement.error(at + 1)
        if not statement[then].is_word("then"):
            raise statement.error(then)  # neither AND nor BY SOURCE
        if not statement[then + 1].is_word(*(("update", "delete") if matched else ("insert",))):
            raise statement.error(then + 1)
        if matched in seen:
            raise statement.error(at)
        seen.add(matched)
