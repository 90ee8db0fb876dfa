"""What PostgreSQL would do and Redshift does not: refused by name, so that it does not first fail in production."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.sql.lexer import lower
from include.sandbox.redshift.sql.statement import Statement

# AWS: c_unsupported-postgresql-functions; what only the leader node has is refused as a whole.
FUNCTIONS = frozenset(
    """string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg xmlagg every corr covar_pop covar_samp
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy mode
    pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock
    clock_timestamp statement_timestamp transaction_timestamp pg_sleep pg_sleep_for pg_sleep_until justify_days
    justify_hours justify_interval div width_bucket setseed generate_series generate_subscripts unnest nextval currval
    setval lastval bit_length overlay convert_from convert_to encode format concat_ws quote_nullable regexp_matches
    regexp_match regexp_split_to_array regexp_split_to_table string_to_array array_to_string to_json to_jsonb
    row_to_json json_build_object jsonb_build_object json_array_elements jsonb_array_elements jsonb_extract_path
    jsonb_extract_path_text make_date make_time make_timestamp make_timestamptz make_interval date_bin
    gen_random_uuid txid_current pg_current_xact_id to_tsvector to_tsquery xmlparse query_to_xml dblink lo_import
    lo_export pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file num_nonnulls num_nulls set_config
    """.split()  # noqa: SIM905 - a list would fill a page
)
# Redshift has them, the sandbox has not: VARBYTE, sketches, hashes that PostgreSQL lacks, and SUPER values being made.
MISSING = frozenset(
    """from_hex to_varbyte from_varbyte sha sha1 func_sha1 checksum farmfingerprint64 murmur3_32_hash soundex difference
    hll hll_cardinality hll_combine hll_create_sketch array array_concat array_flatten subarray object
    object_transform json_size st_point st_distance collate octetindex is_char is_integer is_smallint is_bigint
    is_decimal is_float decimal_precision decimal_scale""".split()  # noqa: SIM905 - a list would fill a page
)

# Only the leader node has them, and arrays (AWS: c_sql-functions-leader-node).
LEADER_NODE = frozenset({"array", "array_to_string", "generate_series", "unnest"})


def refuse(statement: Statement, *, on_leader_node: bool = False) -> None:
    """Refuses what Redshift refuses anywhere in a statement.

    Args:
        statement: the statement.
        on_leader_node: whether it reads PostgreSQL's catalogue.

    Raises:
        RedshiftError: the statement holds such a thing.
    """
    for index, token in enumerate(statement.tokens):
        if token.is_name and (name := lower(token.value)) in NAMES:
            if not (on_leader_node and name in LEADER_NODE):
                _refuse_name(statement, index, name)
        elif token.is_name and name.startswith("redshift") and _is_ours(statement, index, name):
            raise _function(name)
        elif token.is_symbol("[") and not on_leader_node:  # an array, or a step into SUPER
            raise statement.error(index)


def _refuse_name(statement: Statement, index: int, name: str) -> None:
    called, part = statement[index + 1].is_symbol("("), statement[index - 1].is_symbol(".")
    if name in FUNCTIONS and called and not _is_table(statement, index):
        raise _function(name)
    if name in MISSING and called and not part and not _is_table(statement, index):
        raise unsupported(f"function {name}() in the sandbox")
    if name == "substr" and called and not part:
        raise unsupported("SUBSTR() function", hint="use SUBSTRING instead")
    if name in CHECKS and statement[index].kind == "word" and not part:
        CHECKS[name](statement, index)


def _is_ours(statement: Statement, index: int, name: str) -> bool:
    """Whether it calls a function that the stand-in has for itself: some run SQL that they are given."""
    if name == "redshift" and statement[index + 1].is_symbol("."):
        return statement[index + 3].is_symbol("(")
    return name.startswith("redshift_") and statement[index + 1].is_symbol("(") and not _is_table(statement, index)


def _is_table(statement: Statement, index: int) -> bool:
    """Whether a name before a parenthesis is a table's: `insert into format (…)`."""
    before, schema = statement[index - 1], statement[index - 2]
    in_schema = before.is_symbol(".") and not (schema.is_name and lower(schema.value) == "pg_catalog")
    return in_schema or before.is_word("into", "table", "as", "references", "exists")


def _function(name: str) -> RedshiftError:
    # Redshift reports it as an INFO line and this error (AWS: c_sql-functions-leader-node).
    return unsupported(
        f"function {name}()",
        hint="Specified types or functions (one per INFO message) not supported on Amazon Redshift tables.",
    )


def _returning(statement: Statement, index: int) -> None:
    if statement.verb in {"INSERT", "UPDATE", "DELETE", "MERGE", "WITH"}:
        raise statement.error(index)


def _conflict(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("on"):
        raise statement.error(index)


def _distinct(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("select") and statement[index + 1].is_word("on"):
        raise unsupported("SELECT DISTINCT ON")
    if statement[index + 1].is_word("from") and statement[index - 1].is_word("is", "not"):
        raise RedshiftError("Not implemented", "0A000", detail="IS DISTINCT FROM is not supported on Redshift.")


def _filter(statement: Statement, index: int) -> None:
    if statement[index - 1].is_symbol(")") and statement[index + 1].is_symbol("("):
        raise statement.error(index + 1)


def _lateral(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("join", "from") or statement[index - 1].is_symbol(","):
        raise unsupported("LATERAL")


def _rotation(statement: Statement, index: int) -> None:
    """What `pivot.py` has not taken: of a join, of another rotation, or outside a query's FROM."""
    if statement[index + 1].is_symbol("(") or statement[index + 1].is_word("include", "exclude"):
        raise unsupported(f"{statement[index].value.upper()} there")


def _connect(statement: Statement, index: int) -> None:
    if statement[index + 1].is_word("by"):
        raise unsupported("CONNECT BY in the sandbox", hint="WITH RECURSIVE does the same")


def _exclude(statement: Statement, index: int) -> None:
    if statement[index - 1].is_symbol("*") and (statement[index + 1].is_symbol("(") or statement[index + 1].is_name):
        raise unsupported("* EXCLUDE in the sandbox", hint="name the columns")


def _for(statement: Statement, index: int) -> None:
    follows, then = statement[index + 1], statement[index + 2]
    weaker = (follows.is_word("no") and then.is_word("key")) or (follows.is_word("key") and then.is_word("share"))
    if follows.is_word("update", "share") or weaker:
        raise RedshiftError("SELECT FOR UPDATE/SHARE is not supported", "0A000")


def _write(statement: Statement, index: int) -> None:
    """A WITH query only reads: PostgreSQL would run a DELETE in it."""
    in_with = statement[index - 1].is_symbol("(") and statement[index - 2].is_word("as", "materialized")
    if in_with and statement[index + 1].is_name:
        raise statement.error(index)


def _materialized(statement: Statement, index: int) -> None:
    if statement[index - 1].is_word("as", "not") and statement[index + 1].is_symbol("("):
        raise statement.error(index)


def _into(statement: Statement, index: int) -> None:
    if not statement[index - 1].is_word("insert", "merge"):
        raise statement.error(index)  # SELECT … INTO of a statement itself has become CREATE TABLE … AS


def _row(statement: Statement, index: int) -> None:
    if statement[index + 1].is_symbol("("):
        raise unsupported("a row constructor")


def _followed_by(*words: str) -> Callable[[Statement, int], None]:
    def check(statement: Statement, index: int) -> None:
        if index and statement[index + 1].is_word(*words):
            raise statement.error(index)

    return check


def _before_a_name(statement: Statement, index: int) -> None:
    if statement[index - 1].is_name and statement[index + 1].is_name:
        raise statement.error(index)


def _values(statement: Statement, index: int) -> None:
    if statement[index - 1].is_symbol("(") and statement[index - 2].is_word("from", "join"):
        raise unsupported("VALUES list used as constant table")
    if index == 0:
        raise RedshiftError('syntax error at or near "values"', SYNTAX_ERROR)


CHECKS = {
    "returning": _returning, "conflict": _conflict, "distinct": _distinct, "filter": _filter, "lateral": _lateral,
    "pivot": _rotation, "unpivot": _rotation, "connect": _connect,
    "exclude": _exclude, "for": _for, "values": _values, "insert": _write, "update": _write, "delete": _write,
    "merge": _write, "materialized": _materialized, "into": _into, "row": _row, "only": _before_a_name,
    "tablesample": _before_a_name, "overriding": _followed_by("system", "user"), "current": _followed_by("of"),
    "fetch": _followed_by("first", "next"),
}  # fmt: skip
NAMES = FUNCTIONS | MISSING | CHECKS.keys() | {"substr"}
