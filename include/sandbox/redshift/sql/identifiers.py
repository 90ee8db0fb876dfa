"""Names: how Redshift folds and reserves them."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.sql.lexer import Token, lower
from include.sandbox.redshift.sql.statement import Statement

# Reserved on Redshift (AWS: r_pg_keywords): no name of a table or column without quotes.
RESERVED = frozenset(
    """aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date
    current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc
    disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze
    from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect
    interval into is isnull join language leading left like limit localtime localtimestamp lun luns lzo lzop minus
    mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer
    overlaps parallel partition percent permissions pivot placing primary qualify raw readratio recover references
    rejectlog resort respect restore right select session_user similar snapshot some sysdate system table tag tdes
    text255 text32k then timestamp to top trailing true truncatecolumns union unique unnest unpivot user using verbose
    wallet when where with without""".split()  # noqa: SIM905 - a list would fill a page
)
# Not used by any clause of the grammar: such a word is always a name.
ALWAYS_NAMES = frozenset({"tag", "wallet", "lun", "luns", "defrag"})
# Behind AS these begin a type or a query.
AFTER_AS = frozenset({"timestamp", "interval", "binary", "select", "with", "not"})
NO_ALIASES = RESERVED - AFTER_AS
# In these AS does not give a name to a column or table only.
OTHER_AS = frozenset({"COPY", "UNLOAD", "CREATE", "ALTER", "PREPARE"})


def quote(name: str) -> str:
    """Returns a name as PostgreSQL takes it literally."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Returns a string as PostgreSQL takes it literally; a backslash is an escape character in these sessions."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def name_of(token: Token, *, keep_case: bool = False) -> str:
    """Returns the name that a token stands for: quoted ones fold to lower case too (AWS: r_names)."""
    return token.value if keep_case and token.kind == "quoted" else lower(token.value)


def fold(statement: Statement, *, keep_case: bool) -> None:
    """Folds quoted names, and quotes the names of temporary tables that start with `#`."""
    for index, token in enumerate(statement.tokens):
        if token.kind == "quoted" and not keep_case and token.value != lower(token.value):
            statement.replace(index, index, quote(lower(token.value)))
        elif token.kind == "word" and token.value.startswith("#"):
            statement.replace(index, index, quote(token.value))


def refuse_reserved(statement: Statement, *, on_leader_node: bool = False) -> None:
    """Refuses words that Redshift reserves and PostgreSQL does not.

    Args:
        statement: the statement.
        on_leader_node: whether it reads PostgreSQL's catalogue: sqlalchemy-redshift has `AS DEFAULT` then.

    Raises:
        RedshiftError: such a word is used as a name without quotes.
    """
    for index, token in enumerate(statement.tokens):
        if token.kind != "word":
            continue
        name, is_alias = token.value, statement[index - 1].is_word("as") and statement.verb not in OTHER_AS
        if (name in ALWAYS_NAMES or (is_alias and name in NO_ALIASES)) and not on_leader_node:
            raise statement.error(index)


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
        RedshiftError: there is no name, or a reserved word such as ONLY.
    """
    if not statement[index].is_name or statement[index].is_word(*RESERVED):
        raise statement.error(index)
    last = index
    while statement[last + 1].is_symbol(".") and statement[last + 2].is_name:
        last += 2
    return statement.render(index, last), last + 1
