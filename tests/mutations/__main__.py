"""`python -m tests.mutations [name ...]`: shows which test notices each mutation; 1 if one survives."""

from __future__ import annotations

import sys

from tests.mutations.catalogue import MUTATIONS, table
from tests.mutations.runner import BaselineError, run


def main(names: list[str]) -> int:
    """Run the mutations of these names, or whose names begin so; all if none is given."""
    chosen = [mutation for mutation in MUTATIONS if not names or mutation.name.startswith(tuple(names))]
    outcomes = []
    try:
        for outcome in run(chosen):
            outcomes.append(outcome)
            progress = f"[{len(outcomes)}/{len(chosen)}] {outcome.mutation.name}: {outcome.verdict}"
            print(progress, f"({outcome.seconds:.0f} s)", outcome.problem, file=sys.stderr, flush=True)
    except BaselineError as error:
        print(f"The tests do not pass without any mutation:\n{error}", file=sys.stderr)
        return 2
    print(table(outcomes))
    return int(not all(outcome.killed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
