"""A COPY that is cancelled, timed out or cut off leaves nothing behind, and nobody waits for it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

LONG_COPY = "COPY {}.t FROM 's3://bucket/long' IAM_ROLE default JSON 'auto'"


@pytest.fixture
def watcher(cluster: Any, schema: str) -> Any:
    """A cursor that sees what others hold; there is a table, and an object that takes seconds to load."""
    if "long" not in {item["Key"] for item in cluster.aws("s3").list_objects_v2(Bucket="bucket").get("Contents", [])}:
        cluster.put("long", '{"a": 1}\n' * 1_500_000)
    connection = cluster.psycopg2()
    connection.autocommit = True
    connection.cursor().execute(f"CREATE TABLE {schema}.t (a int)")
    return connection.cursor()


def held(watcher: Any, schema: str) -> int:
    watcher.execute(f"SELECT count(*) FROM pg_locks WHERE relation = '{schema}.t'::regclass")
    return int(watcher.fetchone()[0])


def rows(watcher: Any, schema: str) -> int:
    watcher.execute(f"SELECT count(*) FROM {schema}.t")
    return int(watcher.fetchone()[0])


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_copy_can_be_cancelled(cluster: Any, schema: str, watcher: Any) -> None:
    connection = cluster.psycopg2()

    def cancel() -> None:
        until(lambda: held(watcher, schema) > 1)  # beside the writer's lock that of the load, which has begun
        connection.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(psycopg2.errors.QueryCanceled):
        connection.cursor().execute(LONG_COPY.format(schema))
    thread.join()
    connection.rollback()
    assert rows(watcher, schema) == 0
    watcher.execute("SELECT status, loaded_rows FROM sys_load_history ORDER BY query_id DESC LIMIT 1")
    assert watcher.fetchone() == ("aborted", 0)


def test_a_copy_ends_at_the_statement_timeout(cluster: Any, schema: str, watcher: Any) -> None:
    connection = cluster.psycopg2(options="-c statement_timeout=300")
    started = time.monotonic()
    with pytest.raises(psycopg2.errors.QueryCanceled):
        connection.cursor().execute(LONG_COPY.format(schema))
    assert time.monotonic() - started < 3
    connection.rollback()
    assert rows(watcher, schema) == 0


CLIENT = """
import sys, psycopg2
connection = psycopg2.connect(host="127.0.0.1", port=sys.argv[1], dbname="dev", user="awsuser", password=sys.argv[2])
connection.autocommit = sys.argv[4] == "alone"
connection.cursor().execute(sys.argv[3])
"""


@pytest.mark.parametrize("how", ["alone", "in a block"])
def test_a_client_that_vanishes_in_a_copy_leaves_nothing(cluster: Any, schema: str, watcher: Any, how: str) -> None:
    command = [sys.executable, "-c", CLIENT, str(cluster.port), cluster.password, LONG_COPY.format(schema), how]
    with subprocess.Popen(command) as client:
        until(lambda: held(watcher, schema) > 0)
        client.kill()
    until(lambda: held(watcher, schema) == 0, seconds=2)
    assert rows(watcher, schema) == 0


def test_a_client_that_vanishes_stops_waiting(cluster: Any, schema: str, watcher: Any) -> None:
    holder = cluster.psycopg2()
    holder.cursor().execute(f"LOCK {schema}.t")
    before = held(watcher, schema)
    statement = f"SELECT * FROM {schema}.t"
    with subprocess.Popen([sys.executable, "-c", CLIENT, str(cluster.port), cluster.password, statement, ""]) as client:
        until(lambda: held(watcher, schema) > before)
        client.kill()
    until(lambda: held(watcher, schema) == before, seconds=2)


def test_a_stand_in_that_stops_leaves_nothing(second: Any, schema: str, watcher: Any) -> None:
    other, stop = second
    connection = other.psycopg2()
    connection.autocommit = True

    def end() -> None:
        until(lambda: held(watcher, schema) > 0)
        stop()

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(psycopg2.Error, match=r"shutting down|closed the connection"):
        connection.cursor().execute(LONG_COPY.format(schema))
    thread.join()
    until(lambda: held(watcher, schema) == 0, seconds=2)
    assert rows(watcher, schema) == 0


def test_readers_do_not_wait_for_a_copy_and_writers_see_it(cluster: Any, schema: str, watcher: Any) -> None:
    source = cluster.put(f"{schema}/x", '{"a": 1}')
    first, second = cluster.psycopg2(), cluster.psycopg2()
    copy = f"COPY {schema}.t FROM '{source}' IAM_ROLE default JSON 'auto'"
    first.cursor().execute(copy)
    assert rows(watcher, schema) == 0
    cursor, done = second.cursor(), threading.Event()

    def write() -> None:
        cursor.execute(copy)
        cursor.execute(f"SELECT count(*) FROM {schema}.t")
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.3)
    first.commit()
    thread.join(10)
    assert cursor.fetchone() == (2,)
