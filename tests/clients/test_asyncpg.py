"""asyncpg: the extended protocol only, all values in binary."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

Run = Callable[[Callable[[Any], Awaitable[Any]]], Any]


@pytest.fixture
def address(sandbox: Any) -> dict[str, Any]:
    return {"host": sandbox.host, "port": sandbox.port, "database": sandbox.database, "user": sandbox.user,
            "password": sandbox.password}  # fmt: skip


@pytest.fixture
def run(address: dict[str, Any], schema: str) -> Run:
    """Runs a coroutine with a connection whose search path is the test's schema."""

    async def connected(use: Callable[[Any], Awaitable[Any]]) -> Any:
        connection = await asyncpg.connect(**address, server_settings={"search_path": schema})
        try:
            return await use(connection)
        finally:
            await connection.close()

    return lambda use: asyncio.run(connected(use))


@pytest.mark.can("connect")
def test_c1_a_pool_resets_its_connections(address: dict[str, Any]) -> None:
    async def use() -> list[Any]:
        async with asyncpg.create_pool(**address, min_size=1, max_size=1) as pool:
            async with pool.acquire() as connection:
                await connection.execute("SET search_path TO nowhere")
            async with pool.acquire() as connection:
                return [await connection.fetchval("SHOW search_path"), await connection.fetchval("SELECT version()")]

    path, version = asyncio.run(use())
    assert "nowhere" not in path
    assert "Redshift" in version


@pytest.mark.can("DDL", "insert", "types")
def test_values_come_back_as_they_were_given(run: Run) -> None:
    row = (1, 2**40, Decimal("3.14"), 0.25, True, "it's \\ é", date(2018, 11, 1),
           datetime(2018, 11, 1, 1, 2, 3, 456789), datetime(2018, 11, 1, tzinfo=timezone.utc),
           time(1, 2, 3))  # fmt: skip

    async def use(connection: Any) -> Any:
        await connection.execute("CREATE TABLE t (a int, b bigint, c numeric(10, 2), d float, e boolean, "
                                 "f varchar(20), g date, h timestamp, i timestamptz, j time)")  # fmt: skip
        marks = ", ".join(f"${number}" for number in range(1, 11))
        await connection.executemany(f"INSERT INTO t VALUES ({marks})", [row, (None,) * 10])
        return await connection.fetch("SELECT * FROM t ORDER BY a")

    assert [tuple(found) for found in run(use)] == [row, (None,) * 10]


@pytest.mark.can("transactions")
def test_m18_a_transaction_is_rolled_back_and_a_cursor_reads_in_one(run: Run) -> None:
    async def use(connection: Any) -> Any:
        await connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("DELETE FROM t")
        await transaction.rollback()
        async with connection.transaction():
            return [record["a"] async for record in connection.cursor("SELECT a FROM t ORDER BY a", prefetch=1)]

    assert run(use) == [1, 2]


@pytest.mark.can("COPY", "errors")
def test_m2_copy_loads_and_says_what_it_refused(run: Run, sandbox: Any, schema: str) -> None:
    good, bad = sandbox.put(f"{schema}/good", '{"id": 1}{"id": 2}'), sandbox.put(f"{schema}/bad", '{"id": "x"}')

    async def use(connection: Any) -> Any:
        await connection.execute("CREATE TABLE t (id int)")
        await connection.execute(f"COPY t FROM '{good}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
        with pytest.raises(asyncpg.InternalServerError, match="stl_load_errors"):
            await connection.execute(f"COPY t FROM '{bad}' IAM_ROLE '{sandbox.role}' FORMAT JSON 'auto'")
        return [
            await connection.fetchval("SELECT count(*) FROM t"),
            await connection.fetchval("SELECT err_code FROM stl_load_errors WHERE query = pg_last_copy_id()"),
        ]

    assert run(use) == [2, 1207]


@pytest.mark.can("UNLOAD")
def test_unload_writes_csv(run: Run, sandbox: Any, schema: str) -> None:
    async def use(connection: Any) -> None:
        await connection.execute(f"UNLOAD ('SELECT 1 AS id') TO 's3://{sandbox.bucket}/{schema}/out_' "
                                 f"IAM_ROLE '{sandbox.role}' CSV HEADER PARALLEL OFF")  # fmt: skip

    run(use)
    assert sandbox.objects(f"{schema}/out_") == {"000": b"id\n1\n"}


@pytest.mark.can("upsert")
def test_m16_merge_updates_and_inserts(run: Run) -> None:
    async def use(connection: Any) -> Any:
        await connection.execute("""
            CREATE TABLE t (id int, name varchar(10)); INSERT INTO t VALUES (1, 'old');
            CREATE TABLE s (LIKE t); INSERT INTO s VALUES (1, 'new'), (2, 'second')""")
        await connection.execute("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name "
                                 "WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name)")  # fmt: skip
        return await connection.fetch("SELECT * FROM t ORDER BY id")

    assert [tuple(record) for record in run(use)] == [(1, "new"), (2, "second")]


@pytest.mark.can("introspection")
def test_it_describes_a_statement(run: Run) -> None:
    async def use(connection: Any) -> Any:
        await connection.execute("CREATE TABLE t (id bigint, name varchar(7))")
        statement = await connection.prepare("SELECT id, name FROM t WHERE id = $1")
        return [(column.name, column.type.name) for column in statement.get_attributes()], statement.get_parameters()

    columns, (parameter,) = run(use)
    assert columns == [("id", "int8"), ("name", "varchar")]
    assert parameter.name == "int8"


@pytest.mark.can("cancel")
def test_c1_a_statement_that_takes_too_long_is_cancelled(run: Run, address: dict[str, Any]) -> None:
    async def use(connection: Any) -> int:
        await connection.execute("CREATE TABLE t (a int)")
        async with connection.transaction():
            await connection.execute("LOCK t")
            waiter = await asyncpg.connect(**address)
            path = await connection.fetchval("SHOW search_path")
            with pytest.raises(asyncio.TimeoutError):
                await waiter.fetch(f"SELECT * FROM {path}.t", timeout=0.5)
            found = await waiter.fetchval("SELECT 1")
            await waiter.close()
        return int(found)

    assert run(use) == 1
