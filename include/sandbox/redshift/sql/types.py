"""Column types: Redshift's spelling and limits, and how PostgreSQL holds them."""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.sql.statement import Statement

LONGEST_VARCHAR, LONGEST_CHAR, TEXT_LENGTH = 65535, 4096, 256
WIDEST_NUMERIC, DEFAULT_PRECISION, LARGEST_SCALE = 38, 18, 37

PLAIN = {
    "smallint": "smallint", "int2": "smallint", "integer": "integer", "int": "integer", "int4": "integer",
    "bigint": "bigint", "int8": "bigint", "real": "real", "float4": "real", "float": "double precision",
    "float8": "double precision", "boolean": "boolean", "bool": "boolean", "date": "date",
    "timestamptz": "timestamptz", "timetz": "timetz(6)", "super": "super",
}  # fmt: skip
CHARACTERS = {"varchar": True, "nvarchar": True, "text": True, "char": False, "nchar": False, "character": False,
              "bpchar": False}  # fmt: skip
# Redshift has them, the sandbox does not hold them.
MISSING = {"varbyte", "varbinary", "binary", "geometry", "geography", "hllsketch", "interval"}
# PostgreSQL's own (AWS: c_unsupported-postgresql-datatypes), and Redshift's that the sandbox does not hold.
FOREIGN = {
    "json", "jsonb", "uuid", "xml", "hstore", "money", "inet", "cidr", "macaddr", "bytea", "bit", "varbit", "point",
    "line", "lseg", "box", "path", "polygon", "circle", "tsvector", "tsquery", "int4range", "int8range", "numrange",
    "tsrange", "tstzrange", "daterange", "int4multirange", "int8multirange", "nummultirange", "macaddr8", "jsonpath",
    "xid", "pg_lsn", "citext", "super", *MISSING - {"interval", "binary"},
}  # fmt: skip


@dataclass(frozen=True)
class ColumnType:
    """A column's type.

    Args:
        sql: the type for PostgreSQL.
        end: index of the token behind the type.
        byte_limit: longest value in bytes for character types, else None.
    """

    sql: str
    end: int
    byte_limit: int | None = None


def column_type(statement: Statement, index: int) -> ColumnType:
    """Reads the type of a column.

    Args:
        statement: the CREATE TABLE or ALTER TABLE statement.
        index: the type's first token.

    Raises:
        RedshiftError: Redshift does not have the type, or it does not allow this length or precision.
    """
    word = statement[index].value if statement[index].kind == "word" else ""
    if word in ("numeric", "decimal", "dec"):
        return _numeric(statement, index)
    if word in CHARACTERS:
        return _character(statement, index)
    if word in ("timestamp", "time"):
        return _with_zone(statement, index)
    if word == "double" and statement[index + 1].is_word("precision"):
        return ColumnType("double precision", index + 2)
    if word == "float" and statement[index + 1].is_symbol("("):
        return _float(statement, index)
    if word in PLAIN:
        return ColumnType(PLAIN[word], index + 1)
    if word in MISSING:
        raise unsupported(f"type {word} in the sandbox")
    raise RedshiftError(f'Column "{statement[index - 1].value}" has unsupported type "{statement[index].value}".',
                        "0A000")  # fmt: skip


def bounded(statement: Statement, index: int) -> str:
    """Returns what a type without a precision is with the one that it means, or nothing.

    NUMERIC is (18,0) (AWS: r_Numeric_types201); that of TIMETZ has PostgreSQL put it into UTC (`catalog/03_types.sql`).
    """
    if statement[index + 1].is_symbol("("):
        return ""
    if statement[index].is_word("timetz"):
        return PLAIN["timetz"]
    return "numeric(18,0)" if statement[index].is_word("numeric", "decimal", "dec") else ""


def check_expression_type(statement: Statement, index: int) -> None:
    """Checks the type that a value is cast to.

    Raises:
        RedshiftError: Redshift does not have it, or the sandbox does not.
    """
    is_array = statement[index].is_word("array") or statement[index].value.startswith("_")
    if statement[index].kind == "word" and (statement[index].value in FOREIGN or is_array):
        raise unsupported(f"type {statement[index].value}")


def _numbers(statement: Statement, index: int) -> tuple[list[str], int]:
    """Reads `(n, …)` if it is there; returns the words in it and the index behind it."""
    if not statement[index].is_symbol("("):
        return [], index
    close = statement.closing(index)
    return [token.value for token in statement.tokens[index + 1 : close] if not token.is_symbol(",")], close + 1


def _float(statement: Statement, index: int) -> ColumnType:
    """FLOAT(bits), which pandas writes (to_sql), as PostgreSQL 8.0 has it: AWS's pages do not name it."""
    given, end = _numbers(statement, index + 1)
    if len(given) != 1 or not given[0].isdigit() or not 1 <= int(given[0]) <= 53:
        raise statement.error(index + 2)
    return ColumnType("real" if int(given[0]) <= 24 else "double precision", end)


def _numeric(statement: Statement, index: int) -> ColumnType:
    given, end = _numbers(statement, index + 1)
    if not all(value.isdigit() for value in given) or len(given) > 2:
        raise statement.error(index + 2)
    precision, scale = [*map(int, given), *[DEFAULT_PRECISION, 0][len(given) :]]
    if not (1 <= precision <= WIDEST_NUMERIC and scale <= min(precision, LARGEST_SCALE)):
        raise RedshiftError(f"NUMERIC precision {precision} must be between 1 and 38, scale {scale} within it", "22023")
    return ColumnType(f"numeric({precision},{scale})", end)


def _character(statement: Statement, index: int) -> ColumnType:
    word, end = statement[index].value, index + 1
    varying = CHARACTERS[word]
    if word in ("char", "character") and statement[end].is_word("varying"):
        varying, end = True, end + 1
    given, end = _numbers(statement, end)
    longest = LONGEST_VARCHAR if varying else LONGEST_CHAR
    default = TEXT_LENGTH if varying or word == "bpchar" else 1
    value = given[0] if given else str(default)
    if word in ("text", "bpchar"):  # a length is accepted and means nothing (AWS: r_Character_types)
        value = str(default)
    length = longest if value == "max" else int(value) if value.isdigit() else 0
    if not 1 <= length <= longest:
        name = "varchar" if varying else "char"
        raise RedshiftError(f"length for type {name} must be between 1 and {longest}, not {value}", "22023")
    return ColumnType(f"{'varchar' if varying else 'char'}({length})", end, length)


def _with_zone(statement: Statement, index: int) -> ColumnType:
    word, end = statement[index].value, index + 1
    if statement[end].is_symbol("("):
        raise RedshiftError(f"type {word} takes no precision on Redshift", SYNTAX_ERROR)
    if statement[end].is_word("with", "without") and statement[end + 1].is_word("time"):
        word += "tz" if statement[end].is_word("with") else ""
        end += 3
    return ColumnType(PLAIN.get(word, word), end)
