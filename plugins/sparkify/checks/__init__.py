"""Quality checks as data: what must hold of a table, how much of it may not, and how bad it is if more does not."""

from sparkify.checks.check import Check, Rows, Share, expect
from sparkify.checks.declaration import DeclarationError, Mask, together
from sparkify.checks.rules import accepted, custom, holds, in_range, matches, not_null, references, unique

__all__ = [
    "Check",
    "DeclarationError",
    "Mask",
    "Rows",
    "Share",
    "accepted",
    "custom",
    "expect",
    "holds",
    "in_range",
    "matches",
    "not_null",
    "references",
    "together",
    "unique",
]
