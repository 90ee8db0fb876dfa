"""Every mutation is noticed by a test."""

from contextlib import suppress

import pytest

from tests.mutations.catalogue import MUTATIONS, table
from tests.mutations.runner import run


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_mutation_is_killed(tally):
    outcomes = []
    for outcome in run(MUTATIONS):
        outcomes.append(outcome)
        with suppress(AssertionError), tally("mutations killed"):
            assert outcome.killed
    assert all(outcome.killed for outcome in outcomes), table(outcomes)
