"""What a person has to do, and that a place which facts come from does not answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Attention:
    """Something that a person has to do.

    Args:
        what: what is wrong, in a few words.
        why: how that is known, or what it comes from.
        do: what to do next.
        url: where to look; empty if nowhere in particular.
    """

    what: str
    why: str
    do: str
    url: str = ""

    def json(self) -> dict[str, str]:
        """As the page and scripts read it."""
        return asdict(self)


class UnavailableError(Exception):
    """A place that facts come from does not answer, or refuses.

    Args:
        attention: what a person should know of it.
    """

    def __init__(self, attention: Attention) -> None:
        super().__init__(f"{attention.what}: {attention.why} {attention.do}")
        self.attention = attention
