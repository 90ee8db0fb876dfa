"""Users, groups and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

PASSWORD = "Sandbox123"


@pytest.fixture
def people(owner: Any, schema: str) -> Iterator[list[str]]:
    """Two users, and what groups and roles of their names are taken away after the test."""
    names = [f"{name}_{schema}" for name in ("ann", "bob")]
    for name in names:
        owner.execute(f"CREATE USER {name} PASSWORD '{PASSWORD}'")
    yield names
    for name in names:
        owner.execute(f"DROP USER IF EXISTS {name}")
    for kind in ("GROUP g", "GROUP h", "ROLE r"):
        owner.execute(f"DROP {kind}_{schema}" if found(owner, kind[-1] + "_" + schema) else "SELECT 1")


def found(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    return bool(cursor.fetchall())


def members(cursor: Any, group: str) -> list[str]:
    # AWS: r_Groups
    cursor.execute("SELECT u.usename FROM pg_user u JOIN pg_group g ON u.usesysid = ANY (g.grolist) "
                   "WHERE g.groname = %s ORDER BY 1", [group])  # fmt: skip
    return [name for (name,) in cursor.fetchall()]


def test_c11_a_group_has_the_users_that_are_named(cursor: Any, schema: str, people: list[str]) -> None:
    ann, bob = people
    cursor.execute(f"CREATE GROUP g_{schema} WITH USER {ann}; CREATE GROUP h_{schema}")
    assert (members(cursor, f"g_{schema}"), members(cursor, f"h_{schema}")) == ([ann], [])
    cursor.execute(f"ALTER GROUP g_{schema} ADD USER {bob}, awsuser; ALTER GROUP g_{schema} DROP USER {ann}")
    assert members(cursor, f"g_{schema}") == ["awsuser", bob]
    cursor.execute(f"DROP GROUP h_{schema}; ALTER GROUP g_{schema} RENAME TO h_{schema}")
    assert members(cursor, f"h_{schema}") == ["awsuser", bob]
    cursor.execute(f"ALTER GROUP h_{schema} DROP USER {bob}, awsuser")
    assert members(cursor, f"h_{schema}") == []


def test_c11_members_of_a_group_have_its_rights(cluster: Any, cursor: Any, schema: str, people: list[str]) -> None:
    cursor.execute(f"CREATE GROUP g_{schema}; CREATE TABLE t (a int); GRANT SELECT ON t TO GROUP g_{schema}; "
                   f"GRANT USAGE ON SCHEMA {schema} TO GROUP g_{schema}")  # fmt: skip
    cursor.execute(f"ALTER GROUP g_{schema} ADD USER {people[0]}")
    cluster.psycopg2(people[0], PASSWORD).cursor().execute(f"SELECT * FROM {schema}.t")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cluster.psycopg2(people[1], PASSWORD).cursor().execute(f"SELECT * FROM {schema}.t")
    cursor.execute(f"REVOKE ALL ON t FROM GROUP g_{schema}; REVOKE ALL ON SCHEMA {schema} FROM GROUP g_{schema}")


def test_c11_a_role_has_the_users_that_it_was_granted_to(cursor: Any, schema: str, people: list[str]) -> None:
    cursor.execute(f"CREATE ROLE r_{schema}")
    granted = "SELECT user_name, admin_option FROM svv_user_grants WHERE role_name = %s ORDER BY 1"
    cursor.execute(granted, [f"r_{schema}"])
    assert cursor.fetchall() == []
    cursor.execute(f"GRANT ROLE r_{schema} TO {people[0]} WITH ADMIN OPTION; GRANT ROLE r_{schema} TO awsuser")
    cursor.execute(granted, [f"r_{schema}"])
    assert cursor.fetchall() == [(people[0], True), ("awsuser", False)]


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("ALTER GROUP {ann} ADD USER {bob}", "42704"), ("ALTER GROUP nobody RENAME TO x", "42704"),
        ("ALTER GROUP g_{schema} ADD {ann}", "42601"), ("ALTER GROUP g_{schema} ADD USER {ann} {bob}", "42601"),
        ("CREATE USER u_{schema} PASSWORD 'Sandbox123' IN GROUP {ann}", "42704"),
        ("CREATE USER u_{schema} PASSWORD 'Sandbox123' CREATEUSER", "0A000"),
        ("CREATE USER u_{schema} PASSWORD 'Sandbox123' NOCREATEDB SUPERUSER", "0A000"),
        ("ALTER USER {ann} CREATEUSER", "0A000"), ("ALTER USER {ann} SET role TO awsuser", "42704"),
        ("ALTER USER {ann} SET client_encoding TO latin1", "0A000"),
        ("ALTER USER {ann} SET search_path FROM current", "42601"),
    ],
)  # fmt: skip
def test_what_would_give_other_rights_is_refused(
    cursor: Any, schema: str, people: list[str], sql: str, sqlstate: str
) -> None:
    cursor.execute(f"CREATE GROUP g_{schema}")
    with pytest.raises(psycopg2.Error) as told:
        cursor.execute(sql.format(schema=schema, ann=people[0], bob=people[1]))
    assert told.value.pgcode == sqlstate


def test_c4_a_user_has_settings_of_his_own(cluster: Any, cursor: Any, schema: str, people: list[str]) -> None:
    (ann, _), path = people, "SHOW search_path"
    cursor.execute(
        f"ALTER USER {ann} SET search_path TO {schema}, public; ALTER USER {ann} SET statement_timeout = 4321"
    )
    session = cluster.psycopg2(ann, PASSWORD).cursor()
    session.execute(path)
    assert session.fetchone() == (f"{schema}, public",)
    session.execute("SHOW statement_timeout")
    assert session.fetchone() == ("4321ms",)
    cursor.execute(f"ALTER USER {ann} RESET search_path")
    session = cluster.psycopg2(ann, PASSWORD).cursor()
    session.execute(path)
    assert session.fetchone() == ('"$user", public',)


def test_c11_a_user_is_created_with_options(cluster: Any, cursor: Any, schema: str, people: list[str]) -> None:
    ann = people[0]
    cursor.execute(f"DROP USER {ann}; CREATE GROUP g_{schema}; "
                   f"CREATE USER {ann} PASSWORD '{PASSWORD}' CREATEDB NOCREATEUSER IN GROUP g_{schema}")  # fmt: skip
    assert members(cursor, f"g_{schema}") == [ann]
    cursor.execute("SELECT usesuper FROM pg_user WHERE usename = %s", [ann])
    assert cursor.fetchone() == (False,)
    cluster.psycopg2(ann, PASSWORD).cursor().execute("SELECT 1")


def test_c11_the_admin_user_is_a_superuser_in_pg_user(cursor: Any, people: list[str]) -> None:
    cursor.execute("SELECT usesuper, usecreatedb FROM pg_user WHERE usename = current_user")
    assert cursor.fetchone() == (True, True)
    cursor.execute("SELECT usename FROM pg_catalog.pg_user WHERE usesuper ORDER BY 1")
    assert cursor.fetchall() == [("awsuser",), ("rdsdb",)]
    cursor.execute("SELECT usesuper, usecreatedb FROM pg_user WHERE usename = %s", [people[0]])
    assert cursor.fetchone() == (False, False)
