import re

import pytest
from airflow.sdk.definitions._internal.templater import SandboxedEnvironment
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import given
from hypothesis import strategies as st

from sparkify.macros import MACROS, identifier


def rendered(text, run_id="manual__1", dag_id="sparkify", variables=None):
    context = {"run_id": run_id, "dag_run": type("Run", (), {"dag_id": dag_id}), "var": {"value": variables or {}}}
    return SandboxedEnvironment().from_string(text).render(context | MACROS)


def test_the_star_schema_is_a_variable_with_a_default():
    assert rendered("{{ star() }}") == "sparkify"
    assert rendered("{{ star() }} {{ reader_role() }}", variables={"sparkify_schema": "mart"}) == "mart mart_reader"


@given(run_id=st.text(max_size=300))
def test_a_run_has_one_schema_whatever_its_id(run_id):
    name = rendered("{{ run() }}", run_id=run_id)
    assert name == rendered("{{ run() }}", run_id=run_id)
    assert re.fullmatch(r"sparkify_run_[0-9a-f]{12}", name)


def test_no_two_runs_share_a_schema():
    names = {rendered("{{ run() }}", run_id, dag_id) for run_id in ("a", "b", "a/b") for dag_id in ("x", "y", "x.a")}
    assert len(names) == 9


EARLY, LATE = "2018-12-01 10:00:00", "2018-12-01 11:00:00"


@pytest.mark.parametrize(
    ("staged", "known", "answer"),
    [
        (("a", LATE, EARLY), ("b", EARLY, LATE), True),
        (("a", EARLY, LATE), ("b", LATE, EARLY), False),
        (("a", EARLY, LATE), ("b", EARLY, EARLY), True),
        (("a", EARLY, EARLY), ("b", EARLY, LATE), False),
        (("a", EARLY, EARLY), ("a", EARLY, EARLY), True),
        (("", EARLY, LATE), ("b", LATE, EARLY), True),
        (("", LATE, EARLY), ("b", EARLY, LATE), False),
        (("a", EARLY, LATE), ("", LATE, EARLY), True),
        (("a", EARLY, EARLY), (None, None, None), True),
    ],
    ids=["S3 says later", "S3 says earlier", "read later", "read earlier", "the same", "gone", "was gone", "is back",
         "unknown"],
)  # fmt: skip
def test_of_two_readings_of_an_object_the_later_is_known(sandbox, staged, known, answer):
    """S3's clock tells, and where it does not, the warehouse's: of versions within a second, or of none."""
    reading = "select %s::varchar as etag, %s::timestamp as last_modified, %s::timestamp as loaded_at"
    cursor = sandbox.redshift().cursor()
    sql = f"select {MACROS['not_older']('staged', 'known')} from ({reading}) as staged cross join ({reading}) as known"
    cursor.execute(sql, (*staged, *known))
    assert cursor.fetchone()[0] is answer


def test_values_are_placeholders_and_never_text():
    assert rendered("where ts >= {{ bind.start_ms }}") == "where ts >= %(start_ms)s"


@pytest.mark.parametrize("name", ["", "Sparkify", "1st", "a b", 'a"b', "a;drop table b", "a.b", "a" * 64, "ä", "a\n"])
def test_a_name_that_needs_quoting_is_refused(name):
    with pytest.raises(AirflowFailException, match="cannot name a schema or role"):
        identifier(name)
