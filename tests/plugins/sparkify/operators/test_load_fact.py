import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.operators.load_fact import LoadFactOperator

SLICE = "day >= %(start)s and day < %(end)s"
BOUND = {"start": "2024-01-02", "end": "2024-01-03"}
SALES = "select day::varchar, amount from {star}.sales order by 1, 2"


@pytest.fixture
def sales(corner):
    corner.execute("create table {star}.sales (day date, amount integer)")
    corner.execute("insert into {star}.sales values ('2024-01-01', 10), ('2024-01-02', 20), ('2024-01-03', 30)")
    corner.execute("create table {star}.staging (day date, amount integer)")
    corner.execute("insert into {star}.staging values ('2024-01-02', 21), ('2024-01-02', 22), ('2024-01-05', 50)")
    return corner


def load(sales, sql=f"select day, amount from {{star}}.staging where {SLICE}"):
    run = sales.operator(LoadFactOperator, table="{star}.sales", sql=sql, replace_where=SLICE, parameters=BOUND)
    return run.task("task")


def test_one_slice_is_replaced_and_twice_is_once(sales):
    """Bug 3."""
    first, second = load(sales), load(sales)
    assert (first["replaced"], first["rows"], second["replaced"], second["rows"]) == (1, 2, 2, 2)
    assert sales.sql(SALES) == [("2024-01-01", 10), ("2024-01-02", 21), ("2024-01-02", 22), ("2024-01-03", 30)]


def test_a_slice_that_is_empty_now_is_emptied(sales):
    sales.execute("delete from {star}.staging")
    load(sales)
    assert sales.sql(SALES) == [("2024-01-01", 10), ("2024-01-03", 30)]


def test_what_fails_leaves_the_slice(sales):
    """Bug 4."""
    before = sales.sql(SALES)
    with pytest.raises(AirflowFailException, match="no_such_table"):
        load(sales, "select day, amount from {star}.no_such_table")
    assert sales.sql(SALES) == before
