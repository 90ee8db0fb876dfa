"""Users, groups, roles and grants: Redshift tells them apart, PostgreSQL does not."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import name_of, quote
from include.sandbox.redshift.sql.statement import Statement

GROUP_MARK = "redshift group"


def create_role(statement: Statement) -> Plan:
    """Translates CREATE ROLE name."""
    if len(statement) > 3:
        raise unsupported(f"CREATE ROLE … {statement[3].value.upper()} in the sandbox")
    return Plan(f"CREATE ROLE {quote(name_of(statement[2]))} NOLOGIN", "CREATE")


def create_group(statement: Statement) -> Plan:
    """Translates CREATE GROUP name [WITH USER …]; a group is a PostgreSQL role with a mark."""
    group = quote(name_of(statement[2]))
    members = _members(statement, 4 if statement[3].is_word("with") else 3)
    sql = f"CREATE ROLE {group} NOLOGIN" + (f" ROLE {', '.join(map(quote, members))}" if members else "")
    return Plan(sql, "CREATE", after=(f"COMMENT ON ROLE {group} IS '{GROUP_MARK}'",))


def _members(statement: Statement, at: int) -> list[str]:
    """Reads USER name [, …], which may be missing."""
    if at >= len(statement):
        return []
    if not statement[at].is_word("user"):
        raise statement.error(at)
    found = list[str]()
    for index in range(at + 1, len(statement) + 1, 2):
        if not statement[index].is_name or (index + 1 < len(statement) and not statement[index + 1].is_symbol(",")):
            raise statement.error(index)
        found.append(name_of(statement[index]))
    return found


def create_user(statement: Statement) -> Plan:
    """Translates CREATE USER name [WITH] PASSWORD {'…' | DISABLE}.

    Raises:
        RedshiftError: the password is not one that Redshift takes (AWS: r_CREATE_USER), or an option is not done here.
    """
    at = 4 if statement[3].is_word("with") else 3
    secret = statement[at + 1]
    if not statement[at].is_word("password"):
        raise statement.error(at)
    if at + 2 < len(statement):
        raise unsupported(f"CREATE USER … {statement[at + 2].value.upper()} in the sandbox")
    user = quote(name_of(statement[2]))
    if secret.is_word("disable"):
        return Plan(f"CREATE ROLE {user} NOLOGIN PASSWORD NULL", "CREATE")
    check_password(statement, at + 1)
    return Plan(f"CREATE ROLE {user} LOGIN PASSWORD {statement.source(at + 1, at + 1)}", "CREATE")


def alter_user(statement: Statement) -> Plan:
    """Translates ALTER USER name [WITH] PASSWORD '…'."""
    at = 4 if statement[3].is_word("with") else 3
    if not statement[at].is_word("password") or at + 2 != len(statement):
        raise unsupported("ALTER USER other than its PASSWORD in the sandbox")
    check_password(statement, at + 1)
    return Plan(f"ALTER ROLE {quote(name_of(statement[2]))} PASSWORD {statement.source(at + 1, at + 1)}", "ALTER")


def check_password(statement: Statement, index: int) -> None:
    """Checks a new password: 8 to 64 characters, an upper-case and a lower-case letter and a digit.

    Raises:
        RedshiftError: it breaks the rule, or is a hash.
    """
    token, word = statement[index], statement[index].value
    if token.kind != "string":
        raise statement.error(index)
    if word.startswith(("md5", "sha256|")):
        raise unsupported("a hashed password in the sandbox")
    kinds = (str.isupper, str.islower, str.isdigit)
    if not (8 <= len(word) <= 64 and all(any(map(kind, word)) for kind in kinds)):
        raise RedshiftError("password must have 8 to 64 characters, with upper case, lower case and a digit", "22023")


def drop(statement: Statement) -> Plan:
    """Translates DROP {USER | ROLE | GROUP} [IF EXISTS] name [FORCE | RESTRICT]."""
    last = len(statement) - 1
    if statement[last].is_word("force"):
        raise unsupported("DROP ROLE … FORCE in the sandbox")
    if statement[last].is_word("restrict"):
        statement.remove(last, last)
    statement.replace(1, 1, "ROLE")
    return Plan(statement.render(), "DROP")


def grant(statement: Statement) -> Plan:
    """Translates GRANT, REVOKE and ALTER DEFAULT PRIVILEGES: the words ROLE and GROUP before a grantee go.

    Raises:
        RedshiftError: what is granted does not exist in the sandbox.
    """
    inserting = list[int]()
    for index, token in enumerate(statement.tokens):
        before = statement[index - 1]
        if (
            token.is_word("role", "group")
            and statement[index + 1].is_name
            and (before.is_word("to", "from", "grant", "revoke") or before.is_symbol(","))
        ):
            statement.remove(index, index)
        if token.is_word("insert") and not statement[index + 1].is_symbol("("):
            inserting.append(index)
        if token.is_word("assumerole", "datashare", "model", "masking", "rls"):
            raise unsupported(f"GRANT {token.value.upper()} in the sandbox")
    before_17 = statement.render() if inserting else ""
    for index in inserting:
        # Who may only insert may not lock the table on PostgreSQL; the stand-in locks what it writes.
        statement.append(index, ", MAINTAIN")
    return Plan(statement.render(), statement.verb, before_17=before_17)
