"""A question is a file of SQL; its answer are the rows for a range of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparkify.warehouse import Session

SQL = Path(__file__).resolve().parents[1] / "sql"
OVERVIEW = "overview"
# In the order in which they are printed.
NAMES = (
    OVERVIEW, "plays_by_hour", "top_songs", "top_artists", "retention", "conversion", "time_to_paid", "sessions",
)  # fmt: skip
FIRST, LAST = datetime(1, 1, 1, tzinfo=timezone.utc), datetime(9999, 1, 1, tzinfo=timezone.utc)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Range:
    """A half-open range of time, [start, end), in UTC; all of it by default."""

    start: datetime = FIRST
    end: datetime = LAST

    @property
    def bound(self) -> dict[str, str]:
        """The values that the SQL names, as timestamps without a zone, which is what the star schema holds."""
        return {name: f"{moment:%Y-%m-%d %H:%M:%S.%f}" for name, moment in vars(self).items()}

    def __str__(self) -> str:
        first, last = (
            "…" if moment in (FIRST, LAST) else f"{moment:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
            for moment in (self.start, self.end)
        )
        return f"[{first}, {last}) UTC"


@dataclass(frozen=True)
class Answer:
    """What a question came to.

    Args:
        name: of the question.
        text: the question in words.
        asked: of what range.
        rows: values by column, in the order of the SQL; none if there is nothing in the range.
    """

    name: str
    text: str
    asked: Range
    rows: list[dict[str, Any]]


def text(name: str) -> str:
    """Returns a question in words: the first line of its SQL."""
    return (SQL / "reports" / f"{name}.sql").read_text().splitlines()[0].removeprefix("-- ")


def sql(name: str, schema: str) -> str:
    """Returns a question's SQL, in which values are named as `%(start)s` and `%(end)s`.

    Args:
        name: of the question.
        schema: of the star.

    Raises:
        AirflowFailException: the schema's name is not a plain identifier.
    """
    from sparkify.macros import identifier  # Airflow's SDK, which it imports, takes seconds
    from sparkify.templates import rendered

    star = identifier(schema)
    return rendered(f"reports/{name}.sql", lambda: star)


def pasted(name: str, schema: str, asked: Range) -> str:
    """Returns a question's SQL with the range in it, for a query editor; what is asked here has it bound."""
    return sql(name, schema) % {name: f"'{value}'" for name, value in asked.bound.items()}


def ask(session: Session, name: str, schema: str, asked: Range) -> Answer:
    """Asks one question.

    Args:
        session: of a user who may read the star schema.
        name: of the question.
        schema: of the star.
        asked: the range that the question is about.
    """
    return Answer(name, text(name), asked, session.records(sql(name, schema), asked.bound))


def covered(session: Session, schema: str, start: datetime | None, end: datetime | None) -> Range:
    """Returns the range to ask about; where it is open, it begins and ends with the hours of the plays that are there.

    Args:
        session: of a user who may read the star schema.
        schema: of the star.
        start: first moment, in UTC.
        end: first moment that is left out, in UTC.
    """
    given = Range(start or FIRST, end or LAST)
    found = ask(session, OVERVIEW, schema, given).rows if not (start and end) else []
    if not found:
        return given
    first, last = (
        found[0][name].replace(minute=0, second=0, microsecond=0, tzinfo=timezone.utc)
        for name in ("first_play", "last_play")
    )
    return Range(start or first, end or last + timedelta(hours=1))
