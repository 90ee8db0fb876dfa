"""`python -m tests.mutations [name ...]`: shows which test notices each mutation; 1 if one survives."""

from __future__ import annotations

import argparse
import sys

from tests.mutations.catalogue import MUTATIONS, table
from tests.mutations.runner import BaselineError, run


def main() -> int:
    """Run the mutations that the command line names."""
    parser = argparse.ArgumentParser(prog="tests.mutations", description="Show which test notices each mutation.")
    parser.add_argument("names", nargs="*", help="how the names of the mutations begin; all if none is given")
    names = tuple(parser.parse_args().names) or ("",)
    chosen = [mutation for mutation in MUTATIONS if mutation.name.startswith(names)]
    if not chosen:
        parser.error(f"no mutation is called {' or '.join(names)}")
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
    sys.exit(main())
