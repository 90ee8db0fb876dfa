"""`make bench`: runs every benchmark and prints a line for each: name, figure, mark, and `ok` or `short`."""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from include.sandbox.services import Sandbox, connect, query


@dataclass(frozen=True)
class Benchmark:
    """Something that is measured.

    Args:
        name: what, with the unit at its end.
        mark: the figure that must not be exceeded.
        measure: returns the figure; it is called once.
    """

    name: str
    mark: float
    measure: Callable[[], float]


def seconds_to_first_row() -> float:
    """Starts the services in an empty folder and runs one query."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        began = time.monotonic()
        with Sandbox(Path(folder)) as sandbox, connect(sandbox.state) as connection:
            query(connection, "select 1")
            return time.monotonic() - began


BENCHMARKS = [Benchmark("sandbox: empty folder to first row, s", 10.0, seconds_to_first_row)]


def main() -> int:
    """Runs all; 1 if a figure is short of its mark."""
    short = False
    for benchmark in BENCHMARKS:
        figure = benchmark.measure()
        verdict = "ok" if figure <= benchmark.mark else "short"
        short |= verdict == "short"
        print(benchmark.name, f"{figure:.2f}", f"{benchmark.mark:.2f}", verdict, sep="\t", flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
