"""The parts of a run: what is redone when a run is limited by its param ``only``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EVERYTHING, FACTS, DIMENSIONS, CHECKS = "everything", "facts", "dimensions", "checks"

Parts = Mapping[str, Sequence[str]]


def is_wanted(name: str, parts_of: Parts, only: str) -> bool:
    """Whether a run has anything to do with a table, task or step.

    Args:
        name: of the table, task or step.
        parts_of: the parts that it belongs to, by name; what is not there belongs to all.
        only: the part that the run is limited to, or ``everything``.
    """
    chosen = (FACTS, DIMENSIONS) if only == EVERYTHING else (only,)
    return name not in parts_of or not set(parts_of[name]).isdisjoint(chosen)
