import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from sparkify.checks import expect, together, unique
from sparkify.operators.publish import PublishOperator

TOTALS = "select * from {star}.totals order by 1"


@pytest.fixture
def totals(corner):
    corner.execute("create table {star}.publish_mutex (holder varchar(256), taken_at timestamp)")
    corner.execute("create table {star}.totals (id integer, amount integer)")
    corner.execute("insert into {star}.totals values (1, 10)")
    return corner


def publication(totals, *sql, **arguments):
    scripts = [text.replace("{star}", totals.name) for text in sql]
    return totals.operator(PublishOperator, sql=scripts, mutex_table="{star}.publish_mutex", **arguments)


@contextmanager
def in_the_background(run):
    """The task, started in a thread and waiting for a lock; ended with the block."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(run.task, "task")


def wait_until_blocked(totals):
    """Until a session waits for a lock."""
    deadline = time.monotonic() + 20
    while not totals.sql("select pid from pg_locks where not granted"):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)


def test_all_scripts_are_published_together(totals):
    run = publication(totals, "delete from {star}.totals;", "insert into {star}.totals values (1, 11), (2, 20);")
    assert run.task("task")["proofs"] == 0
    assert totals.sql(TOTALS) == [(1, 11), (2, 20)]
    assert totals.sql("select holder from {star}.publish_mutex") == [(run.run_id,)]


def test_a_script_that_fails_takes_back_those_before_it(totals):
    """Bug 4."""
    with pytest.raises(AirflowFailException, match="Publishing failed on connection 'sparkify_redshift'"):
        publication(totals, "delete from {star}.totals;", "insert into {star}.nowhere values (1);").task("task")
    assert totals.sql(TOTALS) == [(1, 10)]


def test_a_proof_that_does_not_hold_rolls_back_and_is_named(totals):
    proofs = together(expect(f"{totals.name}.totals", unique("id"), zero_rows="pass"))
    run = publication(totals, "insert into {star}.totals values (1, 12);", proofs=proofs)
    with pytest.raises(AirflowFailException, match=r"Nothing was published.*\n.*totals is unique by id: 1 of 2 rows"):
        run.task("task")
    assert totals.sql(TOTALS) == [(1, 10)]


def test_it_waits_for_another_publication_while_readers_do_not(totals):
    other = totals.connect().cursor()
    other.execute(f"lock {totals.name}.publish_mutex")
    other.execute(f"update {totals.name}.totals set amount = 11")
    with in_the_background(publication(totals, "update {star}.totals set amount = amount + 100;")) as task:
        wait_until_blocked(totals)
        waiting = totals.sql(
            "select query from pg_stat_activity where pid in (select pid from pg_locks where not granted)"
        )
        assert totals.sql(TOTALS) == [(1, 10)], "a reader does not wait"
        assert not task.done()
        other.execute("commit")
        task.result(30)
    ((statement,),) = waiting
    assert "ACCESS EXCLUSIVE" in statement, "a LOCK (AWS: r_LOCK), and not what a DELETE waits for"
    assert totals.sql(TOTALS) == [(1, 111)], "its snapshot is taken after the mutex: it sees what was published before"


def test_its_snapshot_is_taken_by_the_lock_and_by_nothing_before(totals):
    """What it computes from published rows must not be older than the moment at which its turn comes."""
    columns = "table_name varchar(64), stamp varchar(64), inputs varchar(64), stamped_at timestamp"
    totals.execute(f"create table {{star}}.stamps ({columns})")
    totals.execute("insert into {star}.stamps values ('input', '1', '{{}}', sysdate)")
    other = totals.connect().cursor()
    other.execute(f"lock {totals.name}.publish_mutex")
    other.execute(f"insert into {totals.name}.totals values (2, 20)")
    summed = "insert into {star}.totals select 3, sum(amount) from {star}.totals;"
    with in_the_background(publication(totals, summed, stamps_table="{star}.stamps", inputs=["input"])) as task:
        wait_until_blocked(totals)
        other.execute("commit")
        task.result(30)
    assert totals.sql(TOTALS) == [(1, 10), (2, 20), (3, 30)]


def test_a_conflict_that_it_loses_is_tried_again(totals, caplog):
    """A writer that does not take the mutex: under SNAPSHOT isolation the transaction that comes second loses."""
    other = totals.connect().cursor()
    other.execute(f"update {totals.name}.totals set amount = 11")
    with (
        caplog.at_level(logging.INFO, "sparkify.operators.publish"),
        in_the_background(publication(totals, "update {star}.totals set amount = amount + 100;")) as task,
    ):
        wait_until_blocked(totals)
        other.execute("commit")
        task.result(30)
    assert totals.sql(TOTALS) == [(1, 111)]
    assert "conflict with concurrent transaction" in caplog.text


def test_a_statement_that_takes_too_long_is_ended_by_the_server_and_may_be_tried_again(totals):
    other = totals.connect().cursor()
    other.execute(f"lock {totals.name}.publish_mutex")
    freed = threading.Timer(20, other.execute, ["commit"])  # a server that does not end it shall not hang the test
    freed.start()
    with pytest.raises(AirflowException, match="timeout") as stopped:
        publication(totals, "select 1;", statement_timeout=timedelta(milliseconds=200)).task("task")
    freed.cancel()
    assert stopped.type is AirflowException


def test_a_killed_task_ends_its_statement_in_the_warehouse(totals):
    other = totals.connect().cursor()
    other.execute(f"lock {totals.name}.publish_mutex")
    run = publication(totals, "delete from {star}.totals;", statement_timeout=timedelta(seconds=20))
    task = run.rendered("task")
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run.execute, task)
        wait_until_blocked(totals)
        task.on_kill()
        with pytest.raises(AirflowException) as ended:
            running.result(10)
    assert ended.type is AirflowException
    assert "Publishing failed" in str(ended.value)
    assert totals.sql("select pid from pg_locks where not granted") == []
    other.execute("commit")
    assert totals.sql(TOTALS) == [(1, 10)]


def test_on_kill_without_a_session_does_nothing(totals):
    publication(totals, "select 1;").rendered("task").on_kill()
