"""The README's checklist is what the tests give."""

from __future__ import annotations

import pytest

from tests.sandbox.redshift import checklist


def test_the_readme_has_the_checklist_that_the_tests_give() -> None:
    assert checklist.written() == checklist.section(list(checklist.tests())), (
        "run: .venv/bin/python -m tests.sandbox.redshift.checklist"
    )


def test_every_item_is_shown_by_a_test() -> None:
    assert "**M 20/20, C 11/11**" in checklist.section(list(checklist.tests()))


def test_an_item_without_a_test_and_one_that_is_unknown_are_found() -> None:
    found = [test for test in checklist.tests() if not test.name.startswith("test_m4_")]
    assert "**M 19/20, C 11/11**" in checklist.section(found)
    with pytest.raises(ValueError, match="no such items on the checklist: M99"):
        checklist.section([checklist.Test("test_m99_x", "test_x.py")])
