"""Star schemas whose rows are put there as a correct load would, and users who may only read them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlparse
from jinja2 import Environment, FileSystemLoader

from include.reports.questions import NAMES, SQL, Range, ask
from sparkify.warehouse import Session
from tests.oracle import Tables
from tests.report_oracle import Answer, expected_answers

CREATE = ("create/0001_star_schema.sql", "create/0003_reader_role.sql")
COLUMNS = {
    "users": "user_id first_name last_name gender level",
    "songs": "song_id title artist_id year duration",
    "artists": "artist_id name location latitude longitude",
    "time": "start_time hour day week month year weekday",
    "songplays": "songplay_id start_time user_id level song_id artist_id session_id location user_agent",
}


@dataclass
class Star:
    """A star schema of a test's own.

    Args:
        schema: its name.
        owner: a session that may write it.
        reader: a session of a user who has its reader role and nothing else.
        password: of that user.
    """

    schema: str
    owner: Session
    reader: Session
    password: str

    @property
    def analyst(self) -> str:
        return f"{self.schema}_analyst"

    def publish(self, tables: Tables) -> None:
        """Replace all rows."""
        with self.owner.transaction():
            for table, columns in COLUMNS.items():
                name = f'{self.schema}."{table}"'
                self.owner.run(f"delete from {name}")
                self.owner.insert(
                    name, [dict(zip(columns.split(), row, strict=True)) for row in getattr(tables, table)]
                )

    def answers(self, start: datetime, end: datetime) -> dict[str, Answer]:
        """What the reader is answered to every question; moments naive, in UTC."""
        asked = Range(start.replace(tzinfo=timezone.utc), end.replace(tzinfo=timezone.utc))
        return {name: ask(self.reader, name, self.schema, asked).rows for name in NAMES}

    def must_answer(self, tables: Tables, start: datetime, end: datetime) -> dict[str, Answer]:
        """Compare every answer with what plain Python makes of the tables; returns the answers."""
        found, wanted = self.answers(start, end), expected_answers(tables, start, end)
        for name in NAMES:
            assert _rounded(found[name]) == _rounded(wanted[name]), name
        return found


def _rounded(rows: Answer) -> Answer:
    """Sums of floating-point numbers depend on their order, in the last digits."""
    return [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]


@pytest.fixture(scope="module")
def new_star(_sandbox: Any) -> Iterator[Callable[[], Star]]:
    made: list[Star] = []

    def star() -> Star:
        schema, password = f"t_{secrets.token_hex(5)}", f"Aa1{secrets.token_hex(8)}"
        owner = Session(_sandbox.redshift(), pid=0)
        owner.connection.autocommit = True
        owner.run(f"create schema {schema}")
        owner.run(f"create role {schema}_reader")
        templates = Environment(loader=FileSystemLoader(SQL))  # noqa: S701 - it renders SQL
        for name in CREATE:
            text = templates.get_template(name).render(star=lambda: schema, reader_role=lambda: f"{schema}_reader")
            for statement in sqlparse.split(text):
                owner.run(statement)
        owner.run(f"create user {schema}_analyst password '{password}'")
        owner.run(f"grant role {schema}_reader to {schema}_analyst")
        reader = Session(_sandbox.redshift(user=f"{schema}_analyst", password=password), pid=0)
        reader.connection.autocommit = True
        made.append(Star(schema, owner, reader, password))
        return made[-1]

    yield star
    for found in made:
        found.reader.connection.close()
        found.owner.run(f"drop schema {found.schema} cascade")
        found.owner.run(f"drop user {found.analyst}")
        found.owner.run(f"drop role {found.schema}_reader")
        found.owner.connection.close()


@pytest.fixture(scope="module")
def star(new_star: Callable[[], Star]) -> Star:
    """Shared by a module's tests; each publishes what it asks about."""
    return new_star()
