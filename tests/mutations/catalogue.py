"""All mutations, and what is said of them in the end."""

from __future__ import annotations

from collections.abc import Sequence

from tests.mutations.alerts import ALERTS
from tests.mutations.bugs import BUGS, CANNOT_EXIST
from tests.mutations.observed import OBSERVED
from tests.mutations.promises import PROMISES
from tests.mutations.reports import REPORTS
from tests.mutations.runner import Outcome
from tests.mutations.stand_in import STAND_IN

MUTATIONS = [*BUGS, *PROMISES, *ALERTS, *OBSERVED, *REPORTS, *STAND_IN]
NUMBERS = range(1, 18)  # of the bugs


def table(outcomes: Sequence[Outcome]) -> str:
    """What killed each mutation, what cannot exist, and the sums."""
    width = max(len(outcome.mutation.name) for outcome in outcomes)
    in_order = sorted(outcomes, key=lambda outcome: MUTATIONS.index(outcome.mutation))
    lines = [f"{outcome.mutation.name:<{width}}  {outcome.seconds:4.0f} s  {outcome.verdict}" for outcome in in_order]
    lines += [f"cannot exist here: {form}: {why}" for form, why in CANNOT_EXIST.items()]
    survived = {outcome.mutation.bug for outcome in outcomes if not outcome.killed}
    tried = {outcome.mutation.bug for outcome in outcomes} & set(NUMBERS)
    lines.append(f"bugs of the list killed in every form {len(tried - survived)}/{len(tried)}")
    lines.append(f"mutations killed {sum(outcome.killed for outcome in outcomes)}/{len(outcomes)}")
    return "\n".join(lines)
