import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparkify.copying import Copy, literal

ROLE = "arn:aws:iam::123456789012:role/sparkify-copy"


def test_the_statement_carries_a_role_and_nothing_else_that_authorises():
    """Bug 6."""
    copy = Copy("s.t", "s3://b/m", ROLE, jsonpaths="s3://b/p.json", region="us-west-2", options=["compupdate off"])
    assert copy.statement.splitlines() == [
        "copy s.t",
        "from 's3://b/m'",
        f"iam_role '{ROLE}'",
        "format as json 's3://b/p.json'",
        "region 'us-west-2'",
        "manifest",
        "compupdate off",
    ]


def test_the_default_role_is_a_keyword():
    assert "iam_role default\n" in Copy("s.t", "s3://b/m", "default").statement


def test_columns_are_named_where_not_all_are_filled():
    copy = Copy("s.t", "s3://bucket/m", "default", columns=["a", "b"])
    assert copy.statement.splitlines()[0] == "copy s.t (a, b)"


def test_another_format_has_no_jsonpaths():
    assert "format as csv\nmanifest" in Copy("s.t", "s3://b/m", ROLE, format="csv").statement


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_a_literal_comes_back_as_it_went_in(sandbox, text):
    connection = sandbox.opened[0] if sandbox.opened else sandbox.redshift()
    cursor = connection.cursor()
    cursor.execute(f"select {literal(text)}")
    assert cursor.fetchone()[0] == text


@pytest.mark.parametrize("text", ["'; drop table x; --", "\\'", "\\\\", "100% of %s", "it''s"])
def test_a_literal_cannot_be_left(sandbox, text):
    cursor = sandbox.redshift().cursor()
    cursor.execute(f"select {literal(text)}")
    assert cursor.fetchone()[0] == text
