"""Users, groups, roles and grants: Redshift tells them apart, PostgreSQL does not."""

from __future__ import annotations

from include.sandbox.redshift.errors import RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import literal, name_of, quote
from include.sandbox.redshift.sql.settings import setting
from include.sandbox.redshift.sql.statement import Statement

GROUP_MARK = "redshift group"


def create_role(statement: Statement) -> Plan:
    """Translates CREATE ROLE name."""
    if len(statement) > 3:
        raise unsupported(f"CREATE ROLE … {statement[3].value.upper()} in the sandbox")
    role = quote(name_of(statement[2]))
    return Plan(f"CREATE ROLE {role} NOLOGIN", "CREATE", after=(_leave(role),))


def _leave(role: str) -> str:
    """Returns what takes its creator out of a new role, whom PostgreSQL makes a member (createrole_self_grant)."""
    return f"REVOKE {role} FROM CURRENT_USER"


def create_group(statement: Statement) -> Plan:
    """Translates CREATE GROUP name [[WITH] USER …]; a group is a PostgreSQL role with a mark."""
    group = quote(name_of(statement[2]))
    at = 4 if statement[3].is_word("with") else 3
    members = _names(statement, at, "user") if at < len(statement) else []
    steps = [_leave(group), f"COMMENT ON ROLE {group} IS '{GROUP_MARK}'"]
    if members:
        steps.append(f"GRANT {group} TO {', '.join(members)}")
    return Plan(f"CREATE ROLE {group} NOLOGIN", "CREATE", after=tuple(steps))


def alter_group(statement: Statement) -> Plan:
    """Translates ALTER GROUP name {{ADD | DROP} USER name [, …] | RENAME TO name} (AWS: r_ALTER_GROUP)."""
    group, word = quote(name_of(statement[2])), statement[3]
    if word.is_word("rename") and statement[4].is_word("to") and statement[5].is_name and len(statement) == 6:
        sql = f"ALTER ROLE {group} RENAME TO {quote(name_of(statement[5]))}"
        return Plan(sql, "ALTER", before=(_check_group(group),))
    if not word.is_word("add", "drop"):
        raise statement.error(3)
    members = ", ".join(_names(statement, 4, "user"))
    change = f"GRANT {group} TO {members}" if word.is_word("add") else f"REVOKE {group} FROM {members}"
    return Plan(f"ALTER ROLE {group} NOLOGIN", "ALTER", before=(_check_group(group),), after=(change,))


def _check_group(group: str) -> str:
    """Returns what fails where a name is a user's or a role's: whoever is put into it has its rights."""
    return f"SELECT pg_catalog.redshift_check_group({literal(group)})"


def _names(statement: Statement, at: int, word: str) -> list[str]:
    """Reads a word and the names behind it, to the end of the statement."""
    if not statement[at].is_word(word):
        raise statement.error(at)
    found = list[str]()
    for index in range(at + 1, len(statement) + 1, 2):
        if not statement[index].is_name or (index + 1 < len(statement) and not statement[index + 1].is_symbol(",")):
            raise statement.error(index)
        found.append(quote(name_of(statement[index])))
    return found


def create_user(statement: Statement) -> Plan:
    """Translates CREATE USER name [WITH] PASSWORD {'…' | DISABLE} [option …] [IN GROUP name [, …]].

    Raises:
        RedshiftError: the password is not one that Redshift takes (AWS: r_CREATE_USER), or an option is not done here.
    """
    at = 4 if statement[3].is_word("with") else 3
    secret = statement[at + 1]
    if not statement[at].is_word("password"):
        raise statement.error(at)
    user, end = quote(name_of(statement[2])), at + 2
    # The right to create databases is for nothing here: there is one.
    while statement[end].is_word("createdb", "nocreatedb", "nocreateuser"):
        end += 1
    groups = list[str]()
    if statement[end].is_word("in"):
        groups = _names(statement, end + 1, "group")
    elif end < len(statement):
        raise unsupported(f"CREATE USER … {statement[end].value.upper()} in the sandbox")
    joins = tuple(step for group in groups for step in (_check_group(group), f"GRANT {group} TO {user}"))
    if secret.is_word("disable"):
        return Plan(f"CREATE ROLE {user} NOLOGIN PASSWORD NULL", "CREATE", after=joins)
    check_password(statement, at + 1)
    return Plan(f"CREATE ROLE {user} LOGIN PASSWORD {statement.source(at + 1, at + 1)}", "CREATE", after=joins)


def alter_user(statement: Statement) -> Plan:
    """Translates ALTER USER name {[WITH] PASSWORD '…' | SET parameter {TO | =} value | RESET parameter}.

    Raises:
        RedshiftError: the password or the parameter is not one that Redshift takes, or the change is not done here.
    """
    user, at = quote(name_of(statement[2])), 4 if statement[3].is_word("with") else 3
    if statement[at].is_word("set", "reset"):
        _check_parameter(statement, at)
        return Plan(f"ALTER ROLE {user} {statement.render(at, len(statement) - 1)}", "ALTER")
    if not statement[at].is_word("password") or at + 2 != len(statement):
        raise unsupported("ALTER USER other than its PASSWORD and its settings in the sandbox")
    check_password(statement, at + 1)
    return Plan(f"ALTER ROLE {user} PASSWORD {statement.source(at + 1, at + 1)}", "ALTER")


def _check_parameter(statement: Statement, at: int) -> None:
    name, follows = statement[at + 1].value, statement[at + 2]
    if setting(name) != name or name == "client_encoding":
        raise unsupported(f"ALTER USER … {statement[at].value.upper()} {name} in the sandbox")
    if statement[at].is_word("set") and not (follows.is_word("to") or follows.is_symbol("=")):
        raise statement.error(at + 2)
    if statement[at].is_word("reset") and at + 2 < len(statement):
        raise statement.error(at + 2)


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
