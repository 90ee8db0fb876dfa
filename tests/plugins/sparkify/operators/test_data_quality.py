from contextlib import suppress

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.checks import Check, accepted, holds, not_null, references, unique
from sparkify.operators.data_quality import DataQualityOperator

GOOD, BAD, EMPTY = "good", "bad", "empty"


@pytest.fixture(scope="module")
def pets(new_pipeline):
    """Three tables of pets: one that breaks no rule, one that breaks each rule once, one without rows."""
    made = new_pipeline()
    made.execute("create schema {star}")
    for table in (GOOD, BAD, EMPTY, "kinds"):
        made.execute(f"create table {{star}}.{table} (id integer, kind varchar(8), age integer)")
    made.execute("insert into {star}.kinds values (1, 'cat', null), (2, 'dog', null), (3, 'dog', null)")
    made.execute("insert into {star}.good values (1, 'cat', 3), (2, 'dog', null)")
    made.execute("insert into {star}.bad values (1, 'cat', 3), (1, null, 4), (2, 'fish', 99)")
    yield made
    made.clear()


def checks_of(table):
    return {
        "not null": not_null(table, "kind")[0],
        "unique": unique(table, "id"),
        "references": references(table, "kind", table.rpartition(".")[0] + ".kinds", "kind"),
        "accepted": accepted(table, "kind", ["cat", "dog", "bird's"]),
        "holds": holds(table, "is not too old", "age < 30"),
    }


KINDS = list(checks_of("star.pets"))


def outcome(pets, check):
    return pets.operator(DataQualityOperator, checks=[check]).task("task")


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_holds_passes(pets, kind):
    assert outcome(pets, checks_of(f"{pets.name}.{GOOD}")[kind]) == {"passed": 1, "warned": 0, "failed": 0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_is_broken_fails_for_the_right_reason(pets, kind):
    """Bug 7: a check that cannot fail."""
    check = checks_of(f"{pets.name}.{BAD}")[kind]
    examined = 2 if kind == "references" else 3
    with pytest.raises(AirflowFailException) as stopped:
        outcome(pets, check)
    assert f"FAILED   {check.name}: 1 of {examined} rows break it" in str(stopped.value)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_table_breaks_no_rule(pets, kind):
    assert outcome(pets, checks_of(f"{pets.name}.{EMPTY}")[kind])["passed"] == 1


def test_an_empty_table_fails_where_rows_are_expected(pets):
    """Bug 8: nothing to examine must not pass as good."""
    with pytest.raises(AirflowFailException, match="kind is not null: no rows to examine"):
        outcome(pets, not_null(f"{pets.name}.{EMPTY}", "kind", allow_empty=False)[0])


def test_all_rules_are_tried_and_a_warning_alone_does_not_fail(pets):
    """Bug 8: stopping at the first failure."""
    bad = f"{pets.name}.{BAD}"
    warning = unique(bad, "id", severity="warn")
    assert outcome(pets, warning) == {"passed": 0, "warned": 1, "failed": 0}
    run = pets.operator(DataQualityOperator, checks=[*checks_of(bad).values(), warning])
    with pytest.raises(AirflowFailException, match=r"^5 of 6 quality checks failed"):
        run.task("task")


def test_only_checks_that_pass_are_stamped(pets):
    stamps = f"{pets.name}.stamps"
    pets.execute(
        f"create table {stamps} (table_name varchar(64), stamp varchar(64), inputs varchar(64), stamped_at timestamp)"
    )
    for table, times in ((BAD, 0), (GOOD, 1)):
        check = unique(f"{pets.name}.{table}", "id")
        with suppress(AirflowFailException):
            pets.operator(DataQualityOperator, checks=[check], stamps_table=stamps).task("task")
        assert pets.sql(f"select count(*) from {stamps} where table_name = 'task'") == [(times,)]


def test_a_rule_with_a_mistake_is_an_error_and_not_a_pass(pets):
    with pytest.raises(AirflowFailException, match="no_such_column"):
        outcome(pets, Check("typo", f"select count(no_such_column), 0 from {pets.name}.{GOOD}"))
