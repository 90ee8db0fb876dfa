"""sqlalchemy-redshift, on psycopg2 and on redshift_connector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy_redshift import commands, dialect

DRIVERS = {"psycopg2": {"sslmode": "prefer"}, "redshift_connector": {"ssl": False, "application_name": "clients"}}


@pytest.fixture(params=DRIVERS)
def engine(sandbox: Any, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    url = sa.URL.create(f"redshift+{request.param}", sandbox.user, sandbox.password, sandbox.host, sandbox.port,
                        sandbox.database)  # fmt: skip
    engine = sa.create_engine(url, connect_args=DRIVERS[request.param])
    yield engine
    engine.dispose()


@pytest.fixture
def plays(engine: sa.Engine, schema: str) -> sa.Table:
    metadata = sa.MetaData(schema=schema)
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
             sa.Column("name", sa.String(20), unique=True), redshift_diststyle="ALL")  # fmt: skip
    plays = sa.Table(
        "plays", metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, redshift_encode="az64"),
        sa.Column("user_id", sa.Integer, sa.ForeignKey(f"{schema}.users.id"), nullable=False),
        sa.Column("song", sa.String(40), server_default="none"),
        sa.Column("seconds", sa.Numeric(8, 2)), sa.Column("day", sa.Date), sa.Column("at", sa.DateTime),
        sa.Column("paid", sa.Boolean),
        redshift_distkey="user_id", redshift_sortkey=("day", "id"),
    )  # fmt: skip
    metadata.create_all(engine)
    return plays


ROW = {"id": 2**40, "user_id": 1, "song": "it's \\ é %", "seconds": Decimal("3.14"), "day": date(2018, 11, 1),
       "at": datetime(2018, 11, 1, 1, 2, 3, 456789), "paid": True}  # fmt: skip


@pytest.mark.can("connect")
def test_c5_it_connects_and_reads_the_version(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert engine.dialect.server_version_info == (8, 0, 2)
        assert connection.scalar(sa.text("SELECT current_database()")) == "dev"


@pytest.mark.can("DDL", "insert", "types")
def test_c5_values_come_back_as_they_were_given(engine: sa.Engine, plays: sa.Table) -> None:
    with engine.begin() as connection:
        connection.execute(plays.insert(), [ROW, {"id": 1, "user_id": 2, "song": None, "seconds": None, "day": None,
                                                  "at": None, "paid": None}])  # fmt: skip
        found = connection.execute(plays.select().order_by(plays.c.id.desc()).limit(1)).mappings().all()
    assert [dict(row) for row in found] == [ROW]


@pytest.mark.can("transactions")
def test_c5_a_transaction_is_rolled_back(engine: sa.Engine, plays: sa.Table) -> None:
    with engine.connect() as connection:
        connection.execute(plays.insert().values(ROW))
        connection.rollback()
        assert connection.scalar(sa.select(sa.func.count()).select_from(plays)) == 0


@pytest.mark.can("transactions")
@pytest.mark.parametrize("level", ["AUTOCOMMIT", "SERIALIZABLE"])
def test_c5_a_pooled_connection_changes_its_isolation_level_and_goes_back(engine: sa.Engine, level: str) -> None:
    alone = sa.create_engine(engine.url, connect_args=DRIVERS[engine.driver], pool_size=1, max_overflow=0)
    for _ in range(3):
        with alone.connect().execution_options(isolation_level=level) as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
        with alone.connect() as connection:
            assert connection.scalar(sa.text("SELECT 2")) == 2
    alone.dispose()


@pytest.mark.can("introspection")
def test_c5_the_inspector_finds_tables_views_columns_and_keys(engine: sa.Engine, plays: sa.Table, schema: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE VIEW {schema}.v AS SELECT id FROM {schema}.plays"))
        connection.execute(sa.text(f"COMMENT ON TABLE {schema}.plays IS 'heard'"))
    inspector = sa.inspect(engine)
    assert schema in inspector.get_schema_names()
    assert sorted(inspector.get_table_names(schema)) == ["plays", "users"]
    assert inspector.get_view_names(schema) == ["v"]
    assert inspector.has_table("plays", schema)
    assert not inspector.has_table("nothing", schema)
    columns = {column["name"]: column for column in inspector.get_columns("plays", schema)}
    assert list(columns) == list(plays.c.keys())
    assert columns["song"]["type"].length == 40
    assert (columns["seconds"]["type"].precision, columns["seconds"]["type"].scale) == (8, 2)
    assert isinstance(columns["at"]["type"], dialect.TIMESTAMP)
    assert not columns["user_id"]["nullable"]
    assert inspector.get_pk_constraint("plays", schema)["constrained_columns"] == ["id"]
    (foreign,) = inspector.get_foreign_keys("plays", schema)
    assert (foreign["referred_table"], foreign["constrained_columns"]) == ("users", ["user_id"])
    (unique,) = inspector.get_unique_constraints("users", schema)
    assert unique["column_names"] == ["name"]
    assert inspector.get_indexes("plays", schema) == []
    assert inspector.get_table_comment("plays", schema) == {"text": "heard"}
    assert "select" in inspector.get_view_definition("v", schema).lower()


@pytest.mark.can("introspection")
def test_c5_the_inspector_finds_the_design(engine: sa.Engine, plays: sa.Table, schema: str) -> None:
    options = sa.inspect(engine).get_table_options("plays", schema)
    assert options["redshift_diststyle"] == "KEY"
    assert options["redshift_distkey"] == "user_id"
    assert tuple(options["redshift_sortkey"]) == ("day", "id")
    assert sa.inspect(engine).get_table_options("users", schema)["redshift_diststyle"] == "ALL"


@pytest.mark.can("introspection")
def test_c5_a_reflected_table_can_be_made_again(engine: sa.Engine, plays: sa.Table, schema: str) -> None:
    found = sa.Table("plays", sa.MetaData(), schema=schema, autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(sa.schema.DropTable(plays))
        connection.execute(sa.schema.CreateTable(found))
        connection.execute(found.insert().values(ROW))


def text(command: Any, engine: sa.Engine) -> sa.TextClause:
    """Returns a command with its values in it: redshift_connector would bind them, where COPY takes literals only."""
    return sa.text(str(command.compile(engine, compile_kwargs={"literal_binds": True})))


@pytest.mark.can("COPY")
def test_c5_its_copy_command_loads(engine: sa.Engine, plays: sa.Table, sandbox: Any, schema: str) -> None:
    source = sandbox.put(f"{schema}/plays", '{"id": 1, "user_id": 2, "song": "a"}')
    command = commands.CopyCommand(plays, data_location=source, iam_role_arns=sandbox.role, format="JSON")
    with engine.begin() as connection:
        connection.execute(text(command, engine))
        assert connection.execute(sa.select(plays.c.id, plays.c.song)).all() == [(1, "a")]


@pytest.mark.can("UNLOAD")
def test_c5_its_unload_command_writes(engine: sa.Engine, plays: sa.Table, sandbox: Any, schema: str) -> None:
    with engine.begin() as connection:
        connection.execute(plays.insert().values(ROW))
        command = commands.UnloadFromSelect(
            select=sa.select(plays.c.user_id, plays.c.paid), unload_location=f"s3://{sandbox.bucket}/{schema}/out_",
            iam_role_arns=sandbox.role, format="CSV", header=True, parallel=False,
        )  # fmt: skip
        connection.execute(text(command, engine))
    assert sandbox.objects(f"{schema}/out_") == {"000": b"user_id,paid\n1,t\n"}


@pytest.mark.can("errors")
def test_c5_errors_are_sqlalchemys(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match='relation "nothing" does not'):
        connection.execute(sa.text("SELECT * FROM nothing"))
