"""A mistake in a declaration is met when the DAG is parsed, by a message that names the check and what is allowed."""

import pytest
from airflow.dag_processing.dagbag import DagBag

from sparkify.checks import (
    DeclarationError,
    Rows,
    Share,
    accepted,
    custom,
    expect,
    holds,
    in_range,
    matches,
    not_null,
    references,
    together,
    unique,
)

PLAYS = "{{ run() }}.plays"
TABLES = {"run.plays": ("id", "level", "user_id"), "star.users": ("user_id",)}
ID = not_null("id")
MISTAKES = {
    "severity": (ID, {"severity": "fatal"}, "severity 'fatal' is unknown: give 'error' or 'warn'"),
    "zero rows": (ID, {"zero_rows": "maybe"}, "zero_rows 'maybe' is unknown: give 'pass' or 'fail'"),
    "share of more than all": (ID, {"at_most": Share(5)}, "a share of 5 makes no sense: give 0 to 1"),
    "share of less than nothing": (ID, {"at_most": Share(-0.1)}, "a share of -0.1 makes no sense: give 0 to 1"),
    "count of less than nothing": (ID, {"at_most": Rows(-1)}, "at most -1 rows makes no sense: give 0 or more"),
    "column": (not_null("levle"), {}, "run.plays has no column levle; it has id, level, user_id"),
    "column of a key": (unique("id", "no"), {}, "plays is unique by id, no: run.plays has no column no; it has"),
    "key without columns": (unique(), {}, "a key has at least one column"),
    "column of a parent": (
        references("user_id", "{{ star() }}.users", "id"),
        {},
        "plays.user_id is in users: star.users has no column id; it has user_id",
    ),
    "parent": (
        references("user_id", "{{ star() }}.people", "user_id"),
        {},
        "plays.user_id is in people: there is no table star.people; there are run.plays, star.users",
    ),
    "empty list": (accepted("level", []), {}, "the list of accepted values is empty: give one at least"),
    "empty range": (in_range("id", 3, 2), {}, "plays: id is between 3 and 2: the range is empty: 3 is more than 2"),
    "no range": (in_range("id"), {}, "a range has a low bound, a high one, or both"),
    "broken expression": (matches("level", "(free"), {}, "'(free' is no regular expression: missing ), unterminated"),
    "foreign expression": (
        matches("level", "(?i)free"),
        {},
        "'(?i)free' is no POSIX regular expression, which Redshift reads: it has no (?",
    ),
    "lazy expression": (matches("level", "fr.*?e"), {}, "which Redshift reads: it has no *?"),
    "percent sign in a value": (accepted("level", ["100%"]), {}, "its SQL holds a % that names no value"),
    "percent sign in SQL": (holds("even", "id % 2 = 0", "id"), {}, "its SQL holds a % that names no value: write mod"),
    "template in a value": (accepted("level", ["{{ x }}"]), {}, "'{{ x }}' would be taken for a template"),
    "long name": (custom("x" * 300, "select 1 as examined, 0 as failed"), {}, "its name is longer than 256 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_the_check_and_what_is_allowed(mistake):
    rule, terms, said = MISTAKES[mistake]
    checks = expect(PLAYS, rule, **{"zero_rows": "pass", **terms})
    with pytest.raises(DeclarationError) as refused:
        together(checks, TABLES)
    assert said in str(refused.value)
    assert f"  {checks[0].name}: " in str(refused.value)


def test_an_unknown_table_is_named():
    with pytest.raises(
        DeclarationError, match=r"clicks.id is not null: there is no table run.clicks; there are run.pl"
    ):
        together(expect("{{ run() }}.clicks", ID, zero_rows="pass"), TABLES)


def test_a_name_is_unique():
    checks = [*expect(PLAYS, ID, zero_rows="pass"), *expect(PLAYS, ID, zero_rows="pass", severity="warn")]
    with pytest.raises(DeclarationError, match=r"plays.id is not null: declared 2 times: a name is unique"):
        together(checks, TABLES)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(DeclarationError) as refused:
        together(expect(PLAYS, not_null("a"), not_null("b"), zero_rows="pass", severity="loud"), TABLES)
    assert len(str(refused.value).splitlines()) == 1 + 4


def test_whether_zero_rows_pass_is_said_in_each_declaration():
    with pytest.raises(TypeError, match="zero_rows"):
        expect(PLAYS, ID)


def test_what_is_right_is_accepted():
    rules = (
        ID,
        unique("id"),
        references("user_id", "{{ star() }}.users", "user_id"),
        accepted("level", ["it's", "100 o\\o"]),
        in_range("id", low=1),
        in_range("id", high=9),
        in_range("id", 5, 5),
        matches("level", "^[[:alpha:]]{2,4}$"),
        holds("is bound", "id < %(limit)s", "id"),
        custom("counts", "{% set a = 1 %}select 1 as examined, 0 as failed"),
    )
    assert together(expect(PLAYS, *rules, zero_rows="pass", at_most=Share(1)), TABLES)


def test_the_dag_with_a_mistake_does_not_load(tmp_path):
    """Through Airflow's own parser: the error that the UI shows names the check."""
    (tmp_path / "wrong.py").write_text(
        "from airflow.sdk import DAG\n"
        "from sparkify.checks import expect, not_null, together\n"
        "from sparkify.operators.data_quality import DataQualityOperator\n"
        "with DAG('wrong', schedule=None):\n"
        "    checks = together(expect('star.plays', not_null('id'), zero_rows='pass', severity='loud'))\n"
        "    DataQualityOperator(task_id='check', checks=checks)\n"
    )
    bag = DagBag(tmp_path)
    assert bag.dags == {}
    (error,) = bag.import_errors.values()
    assert "plays.id is not null: severity 'loud' is unknown: give 'error' or 'warn'" in error
