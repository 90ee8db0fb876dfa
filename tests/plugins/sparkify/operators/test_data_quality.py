"""Each kind of check passes and fails for the right reason; all are tried before anything is said."""

from contextlib import suppress
from dataclasses import replace
from hashlib import md5

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sparkify.checks import (
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
from sparkify.checks.examination import STATEMENT_LENGTH
from sparkify.operators.data_quality import DataQualityOperator
from sparkify.warehouse import Session

GOOD, BAD, EMPTY = "good", "bad", "empty"
SUM = (
    "select count(*) as examined, case when max(age) > 50 then 1 else 0 end as failed, max(age) as oldest from {table}"
)
KINDS = {
    "not null": not_null("kind"),
    "unique": unique("id"),
    "references": references("kind", "{star}.kinds", "kind"),
    "accepted": accepted("kind", ["cat", "dog", "bird's"]),
    "range": in_range("age", 0, 30),
    "least": in_range("id", low=1),
    "most": in_range("age", high=30),
    "pattern": matches("kind", r"^(cat|dog|\d+|it\\'s)$"),
    "condition": holds("is not too old", "age < 30", "age"),
    "custom": custom("the oldest is not too old", SUM + " where {where}", shown=["oldest"]),
}
BROKEN_BY = {
    "not null": "kind=null",
    "unique": "id=1, examined=2",
    "references": "kind='fish'",
    "accepted": "kind='fish'",
    "range": "age=99",
    "least": "id=0",
    "most": "age=99",
    "pattern": "kind='fish'",
    "condition": "age=99",
    "custom": "oldest=99",
}


@pytest.fixture(scope="module")
def pets(new_pipeline):
    """Three tables of pets: one that breaks no rule, one that breaks each rule once, one without rows."""
    made = new_pipeline()
    made.execute("create schema {star}")
    for table in (GOOD, BAD, EMPTY, "kinds"):
        made.execute(f"create table {{star}}.{table} (id integer, kind varchar(8), age integer)")
    made.execute("insert into {star}.kinds values (1, 'cat', null), (2, 'dog', null), (3, 'dog', null)")
    made.execute("insert into {star}.good values (1, 'cat', 3), (2, 'dog', null)")
    made.execute("insert into {star}.bad values (1, 'cat', 3), (1, null, 4), (2, 'fish', 99), (0, 'dog', 5)")
    yield made
    made.clear()


@pytest.fixture(scope="module")
def expected_of(pets):
    """Declares rules about one of the tables."""

    def declared(table, *rules, zero_rows="pass", **terms):
        of = expect(f"{{star}}.{table}", *rules, zero_rows=zero_rows, **terms)
        return [check.with_texts({text: text.replace("{star}", pets.name) for text in check.texts}) for check in of]

    return declared


def outcome(pets, checks, **arguments):
    return pets.operator(DataQualityOperator, checks=together(checks), **arguments).task("task")


def failure(pets, checks, **arguments):
    with pytest.raises(AirflowFailException) as stopped:
        outcome(pets, checks, **arguments)
    return str(stopped.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_holds_passes(pets, expected_of, kind):
    checks = expected_of(GOOD, KINDS[kind], zero_rows="fail")
    assert outcome(pets, checks) == {"passed": 1, "warned": 0, "failed": 0, "warnings": []}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_is_broken_fails_for_the_right_reason(pets, expected_of, kind):
    """Bug 7: a check that cannot fail."""
    (check,) = expected_of(BAD, KINDS[kind])
    message = failure(pets, [check])
    assert f"FAILED   {check.name}: 1 of 4 rows break it\n    {BROKEN_BY[kind]}\n" in message


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_table_passes_where_zero_rows_may(pets, expected_of, kind):
    assert outcome(pets, expected_of(EMPTY, KINDS[kind]))["passed"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_table_fails_where_rows_are_expected(pets, expected_of, kind):
    """Bug 8: nothing to examine must not pass as good."""
    (check,) = expected_of(EMPTY, KINDS[kind], zero_rows="fail")
    assert f"FAILED   {check.name}: no rows to examine" in failure(pets, [check])


def test_all_rules_are_tried_and_a_warning_alone_does_not_fail(pets, expected_of):
    """Bug 8: stopping at the first failure."""
    (warning,) = expected_of(BAD, unique("id", "kind"), unique("id"), severity="warn")[1:]
    assert outcome(pets, [warning]) == {
        "passed": 0,
        "warned": 1,
        "failed": 0,
        "warnings": [
            {
                "name": "bad is unique by id",
                "severity": "warn",
                "examined": 4,
                "failed": 1,
                "threshold": "at most 0",
                "message": "1 of 4 rows break it",
                "sample": "id=1, examined=2",
            }
        ],
    }
    others = [rule for kind, rule in KINDS.items() if kind != "unique"]
    message = failure(pets, [*expected_of(BAD, *others), warning])
    assert message.startswith("9 of 10 quality checks failed")
    assert all(BROKEN_BY[kind] in message for kind in KINDS if kind != "unique")
    assert message.endswith("clear the stage tasks with everything downstream of them.")


@pytest.mark.parametrize(
    ("at_most", "passes"), [(Rows(0), False), (Rows(1), True), (Share(0.2), False), (Share(0.25), True)]
)
def test_a_threshold_is_a_count_or_a_share(pets, expected_of, at_most, passes):
    found = outcome(pets, expected_of(BAD, KINDS["accepted"], at_most=at_most, severity="warn"))
    assert found["passed"] == passes
    if not passes and at_most.allowed:
        assert found["warnings"][0]["message"] == "1 of 4 rows break it, at most 20 % may"


def test_a_threshold_does_not_make_an_empty_table_good(pets, expected_of):
    checks = expected_of(EMPTY, KINDS["accepted"], at_most=Share(1), zero_rows="fail")
    assert "no rows to examine" in failure(pets, checks)


def test_only_the_rows_asked_for_are_looked_at(pets, expected_of):
    checks = expected_of(BAD, *KINDS.values(), where="id = 1 and kind is not null", zero_rows="fail")
    assert outcome(pets, checks)["passed"] == len(KINDS)


def test_values_are_bound(pets, expected_of):
    checks = expected_of(BAD, holds("is young", "age < %(oldest)s", "age"), where="kind <> %(kind)s", zero_rows="fail")
    assert "bad: is young: 1 of 3" in failure(pets, checks, parameters={"oldest": 9, "kind": "fish' or 1=1 --"})
    assert outcome(pets, checks, parameters={"oldest": 100, "kind": "cat"})["passed"] == 1


def test_any_number_of_checks_is_two_statements_and_one_more_for_each_that_fails(pets, expected_of, monkeypatch):
    statements = []
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, sql, *rest: statements.append(sql) or run(self, sql, *rest))
    counts = []
    for checks in (
        expected_of(GOOD, KINDS["range"]),
        expected_of(GOOD, *KINDS.values()) + expected_of(EMPTY, *KINDS.values(), where="id > %(least)s"),
        expected_of(BAD, *KINDS.values(), severity="warn"),
    ):
        statements.clear()
        outcome(pets, checks, parameters={"least": 0})
        counts.append(len(statements))
    assert counts[1] - counts[0] == 1, "those that name values, and the others"
    assert counts[2] - counts[0] == len(KINDS)


def test_checks_of_the_same_rows_share_one_scan(pets, expected_of, monkeypatch):
    statements = []
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, sql, *rest: statements.append(sql) or run(self, sql, *rest))
    rows = [rule for kind, rule in KINDS.items() if kind not in ("unique", "custom")]
    filtered = expected_of(GOOD, *rows, where="id > 0")
    outcome(pets, expected_of(GOOD, *rows) + [replace(rule, name=f"other {rule.name}") for rule in filtered])
    (asked,) = [sql for sql in statements if "case when" in sql]
    assert asked.count(f"from {pets.name}.good") == 2


def test_checks_that_are_too_long_for_one_statement_are_asked_by_few(pets, expected_of, monkeypatch):
    statements = []
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, sql, *rest: statements.append(sql) or run(self, sql, *rest))
    words = "a long statement " * 60
    queries = [custom(f"counts {n}", f"select 30 as examined, {n} as failed, '{words}' as x") for n in range(1, 31)]
    message = failure(pets, expected_of(GOOD, *queries))
    asked = [sql for sql in statements if "sum(examined)" in sql]
    assert len(asked) == 5
    assert max(map(len, asked)) <= STATEMENT_LENGTH
    assert all(f"good: counts {n}: {n} of 30 rows break it" in message for n in range(1, 31))


def test_every_result_is_kept_with_what_was_allowed_and_found(pets, expected_of):
    columns = (
        "run_id varchar(256), check_name varchar(256), severity varchar(16), examined bigint, failed bigint, "
        "passed boolean, threshold varchar(64), message varchar(1024), sample varchar(2048), checked_at timestamp"
    )
    pets.execute(f"create table {{star}}.results ({columns})")
    checks = expected_of(BAD, KINDS["range"], KINDS["least"]) + expected_of(GOOD, not_null("id"), at_most=Share(0.01))
    run = pets.operator(DataQualityOperator, checks=together(checks), results_table="{star}.results")
    with pytest.raises(AirflowFailException):
        run.task("task")
    kept = "select run_id, check_name, severity, examined, failed, passed, threshold, message, sample"
    found = pets.sql(f"{kept} from {{star}}.results order by check_name")
    assert [row[0] for row in found] == [run.run_id] * 3
    one = "1 of 4 rows break it"
    assert [row[1:] for row in found] == [
        ("bad: age is between 0 and 30", "error", 4, 1, False, "at most 0", one, "age=99"),
        ("bad: id is at least 1", "error", 4, 1, False, "at most 0", one, "id=0"),
        ("good.id is not null", "error", 2, 0, True, "at most 1 %", "0 of 2 rows break it, at most 1 % may", ""),
    ]


def test_a_sample_shows_whole_rows_but_nothing_about_a_person(pets):
    columns = ("user_id", "first_name", "level", "note")
    pets.execute(
        "create table {star}.people (user_id bigint, first_name varchar(16), level varchar(8), note varchar(8))"
    )
    pets.execute("insert into {star}.people values (902, 'Ines', 'gold', 'a\tb'), (903, null, 'free', 'ok')")
    table = f"{pets.name}.people"
    checks = together(
        expect(table, accepted("level", ["free"]), not_null("first_name"), unique("user_id"), zero_rows="pass"),
        {table: columns},
        {"user_id": "hash", "first_name": "hide"},
    )
    with pytest.raises(AirflowFailException) as stopped:
        pets.operator(DataQualityOperator, checks=checks).task("task")
    message = str(stopped.value)
    hashes = {user: md5(str(user).encode(), usedforsecurity=False).hexdigest()[:12] for user in (902, 903)}
    assert f"\n    user_id='{hashes[902]}', first_name='***', level='gold', note='a\\tb'\n" in message
    assert f"\n    user_id='{hashes[903]}', first_name=null, level='free', note='ok'\n" in message
    assert "Ines" not in message
    assert "902," not in message


def test_a_sample_is_short(pets):
    pets.execute("create table {star}.long (id integer, a varchar(900), b varchar(900))")
    pets.execute("insert into {star}.long select id, repeat('é', 400), repeat('é', 40) from {star}.bad")
    pets.execute("insert into {star}.long select 7, a, b from {star}.long")
    table = f"{pets.name}.long"
    many = {f"b{n}": "b" for n in range(9)}
    checks = together(
        [
            *expect(table, in_range("id", high=-1), zero_rows="pass"),
            *expect(
                table,
                custom(
                    "wide",
                    f"select 1 as examined, 1 as failed, {', '.join(f'b as {name}' for name in many)} from {{table}}",
                    shown=list(many),
                ),
                zero_rows="pass",
                severity="warn",
            ),
        ],
        {table: ("id", "a", "b")},
    )
    pets.execute("create table {star}.samples (run_id varchar(256), check_name varchar(256), severity varchar(16), "
                 "examined bigint, failed bigint, passed boolean, threshold varchar(64), message varchar(1024), "
                 "sample varchar(2048), checked_at timestamp)")  # fmt: skip
    with pytest.raises(AirflowFailException):
        pets.operator(DataQualityOperator, checks=checks, results_table="{star}.samples").task("task")
    (narrow,), (wide,) = pets.sql("select sample from {star}.samples order by severity")
    assert len(narrow.splitlines()) == 5
    assert max(map(len, narrow.splitlines())) < 160, "long values are cut"
    assert 1_900 < len(wide.encode()) <= 2_000
    assert wide.endswith("…")


def test_the_log_has_one_table_with_the_worst_first(pets, expected_of, capsys):
    checks = expected_of(GOOD, not_null("id")) + expected_of(BAD, KINDS["least"], severity="warn")
    outcome(pets, checks + expected_of(EMPTY, not_null("id")))
    table = [
        "outcome  check                  examined  failed  may fail   remark",
        "warning  bad: id is at least 1         4       1  at most 0",
        "passed   good.id is not null           2       0  at most 0",
        "passed   empty.id is not null          0       0  at most 0  no rows to examine",
        "warning  bad: id is at least 1: 1 of 4 rows break it",
        "    id=0",
    ]
    assert "\n".join(table) in capsys.readouterr().out


def test_only_checks_that_pass_are_stamped(pets, expected_of):
    stamps = f"{pets.name}.stamps"
    pets.execute(
        f"create table {stamps} (table_name varchar(64), stamp varchar(64), inputs varchar(64), stamped_at timestamp)"
    )
    for table, times in ((BAD, 0), (GOOD, 1)):
        with suppress(AirflowFailException):
            outcome(pets, expected_of(table, unique("id")), stamps_table=stamps)
        assert pets.sql(f"select count(*) from {stamps} where table_name = 'task'") == [(times,)]


def test_a_rule_with_a_mistake_is_an_error_and_not_a_pass(pets, expected_of):
    typo = custom("typo", "select count(no_such_column) as examined, 0 as failed from {table}")
    assert "no_such_column" in failure(pets, expected_of(GOOD, typo))
