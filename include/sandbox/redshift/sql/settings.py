"""SET, SHOW and RESET: the settings that Redshift knows; PostgreSQL's other ones are refused."""

from __future__ import annotations

import re

from include.sandbox.redshift.errors import UNDEFINED_SETTING, RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import quote
from include.sandbox.redshift.sql.lexer import lower
from include.sandbox.redshift.sql.show import show_objects
from include.sandbox.redshift.sql.statement import Statement

# Known to both, with one meaning.
SHARED = {"search_path", "statement_timeout", "application_name", "client_encoding", "datestyle", "timezone",
          "extra_float_digits", "client_min_messages", "default_transaction_read_only"}  # fmt: skip
# Redshift's own that change nothing the sandbox does; kept per session under a prefix (AWS: cm_chap_ConfigurationRef).
RECORDED = {"query_group", "enable_result_cache_for_session", "wlm_query_slot_count",
            "enable_case_sensitive_identifier", "analyze_threshold_percent",
            # The database's level is the one that counts (AWS: r_BEGIN); psycopg2 sets and resets this in autocommit.
            "default_transaction_isolation"}  # fmt: skip
# Redshift's own that would change results: not done here.
MISSING = {"describe_field_name_in_uppercase", "error_on_nondeterministic_update", "downcase_delimited_identifier",
           "enable_numeric_rounding", "json_serialization_enable", "default_geometry_encoding",
           "use_fips_ssl", "mv_enable_aqmv_for_session", "navigate_super_null_on_error",
           "cast_super_null_on_error", "parse_super_null_on_error", "spectrum_enable_pseudo_columns",
           "enable_case_sensitive_super_attribute", "enable_vacuum_boost", "interval_forbid_composite_literals",
           "json_serialization_parse_nested_strings", "max_concurrency_scaling_clusters", "max_cursor_result_set_size",
           "pg_federation_repeatable_read", "spectrum_query_maxerror", "stored_proc_log_min_messages"}  # fmt: skip
DEFAULTS = {"query_group": "default", "enable_result_cache_for_session": "on", "wlm_query_slot_count": "1",
            "enable_case_sensitive_identifier": "off", "analyze_threshold_percent": "10",
            "default_transaction_isolation": "serializable"}  # fmt: skip
PREFIX = "redshift."
ISOLATION = {"serializable", "read", "repeatable", "committed", "uncommitted", "isolation", "level"}
# SQL_ASCII means no conversion: what a client without a locale asks for.
UTF8 = {"utf8", "unicode", "sqlascii", "default"}


def setting(name: str) -> str:
    """Returns PostgreSQL's name of a setting.

    Raises:
        RedshiftError: Redshift does not know it, or the sandbox does not do it.
    """
    if name in MISSING:
        raise unsupported(f"parameter {name} in the sandbox")
    if name in RECORDED:
        return PREFIX + name
    if name in SHARED:
        return name
    raise RedshiftError(f'unrecognized configuration parameter "{name}"', UNDEFINED_SETTING)


def check_encoding(value: str) -> None:
    """Checks a value of client_encoding: the stand-in reads statements as UTF-8, and so must PostgreSQL.

    Of a name letters and digits count, as in PostgreSQL (encnames.c): asyncpg sends `'utf-8'` with its quotes.

    Raises:
        RedshiftError: it is another encoding.
    """
    if "".join(filter(str.isalnum, value.lower())) not in UTF8:
        raise unsupported(f"client_encoding {value} in the sandbox", hint="use UTF8")


def start_up(name: str, value: str) -> str:
    """Returns PostgreSQL's name of a setting that a client gives when it connects.

    Raises:
        RedshiftError: Redshift does not know it, or the sandbox does not do it.
    """
    name = name.lower()
    if name == "client_encoding":
        check_encoding(value)
    return setting(name)


def options(text: str) -> str:
    """Checks the start-up parameter `options` (`-c name=value`, `--name=value`); returns it as PostgreSQL takes it.

    Raises:
        RedshiftError: it holds something else, or a setting that Redshift does not know.
    """
    words, checked = re.findall(r"(?:[^\s\\]|\\.)+", text, re.DOTALL), list[str]()
    while words:
        word = words.pop(0)
        given = words.pop(0) if word == "-c" and words else word.removeprefix("-c").removeprefix("--")
        name, equals, value = given.partition("=")
        if not (word.startswith(("-c", "--")) and equals):
            raise unsupported(f"the start-up option {word} in the sandbox")
        checked.append(f"-c {start_up(name.replace('-', '_'), value)}={value}")
    return " ".join(checked)


def set_(statement: Statement) -> Plan:
    """Translates SET [SESSION | LOCAL] name {TO | =} value, SESSION AUTHORIZATION, TIME ZONE, and transaction modes.

    Raises:
        RedshiftError: Redshift does not know the setting, or the sandbox does not do it.
    """
    if statement[1].is_word("transaction") or statement[2].is_word("characteristics"):
        return _transaction_modes(statement)
    at = 2 if statement[1].is_word("session", "local") and not statement[2].is_word("authorization") else 1
    if statement[at].is_word("session") and statement[at + 1].is_word("authorization"):
        return Plan(statement.render(), "SET")
    if statement[at].is_word("time") and statement[at + 1].is_word("zone"):
        return Plan(statement.render(), "SET")
    if statement[at].is_word("role", "session", "constraints"):
        raise unsupported(f"SET {statement[at].value.upper()} in the sandbox")
    if not statement[at].is_name:
        raise statement.error(at)
    name = lower(statement[at].value)
    if name == "client_encoding":
        check_encoding(statement[at + 2].value)
    statement.replace(at, at, setting(name))
    return Plan(statement.render(), "SET")


def _transaction_modes(statement: Statement) -> Plan:
    """SET TRANSACTION and SET SESSION CHARACTERISTICS AS TRANSACTION, which sqlalchemy-redshift and psycopg2 send."""
    at = 2 if statement[1].is_word("transaction") else 5
    if at == 5 and not (statement[3].is_word("as") and statement[4].is_word("transaction")):
        raise statement.error(3)
    head = statement.render(0, at - 1)
    return Plan(f"{head}{transaction_modes(statement, at) or ' NOT DEFERRABLE'}", "SET")


def transaction_modes(statement: Statement, at: int) -> str:
    """Returns what of a transaction's modes PostgreSQL gets; an isolation level changes nothing (AWS: r_BEGIN).

    Raises:
        RedshiftError: a word is none of a transaction mode.
    """
    mode = ""
    for index in range(at, len(statement)):
        token = statement[index]
        if token.is_word("only", "write") and statement[index - 1].is_word("read"):
            mode = f" READ {token.value.upper()}"
        elif not (token.is_word(*ISOLATION) or token.is_symbol(",")):
            raise statement.error(index)
    return mode


def case_sensitivity(statement: Statement) -> bool | None:
    """Returns what a statement sets enable_case_sensitive_identifier to, None if it is another statement."""
    if statement.verb == "RESET" and statement[1].is_word("all", "enable_case_sensitive_identifier"):
        return False
    if statement.verb != "SET":
        return None
    names = [token.value.lower() for token in statement.tokens]
    if "enable_case_sensitive_identifier" not in names[:3]:
        return None
    return names[-1] in {"on", "true", "1", "yes"}


def reset(statement: Statement) -> Plan:
    """Translates RESET name and RESET ALL."""
    if not statement[1].is_word("all"):
        statement.replace(1, 1, setting(statement[1].value))
    return Plan(statement.render(), "RESET")


def show(statement: Statement) -> Plan:
    """Translates SHOW: of a setting's value, or of objects."""
    if (objects := show_objects(statement)) is not None:
        return objects
    words = [token.value for token in statement.tokens[1:]]
    if words == ["transaction", "isolation", "level"] or words == ["time", "zone"]:
        return Plan(statement.render(), "SHOW")
    if len(words) != 1:
        raise unsupported(f"SHOW {' '.join(words).upper()} in the sandbox")
    if words == ["all"]:
        return _show_all()
    if words == ["datashares"]:
        raise unsupported("SHOW DATASHARES in the sandbox")
    if words == ["server_version"]:
        raise RedshiftError('must be superuser to examine "server_version"', "42501")
    if setting(words[0]) in SHARED:
        return Plan(statement.render(), "SHOW")
    return Plan(f"SELECT {_value(words[0])} AS {quote(words[0])}", "SHOW")


def _value(name: str) -> str:
    default = DEFAULTS.get(name, "")
    return f"coalesce(nullif(current_setting('{setting(name)}', true), ''), '{default}')"


def _show_all() -> Plan:
    rows = [f"SELECT '{name}' AS name, {_value(name)} AS setting" for name in sorted(SHARED | RECORDED)]
    return Plan(" UNION ALL ".join(rows), "SHOW")
