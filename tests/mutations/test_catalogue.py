"""Every mutation is a change that can be made, of code that still means something; the bugs are all there."""

import pytest
import sqlfluff
import sqlparse
from airflow.sdk.definitions._internal.templater import SandboxedEnvironment
from jinja2 import FileSystemLoader

from tests.mutations.catalogue import MUTATIONS, NUMBERS
from tests.mutations.runner import ROOT
from tests.sql.test_templates import CONTEXT, SQL, bound


def statements(text):
    """The statements of a rendered SQL template."""
    rendered = SandboxedEnvironment(loader=FileSystemLoader(SQL)).from_string(text).render(CONTEXT)
    return sqlparse.split(bound(rendered))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_can_be_made_and_still_is_python_or_redshifts_sql(mutation):
    original = (ROOT / mutation.file).read_text()
    changed = mutation.applied(original)
    assert changed != original
    if mutation.file.endswith(".py"):
        compile(changed, mutation.file, "exec")
        return
    new = set(statements(changed)) - set(statements(original))
    assert new
    for statement in new:
        sqlfluff.parse(statement, dialect="redshift", config_path=str(ROOT / ".sqlfluff"))


def test_each_bug_of_the_list_is_made():
    assert {mutation.bug for mutation in MUTATIONS} - {None} == set(NUMBERS)


def test_names_and_sentences():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    for mutation in MUTATIONS:
        assert mutation.name.isidentifier()
        assert mutation.says.endswith("."), mutation.name
        assert mutation.tests, mutation.name


@pytest.mark.parametrize("path", sorted({t.partition("::")[0] for mutation in MUTATIONS for t in mutation.tests}))
def test_the_tests_that_must_notice_are_there(path):
    text = (ROOT / path).read_text()
    for mutation in MUTATIONS:
        for test in mutation.tests:
            of, _, name = test.partition("::")
            assert of != path or not name or f"def {name}(" in text, mutation.name
