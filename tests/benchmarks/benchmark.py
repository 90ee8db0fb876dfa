"""What a benchmark is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.workbench import Workbench


@dataclass(frozen=True)
class Benchmark:
    """Something that is measured.

    Args:
        name: one word, to run it alone.
        what: the figure in words, with the unit at its end.
        mark: what the figure must reach.
        measure: returns the figure; it is called once.
        at_least: whether the figure must not be below the mark; otherwise it must not be above.
    """

    name: str
    what: str
    mark: float
    measure: Callable[[Workbench], float]
    at_least: bool = False

    def line(self, figure: float) -> str:
        """What is printed of it, tab-separated."""
        verdict = "ok" if self.reaches(figure) else "short"
        return "\t".join((f"{self.name}: {self.what}", f"{figure:.2f}", f"{self.mark:.2f}", verdict))

    def reaches(self, figure: float) -> bool:
        """Whether a figure is good enough."""
        return figure >= self.mark if self.at_least else figure <= self.mark
