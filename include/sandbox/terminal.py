"""What others have written, before it comes to a terminal."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t"
# Control characters move the cursor and set titles; marks of direction turn the rest of a line around.
DANGEROUS = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str) -> str:
    """Returns a text as a terminal can show it: control characters as Python writes them in its strings.

    Args:
        text: any; of what it holds, new lines and tabs are kept.
    """
    if text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1] if unicodedata.category(character) in DANGEROUS and character not in KEPT else character
        for character in text
    )
