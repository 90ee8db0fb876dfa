"""Pseudo-random choices that come out alike on every Python and platform."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of choices fixed by its key.

    Only `Random.random()` is used: Python promises the same sequence for the same seed from it alone, not from
    `choice`, `sample` or `shuffle` (Python documentation, random: Notes on Reproducibility).

    Args:
        *key: what the stream is for, such as a seed and a day; equal keys give equal streams.
    """

    def __init__(self, *key: object) -> None:
        self._random = random.Random("/".join(map(str, key)))  # noqa: S311 - data, not secrets

    def below(self, limit: int) -> int:
        """Draw an integer from 0 to `limit` - 1."""
        return int(self._random.random() * limit)

    def between(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """Say yes in `percent` of 100 cases."""
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        """Draw one of `items`, each as likely as another."""
        return items[self.below(len(items))]

    def favour(self, items: Sequence[T]) -> T:
        """Draw one of `items`, the first of them far more often than the last."""
        share = self._random.random()
        return items[int(share * share * len(items))]

    def code(self, length: int, alphabet: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") -> str:
        """Draw a text of `length` characters of `alphabet`."""
        return "".join(self.pick(alphabet) for _ in range(length))
