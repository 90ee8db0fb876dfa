"""One way in which the project would be wrong, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BUG = re.compile(r"bug_(\d\d)_")


class MisplacedError(ValueError):
    """The text that a mutation replaces is not there, or is there more than once."""


@dataclass(frozen=True)
class Mutation:
    """A change to one file of the project, and the tests that must notice it.

    Args:
        name: `bug_<number>_<what>` for a bug of the list in `bugs.py`, anything else for a promise of our own.
        says: what the project does when it is so changed.
        file: which file, from the top of the project.
        changes: what is there, exactly once, and what takes its place.
        tests: a narrow selection, as pytest takes it.
    """

    name: str
    says: str
    file: str
    changes: Mapping[str, str]
    tests: tuple[str, ...]

    @property
    def bug(self) -> int | None:
        """The number of the bug; None for a promise of our own."""
        found = BUG.match(self.name)
        return int(found[1]) if found else None

    def applied(self, text: str) -> str:
        """The file's text with the changes.

        Raises:
            MisplacedError: what is to be replaced does not occur exactly once.
        """
        for old, new in self.changes.items():
            if text.count(old) != 1:
                raise MisplacedError(f"{self.name}: {self.file} has {text.count(old)} times, not once:\n{old}")
            text = text.replace(old, new)
        return text

    def apply(self, root: Path) -> None:
        """Change the file in a copy of the project."""
        path = root / self.file
        path.write_text(self.applied(path.read_text()))
