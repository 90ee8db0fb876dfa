"""Schemas, views, comments, maintenance and transactions: mostly PostgreSQL's, with Redshift's limits."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, name_of, qualified
from include.sandbox.redshift.sql.settings import transaction_modes
from include.sandbox.redshift.sql.statement import Statement

# What PostgreSQL has and Redshift has not (AWS: c_unsupported-postgresql-features).
LACKING = {"savepoint", "release", "index", "sequence", "trigger", "rule", "type", "domain", "extension", "tablespace",
           "operator", "aggregate", "cast", "collation", "conversion", "publication", "subscription", "event",
           "statistics", "server", "foreign", "access", "unlogged"}  # fmt: skip
# What they describe is the word behind them.
ADJECTIVES = {"materialized", "unique", "external", "foreign", "event", "unlogged", "masking", "identity"}
UNBOUND = ["with", "no", "schema", "binding"]


def create_schema(statement: Statement) -> Plan:
    """Translates CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION user] [QUOTA …]."""
    for index, token in enumerate(statement.tokens):
        if token.is_word("quota") and index > 2:
            raise unsupported("QUOTA of a schema in the sandbox")
        if token.is_word("create", "grant") and index:
            raise statement.error(index)
    checks = _in_this_database(statement, 5 if statement[2].is_word("if") else 2)
    return Plan(statement.render(), "CREATE", before=checks)


def alter_schema(statement: Statement) -> Plan:
    """Translates ALTER SCHEMA name {RENAME TO name | OWNER TO user} (AWS: r_ALTER_SCHEMA)."""
    checks = _in_this_database(statement, 2)
    if statement[3].is_word("quota"):
        raise unsupported("QUOTA of a schema in the sandbox")
    if not (statement[3].is_word("rename", "owner") and statement[4].is_word("to") and len(statement) == 6):
        raise statement.error(3)
    return Plan(statement.render(), "ALTER", before=checks)


def drop_schema(statement: Statement) -> Plan:
    """Translates DROP SCHEMA [IF EXISTS] name [, …] [CASCADE | RESTRICT]."""
    checks = _in_this_database(statement, 4 if statement[2].is_word("if") else 2)
    return Plan(statement.render(), "DROP", before=checks)


def _in_this_database(statement: Statement, first: int) -> tuple[str, ...]:
    """Takes the databases away from qualified names of schemas, as dbt writes them; returns what checks them."""
    dots = [at for at in range(first, len(statement)) if statement[at].is_symbol(".")]
    names = [name_of(statement[at - 1]) for at in dots]
    for at in reversed(dots):
        statement.remove(at - 1, at)
    return tuple(f"SELECT pg_catalog.redshift_check_database({literal(name)})" for name in names)


def create_view(statement: Statement) -> Plan:
    """Translates CREATE [OR REPLACE] VIEW name [(columns)] AS query [WITH NO SCHEMA BINDING]."""
    replaces = statement[1].is_word("or")
    if replaces and not statement[3].is_word("view"):
        return refused(statement)
    name, at = qualified(statement, 4 if replaces else 2)
    columns = (at, statement.closing(at)) if statement[at].is_symbol("(") else None
    at = columns[1] + 1 if columns else at
    if not statement[at].is_word("as"):
        raise statement.error(at)
    if [token.value for token in statement.tokens[-4:]] == UNBOUND:
        return _late_binding_view(statement, name, columns, at + 1, replaces=replaces)
    if statement[-1 + len(statement)].is_word("option"):
        raise statement.error(len(statement) - 1)
    return Plan(statement.render(), "CREATE", after=(rebind(name),))


def _late_binding_view(
    statement: Statement, name: str, columns: tuple[int, int] | None, first: int, *, replaces: bool
) -> Plan:
    """A view of a text that is read when the view is (AWS: r_CREATE_VIEW)."""
    _check_qualified(statement, first)
    query = statement.render(first, len(statement) - 5)
    if columns:
        query = f"SELECT * FROM ({query}) AS query {statement.render(*columns)}"  # noqa: S608 - the client's own query
    return Plan(
        f"CREATE VIEW {name} AS SELECT", "CREATE",
        before=(f"SELECT pg_catalog.redshift_drop_view({literal(name)})",) if replaces else (),
        after=(f"SELECT pg_catalog.redshift_fill_view({literal(name)}, {literal(query)})", rebind(name)),
    )  # fmt: skip


def _check_qualified(statement: Statement, first: int) -> None:
    """The tables of a late-binding view are named with their schema."""
    queries = {statement[at - 1].value for at in range(first, len(statement))
               if statement[at].is_word("as") and statement[at + 1].is_symbol("(")}  # fmt: skip
    for at in range(first, len(statement)):
        is_table = statement[at - 1].is_word("from", "join") and statement[at].is_name
        if is_table and not statement[at + 1].is_symbol(".", "(") and statement[at].value not in queries:
            raise RedshiftError(
                "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING."
            )


def rebind(name: str) -> str:
    """Returns what finds the columns of late-binding views again, after a table or view of this name has changed."""
    return f"SELECT pg_catalog.redshift_rebind({literal(name.rpartition('.')[2].strip(chr(34)))})"


def drop(statement: Statement) -> Plan:
    """Translates DROP {TABLE | VIEW}."""
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
