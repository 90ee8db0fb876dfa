from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.migrations import Change, apply_missing, numbered
from sparkify.warehouse import Session

CREATE = Path(__file__).parents[4] / "include" / "sql" / "create"
VERSIONS = list(range(1, 1 + len(list(CREATE.glob("[0-9]*.sql")))))


def test_prepared_by_several_runs_at_once_on_an_empty_warehouse(pipeline):
    """Bug 16: DDL is for what is missing, and never drops."""
    runs = [pipeline.run(run_id=f"manual__{n}") for n in range(4)]
    with ThreadPoolExecutor(len(runs)) as threads:
        prepared = list(threads.map(lambda run: run.task("prepare"), runs))
    assert sorted(result["applied"] for result in prepared) == [[], [], [], VERSIONS]
    assert pipeline.schemas() == {result["run_schema"] for result in prepared}
    versions = pipeline.sql("select version, file_name from {star}.schema_versions order by 1")
    assert [version for version, _ in versions] == VERSIONS
    assert pipeline.run(run_id="manual__0").task("prepare")["applied"] == []


def test_what_is_there_is_left_alone(loaded):
    before = loaded.published()
    loaded.run().task("prepare")
    assert loaded.published() == before


def test_what_a_run_covers_stands_once_in_its_schema_however_often_it_is_prepared(loaded):
    run = loaded.run("2018-12-01T05:00:00", "2018-12-01T07:00:00")
    schema = run.task("prepare")["run_schema"]
    run.task("prepare")
    start, end = datetime(2018, 12, 1, 5), datetime(2018, 12, 1, 7)
    covered = (start, end, 1543640400000, 1543647600000)
    assert loaded.sql(f"select * from {schema}.covered") == [covered]


def test_analysts_read_the_star_and_nothing_else(loaded):
    readable = loaded.sql(
        "select table_name from information_schema.role_table_grants "
        f"where grantee = '{loaded.name}_reader' and table_schema = '{loaded.name}' and privilege_type = 'SELECT'"
    )
    assert {name for (name,) in readable} == {"songplays", "users", "songs", "artists", "time"}


def test_a_change_waits_for_another_run_and_is_not_applied_again(corner):
    corner.execute("create table {star}.schema_versions (version integer, file_name varchar(64))")
    corner.execute("create table {star}.publish_mutex (holder varchar(64))")
    other = corner.connect().cursor()
    other.execute(f"lock {corner.name}.publish_mutex")
    other.execute(f"insert into {corner.name}.schema_versions values (1, '1_x.sql')")
    session = Session(corner.connect(), pid=0)
    session.connection.autocommit = True
    with ThreadPoolExecutor(1) as threads:
        change = Change(1, "1_x.sql", f"create table {corner.name}.x (a integer);")
        task = threads.submit(apply_missing, session, corner.name, [change])
        with pytest.raises(TimeoutError):
            task.result(0.5)
        other.execute("commit")
        assert task.result(30) == []


def test_changes_are_applied_in_the_order_of_their_numbers():
    changes = numbered(["create/10_b.sql", "create/9_a.sql"], ["ten", "nine"])
    assert [(change.version, change.sql) for change in changes] == [(9, "nine"), (10, "ten")]


@pytest.mark.parametrize(
    ("names", "problem"), [(["star.sql"], "begins with its number"), (["1_a.sql", "01_b.sql"], "same number")]
)
def test_changes_without_a_number_of_their_own_are_refused(names, problem):
    with pytest.raises(ValueError, match=problem):
        numbered(names, names)


def test_a_schema_that_needs_quoting_is_refused(pipeline):
    run = pipeline.run()
    run.variables = run.variables | {"sparkify_schema": "x; drop schema y"}
    with pytest.raises(AirflowFailException, match="cannot name a schema"):
        run.task("prepare")
