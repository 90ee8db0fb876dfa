"""DROP TABLE, comments, maintenance, transactions and cursors: mostly PostgreSQL's, with Redshift's limits."""

from __future__ import annotations

from include.sandbox.redshift.errors import unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import qualified
from include.sandbox.redshift.sql.settings import transaction_modes
from include.sandbox.redshift.sql.statement import Statement

# What PostgreSQL has and Redshift has not (AWS: c_unsupported-postgresql-features).
LACKING = {"savepoint", "release", "index", "sequence", "trigger", "rule", "type", "domain", "extension", "tablespace",
           "operator", "aggregate", "cast", "collation", "conversion", "publication", "subscription", "event",
           "statistics", "server", "foreign", "access", "unlogged"}  # fmt: skip
# What they describe is the word behind them.
ADJECTIVES = {"materialized", "unique", "external", "foreign", "event", "unlogged", "masking", "identity"}


def drop(statement: Statement) -> Plan:
    """Translates DROP TABLE."""
    return Plan(statement.render(), "DROP")


def comment(statement: Statement) -> Plan:
    """Translates COMMENT ON {TABLE | COLUMN | VIEW | SCHEMA | DATABASE}."""
    if not statement[2].is_word("table", "column", "view", "schema", "database"):
        raise unsupported(f"COMMENT ON {statement[2].value.upper()} in the sandbox")
    return Plan(statement.render(), "COMMENT")


def analyze(statement: Statement) -> Plan:
    """Translates ANALYZE [VERBOSE] [table [(columns)]] [PREDICATE COLUMNS | ALL COLUMNS]."""
    if statement[1].is_word("compression"):
        raise unsupported("ANALYZE COMPRESSION in the sandbox")
    last = len(statement) - 1
    named = next((at for at in range(1, last + 1) if statement[at].is_symbol(",", "(")), 0)
    if named == 1 or statement[named].is_symbol(","):  # one table at most (AWS: r_ANALYZE)
        raise statement.error(named)
    if statement[last].is_word("columns") and statement[last - 1].is_word("predicate", "all"):
        statement.remove(last - 1, last)
    return Plan(statement.render(), "ANALYZE")


def vacuum(statement: Statement) -> Plan:
    """Translates VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table [TO n PERCENT]] [BOOST].

    PostgreSQL's plain VACUUM stands for all of them: it reclaims, and there is no order on disk to restore.
    """
    at = 1
    if statement[at].is_word("full", "reindex", "recluster"):
        at += 1
    elif statement[at].is_word("sort", "delete") and statement[at + 1].is_word("only"):
        at += 2
    if at >= len(statement):
        return Plan("VACUUM", "VACUUM")
    table, end = qualified(statement, at)
    if statement[end].is_word("to") and statement[end + 2].is_word("percent"):
        end += 3
    if statement[end].is_word("boost"):
        end += 1
    if end < len(statement):
        raise statement.error(end)
    return Plan(f"VACUUM {table}", "VACUUM")


def begin(statement: Statement) -> Plan:
    """Translates BEGIN [WORK | TRANSACTION] [modes] and START TRANSACTION [modes]."""
    return Plan(
        "BEGIN" + transaction_modes(statement, 2 if statement[1].is_word("work", "transaction") else 1), "BEGIN"
    )


def end(statement: Statement) -> Plan:
    """Translates COMMIT, END, ROLLBACK and ABORT; there are no savepoints."""
    if len(statement) > 1 and not (len(statement) == 2 and statement[1].is_word("work", "transaction")):
        raise unsupported("ROLLBACK TO SAVEPOINT") if statement[1].is_word("to") else statement.error(1)
    return Plan(statement.render(), statement.verb)


def explain(statement: Statement) -> Plan:
    """Translates EXPLAIN [VERBOSE] {query | INSERT | UPDATE | DELETE}."""
    at = 2 if statement[1].is_word("verbose") else 1
    if not statement[at].is_word("select", "with", "insert", "update", "delete"):
        raise statement.error(at)
    return Plan(statement.render(), "EXPLAIN")


def prepare(statement: Statement) -> Plan:
    """Translates PREPARE name [(types)] AS query."""
    at = 2 if statement[1].is_name else 1
    at = statement.closing(at) + 1 if statement[at].is_symbol("(") else at
    if not statement[at].is_word("as"):
        raise statement.error(at)
    if not statement[at + 1].is_word("select", "with"):
        raise unsupported(f"PREPARE … AS {statement[at + 1].value.upper()} in the sandbox")
    return select(statement)


def declare(statement: Statement) -> Plan:
    """Translates DECLARE name CURSOR [WITHOUT HOLD] FOR query: cursors only move forward (AWS: declare)."""
    at = 5 if statement[3].is_word("without") and statement[4].is_word("hold") else 3
    if not (statement[1].is_name and statement[2].is_word("cursor")):
        raise statement.error(2)
    if not (statement[at].is_word("for") and statement[at + 1].is_word("select", "with")):
        raise statement.error(at)
    return select(statement)


def fetch(statement: Statement) -> Plan:
    """Translates FETCH [NEXT | ALL | FORWARD [n | ALL]] FROM name (AWS: fetch)."""
    backward = statement[1].is_word("prior", "first", "last", "absolute", "relative", "backward")
    if backward or any(token.is_symbol("-") for token in statement.tokens):
        raise statement.error(1)
    return Plan(statement.render(), "FETCH")


def cancel(statement: Statement) -> Plan:
    """Translates CANCEL process_id ['message'] (AWS: r_CANCEL); the message is for the one whose query it was."""
    if statement[1].kind != "number" or not statement[1].value.isdigit():
        raise statement.error(1)
    if statement[2].kind == "string":
        raise unsupported("a message of CANCEL in the sandbox")
    if len(statement) > 2:
        raise statement.error(2)
    # DO, because it has no result.
    return Plan(f"DO 'BEGIN PERFORM pg_catalog.redshift_cancel({statement[1].value}); END'", "CANCEL")


def select(statement: Statement) -> Plan:
    """Translates a query."""
    return Plan(statement.render(), "SELECT")


def refused(statement: Statement) -> Plan:
    """Refuses a statement that Redshift has and the sandbox does not do, or that Redshift lacks."""
    count = 3 if statement[1].is_word(*ADJECTIVES) else 2
    words = " ".join(token.value.upper() for token in statement.tokens[:count] if token.kind == "word")
    lacking = statement[0].is_word(*LACKING) or any(token.is_word(*LACKING) for token in statement.tokens[1:count])
    raise unsupported(words if lacking else f"{words} in the sandbox")
