"""INSERT, UPDATE, DELETE, LOCK, TRUNCATE: the tables they write, and Redshift's own forms."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import qualified
from include.sandbox.redshift.sql.statement import Statement

# What may follow the queries of WITH; PostgreSQL takes MERGE there too.
AFTER_WITH = {"select", "insert", "update", "delete", "merge"}


def insert(statement: Statement) -> Plan:
    """Translates INSERT INTO."""
    if not statement[1].is_word("into"):
        raise statement.error(1)
    table, end = qualified(statement, 2)
    if statement[end].is_word("as", "table"):
        raise statement.error(end)
    at = statement.closing(end) + 1 if statement[end].is_symbol("(") else end
    if statement[at].is_word("values") and statement[at + 1].is_symbol("("):
        several = statement[statement.closing(at + 1) + 1].is_symbol(",")
        if several and any(token.is_word("select") for token in statement.tokens):
            raise RedshiftError("can't use subqueries in multi-row VALUES", "0A000")  # AWS: r_INSERT_30
    return Plan(statement.render(), "INSERT", locks=(table,))


def update(statement: Statement) -> Plan:
    """Translates UPDATE table [[AS] alias] SET … [FROM …] [WHERE …]."""
    table, _ = qualified(statement, 1)
    depth = 0
    for at, token in enumerate(statement.tokens):
        depth += token.is_symbol("(") - token.is_symbol(")")
        if depth == 1 and token.is_symbol("(") and statement[at - 1].is_word("set"):
            raise statement.error(at)
        if depth == 0 and token.is_word("join") and statement[at - 1].is_word("left", "right", "full", "outer"):
            raise RedshiftError("Target table must be part of an equijoin predicate", "0A000")  # AWS: r_UPDATE
    return Plan(statement.render(), "UPDATE", locks=(table,))


def delete(statement: Statement) -> Plan:
    """Translates DELETE [FROM] table [USING …] [WHERE …]; the target takes no alias (AWS: r_DELETE)."""
    at = 2 if statement[1].is_word("from") else 1
    table, end = qualified(statement, at)
    if end < len(statement) and not statement[end].is_word("using", "where"):
        raise statement.error(end)
    if at == 1:
        if end < len(statement) and statement[end].is_word("using"):
            raise statement.error(end)
        statement.insert(1, "FROM ")
    return Plan(statement.render(), "DELETE", locks=(table,))


def with_(statement: Statement) -> Plan:
    """Translates WITH … before a query or a write."""
    at = 1
    while at < len(statement) and not (statement[at - 1].is_symbol(")") and statement[at].is_word(*AFTER_WITH)):
        at = statement.closing(at) + 1 if statement[at].is_symbol("(") else at + 1
    word, follows = statement[at], statement[at + 1]
    if word.is_word("merge"):
        raise statement.error(at)
    if word.is_word("insert", "update", "delete"):
        target = at + 2 if follows.is_word("into", "from") else at + 1
        return Plan(statement.render(), "WITH", locks=(qualified(statement, target)[0],))
    return Plan(statement.render(), "SELECT")


def lock(statement: Statement) -> Plan:
    """Translates LOCK [TABLE] a, b: always ACCESS EXCLUSIVE, no mode can be named (AWS: r_LOCK)."""
    at = 2 if statement[1].is_word("table") else 1
    tables = []
    while True:
        table, at = qualified(statement, at)
        tables.append(table)
        if not statement[at].is_symbol(","):
            break
        at += 1
    if at < len(statement):
        raise statement.error(at)
    # Outside a block the lock ends with the statement, as on Redshift; PostgreSQL wants a block all the same.
    return Plan(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE", "LOCK", block=True)


def truncate(statement: Statement) -> Plan:
    """Translates TRUNCATE [TABLE] table: it commits, and whatever refers to the table does not matter."""
    table, end = qualified(statement, 2 if statement[1].is_word("table") else 1)
    if end < len(statement):
        raise statement.error(end)
    return Plan(f"TRUNCATE TABLE {table}", "TRUNCATE", commits=True)
