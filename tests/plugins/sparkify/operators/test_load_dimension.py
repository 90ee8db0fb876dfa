import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.operators.load_dimension import LoadDimensionOperator

TOWNS = "select * from {star}.towns order by 1"


@pytest.fixture
def towns(corner):
    """A dimension with two rows, and three rows to load: one that is there, one with a new name, one that is new."""
    corner.execute("create table {star}.towns (id integer, name varchar(20))")
    corner.execute("insert into {star}.towns values (1, 'Alder'), (2, 'Birch')")
    corner.execute("create table {star}.staging (id integer, name varchar(20))")
    corner.execute("insert into {star}.staging values (1, 'Alder'), (2, 'Beech'), (3, 'Cedar')")
    return corner


def load(towns, **arguments):
    fixed = {"table": "{star}.towns", "sql": "select id, name from {star}.staging", "key": ["id"]}
    return towns.operator(LoadDimensionOperator, **(fixed | arguments)).task("task")


@pytest.mark.parametrize(
    ("mode", "rows", "first", "second"),
    [
        ("merge", [(1, "Alder"), (2, "Beech"), (3, "Cedar")], (2, 3), (3, 3)),
        ("overwrite", [(1, "Alder"), (2, "Beech"), (3, "Cedar")], (2, 3), (3, 3)),
        ("append", [(1, "Alder"), (2, "Birch"), (3, "Cedar")], (0, 1), (0, 0)),
    ],
)
def test_each_mode_does_what_it_says_and_twice_is_once(towns, mode, rows, first, second):
    """Bug 3: an append by key adds nothing twice."""
    for counts in (first, second):
        result = load(towns, mode=mode)
        assert (result["replaced"], result["rows"]) == counts
        assert towns.sql(TOWNS) == rows


def test_merge_keeps_the_rows_that_the_query_does_not_return(towns):
    load(towns, mode="merge", sql="select 3, 'Cedar'")
    assert towns.sql(TOWNS) == [(1, "Alder"), (2, "Birch"), (3, "Cedar")]


@pytest.mark.parametrize("mode", ["merge", "append"])
def test_a_key_that_the_query_returns_twice_is_named_and_nothing_changes(towns, mode):
    """Bug 12: a DISTINCT over all columns gives several rows a key."""
    towns.execute("insert into {star}.staging values (2, 'Beech Grove')")
    with pytest.raises(AirflowFailException, match=r"returns the same key \(id\) more than once, e.g. \(2,\)"):
        load(towns, mode=mode)
    assert towns.sql(TOWNS) == [(1, "Alder"), (2, "Birch")]


@pytest.mark.parametrize("mode", ["merge", "append"])
def test_a_mode_that_needs_a_key_says_so(towns, mode):
    with pytest.raises(AirflowFailException, match="needs a key"):
        load(towns, mode=mode, key=[])


@pytest.mark.parametrize("mode", ["merge", "overwrite", "append"])
def test_what_fails_half_way_leaves_the_old_rows(towns, mode):
    """Bug 4: delete and insert are one transaction."""
    with pytest.raises(AirflowFailException, match=r"Loading .*towns failed on connection 'sparkify_redshift'"):
        load(towns, mode=mode, sql="select id, name from {star}.staging where 1 / (id - 3) < 9")
    assert towns.sql(TOWNS) == [(1, "Alder"), (2, "Birch")]


def test_a_reader_sees_the_old_rows_until_the_new_ones_are_all_there(towns):
    """Bug 4."""
    reader = towns.connect().cursor()
    reader.execute(TOWNS.format(star=towns.name))
    before = reader.fetchall()
    load(towns, mode="overwrite")
    reader.execute(TOWNS.format(star=towns.name))
    assert reader.fetchall() == before, "neither waits nor sees an empty table within its own transaction"
