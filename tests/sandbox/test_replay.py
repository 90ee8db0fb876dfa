"""What `make replay` finds in quarantine, and what it says where nothing fits."""

from __future__ import annotations

import pytest

from include.sandbox.replay import Selection
from include.sandbox.services import connect
from include.sandbox.state import SandboxError

QUARANTINE = """
    create table sparkify.quarantine (
        staged_table varchar, bucket varchar, object_key varchar, day timestamp, reason varchar, rule varchar,
        resolved_at timestamp
    )
"""
LONG_AGO = "2018-12-01"


@pytest.fixture
def state(sandbox):
    """Of the shared sandbox, in whose warehouse nothing is called sparkify but here."""
    found = sandbox.services.state
    with connect(found) as connection:
        connection.autocommit = True
        connection.cursor().execute("create schema sparkify")
        yield found
        connection.cursor().execute("drop schema sparkify cascade")


@pytest.fixture
def quarantine(state):
    """Of two open records, and one that is resolved."""
    rule = "column 'song_id' breaks the rule: a song has an id"
    with connect(state) as connection:
        cursor = connection.cursor()
        cursor.execute(QUARANTINE)
        for table, key, day, reason, name, resolved in (
            ("staging_songs", "song_data/A.json", None, rule, "a song has an id", None),
            ("staging_events", "log_data/1.json", LONG_AGO, "Invalid \x1b[31mdigit", None, None),
            ("staging_events", "log_data/2.json", LONG_AGO, "Overflow", None, LONG_AGO),
        ):
            row = (table, "b", key, day, reason, name, resolved)
            cursor.execute("insert into sparkify.quarantine values (%s, %s, %s, %s, %s, %s, %s)", row)
        connection.commit()
    return state


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Selection(), {"song_data/A.json", "log_data/1.json"}),
        (Selection(object="s3://b/log_data"), {"log_data/1.json"}),
        (Selection(reason="has an id"), {"song_data/A.json"}),
    ],
)
def test_what_fits_is_found(quarantine, selection, keys):
    assert {url for _, url, _, _ in selection.required(quarantine)} == {f"s3://b/{key}" for key in keys}


@pytest.mark.parametrize(
    ("selection", "asked"),
    [
        (Selection(object="song_data/Z"), "OBJECT='song_data/Z'"),
        (Selection(object="A.json", reason="Overflow"), "OBJECT='A.json' and REASON='Overflow'"),
        (Selection(reason="Overflow"), "REASON='Overflow'"),
    ],
)
def test_where_nothing_fits_what_was_asked_for_and_what_there_is_are_named(quarantine, selection, asked):
    with pytest.raises(SandboxError) as nothing:
        selection.required(quarantine)
    first, *listed = str(nothing.value).splitlines()
    assert first.startswith(f"No record in quarantine fits {asked}: ")
    assert sorted(listed) == [
        "  1 of staging_events: Invalid \\x1b[31mdigit",
        "  1 of staging_songs: a song has an id",
    ]


def test_a_warehouse_into_which_nothing_was_loaded_has_nothing(state):
    assert Selection().required(state) == []
    with pytest.raises(SandboxError, match=r"fits OBJECT='x': .* The quarantine is empty\.$"):
        Selection(object="x").required(state)
