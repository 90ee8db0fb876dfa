"""Star schemas whose rows are put there as a correct load would, and users who may only read them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from include.reports.questions import NAMES, SQL, Range, ask
from include.sandbox.services import SCHEMA, connect
from include.sandbox.state import State
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


@contextmanager
def new_star(state: State, schema: str) -> Iterator[Star]:
    """An empty star schema that is gone at the end, with its analyst."""
    password = f"Aa1{secrets.token_hex(8)}"
    templates = Environment(loader=FileSystemLoader(SQL))  # noqa: S701 - it renders SQL
    names = {"star": lambda: schema, "reader_role": lambda: f"{schema}_reader"}
    with connect(state) as owning:
        owning.autocommit = True
        owner = Session(owning, pid=0)
        owner.run(f"create schema {schema}")
        owner.run(f"create role {schema}_reader")
        for name in CREATE:
            owner.script(templates.get_template(name).render(names))
        owner.run(f"create user {schema}_analyst password '{password}'")
        owner.run(f"grant role {schema}_reader to {schema}_analyst")
        with connect(state, f"{schema}_analyst", password) as reading:
            reading.autocommit = True
            yield Star(schema, owner, Session(reading, pid=0), password)
        for what in (f"schema {schema} cascade", f"user {schema}_analyst", f"role {schema}_reader"):
            owner.run(f"drop {what}")


@pytest.fixture(scope="module")
def star(_sandbox: Any) -> Iterator[Star]:
    """Shared by a module's tests; each publishes what it asks about."""
    with new_star(_sandbox.services.state, f"t_{secrets.token_hex(5)}") as made:
        yield made


@pytest.fixture
def own_star(_sandbox: Any) -> Iterator[Star]:
    """That of the sandbox itself, under the name that its commands know."""
    with new_star(_sandbox.services.state, SCHEMA) as made:
        yield made
