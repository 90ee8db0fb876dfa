"""Names: how Redshift folds and reserves them."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.lexer import Token
from include.sandbox.redshift.sql.statement import Statement

# Reserved on Redshift and not on PostgreSQL (AWS: r_pg_keywords); refused where something is given such a name.
RESERVED = frozenset(
    """aes128 aes256 allowoverwrite backup blanksasnull bytedict bzip2 credentials defaults defrag delta delta32k
    disable emptyasnull enable encode encrypt encryption explicit globaldict256 globaldict64k gzip identity ignore
    language lun luns lzo lzop minus mostly13 mostly32 mostly8 new off offline old open parallel partition percent
    permissions pivot raw readratio recover resort respect restore rejectlog snapshot sysdate system tag tdes text255
    text32k timestamp top truncatecolumns unpivot wallet without""".split()  # noqa: SIM905 - a list would fill a page
)
# Not used by any clause of the grammar: such a word is always a name.
ALWAYS_NAMES = frozenset({"tag", "wallet", "lun", "luns", "defrag"})


def quote(name: str) -> str:
    """Returns a name as PostgreSQL takes it literally."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Returns a string as PostgreSQL takes it literally; a backslash is an escape character in the sandbox's sessions."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def name_of(token: Token, *, keep_case: bool = False) -> str:
    """Returns the name that a token stands for: quoted ones fold to lower case too (AWS: r_names)."""
    return token.value if keep_case and token.kind == "quoted" else token.value.lower()


def fold(statement: Statement, *, keep_case: bool) -> None:
    """Folds quoted names, and quotes the names of temporary tables that start with `#`."""
    for index, token in enumerate(statement.tokens):
        if token.kind == "quoted" and not keep_case and token.value != token.value.lower():
            statement.replace(index, index, quote(token.value.lower()))
        elif token.kind == "word" and token.value.startswith("#"):
            statement.replace(index, index, quote(token.value))


def refuse_reserved(statement: Statement) -> None:
    """Refuses words that Redshift reserves and PostgreSQL does not.

    Raises:
        RedshiftError: such a word is used as a name without quotes.
    """
    for index, token in enumerate(statement.tokens):
        if token.is_word(*ALWAYS_NAMES) or (statement[index - 1].is_word("as") and _is_alias(statement, index)):
            raise statement.error(index)


def _is_alias(statement: Statement, index: int) -> bool:
    return statement[index].is_word(*RESERVED) and not statement[index + 1].is_symbol("(", ")") \
        and statement[index + 1].kind != "string" and statement.verb not in {"COPY", "CREATE", "ALTER"}  # fmt: skip


def check_new_name(statement: Statement, index: int) -> None:
    """Checks the name of a new table or column.

    Raises:
        RedshiftError: it is no name, or a reserved one without quotes.
    """
    token = statement[index]
    if not token.is_name or token.is_word(*RESERVED):
        raise statement.error(index)
    if len(token.value.encode()) > 63:
        # Redshift allows 127 bytes (AWS: r_names), PostgreSQL would cut the name silently.
        raise RedshiftError(f'the sandbox cannot hold the name "{token.value}": it is longer than 63 bytes', "42622")


def qualified(statement: Statement, index: int) -> tuple[str, int]:
    """Returns the table name at a token, as SQL for PostgreSQL, and the index of the token behind it.

    Raises:
        RedshiftError: there is no name.
    """
    if not statement[index].is_name:
        raise statement.error(index)
    last = index
    while statement[last + 1].is_symbol(".") and statement[last + 2].is_name:
        last += 2
    return statement.render(index, last), last + 1
