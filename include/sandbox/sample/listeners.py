"""The invented people who listen, and when each of them pays."""

from dataclasses import dataclass, replace
from datetime import date

from include.sandbox.sample import words
from include.sandbox.sample.draw import Draw

LISTENERS = 64


@dataclass(frozen=True)
class Listener:
    """A registered user of the app.

    Args:
        user_id: a positive integer, as text.
        first_name: the given name.
        last_name: the family name.
        gender: "F" or "M".
        location: town and state.
        user_agent: the browser's name for itself.
        registration: milliseconds since 1970.
        paid: whether the account is paid on day 0 of the phase.
        period: days between two changes of level, 0 for never.
    """

    user_id: str
    first_name: str
    last_name: str
    gender: str
    location: str
    user_agent: str
    registration: int
    paid: bool
    period: int = 0

    def level(self, day: date) -> str:
        """The account's level as the day begins, "free" or "paid"."""
        changes = (day.toordinal() + int(self.user_id)) // self.period if self.period else 0
        return "paid" if self.paid == (changes % 2 == 0) else "free"

    def married(self, last_name: str) -> "Listener":
        """The same person under another family name."""
        return replace(self, last_name=last_name)


def listeners(seed: int, count: int = LISTENERS) -> list[Listener]:
    """Invent the users, whose ids count up from 2."""
    draw = Draw(seed, "listeners")
    return [_listener(draw, str(number)) for number in range(2, count + 2)]


def _listener(draw: Draw, user_id: str) -> Listener:
    gender = draw.pick("FM")
    towns = "-".join({draw.pick(words.TOWNS): None, draw.pick(words.TOWNS): None})
    return Listener(
        user_id=user_id,
        first_name=draw.pick(words.FIRST_NAMES[gender]),
        last_name=draw.pick(words.LAST_NAMES),
        gender=gender,
        location=f"{towns}, {draw.pick(words.STATES)}",
        user_agent=draw.pick(words.USER_AGENTS),
        registration=draw.between(1_539_000_000, 1_543_000_000) * 1000 + 796,
        paid=draw.chance(30),
        period=draw.between(2, 5) if draw.chance(30) else 0,
    )
