"""The warehouse's books: what is not there yet, refused, or does not answer."""

from __future__ import annotations

import json
import os
import socket
from datetime import timedelta

import pytest

from sparkify.observe import books
from sparkify.observe.attention import UnavailableError
from sparkify.observe.books import opened

RANGE = {"start": "2018-12-01 00:00:00", "end": "2018-12-02 00:00:00"}
QUERIES = ("hours", "published", "plays", "hour", "objects", "checks", "quarantine", "throughput")


@pytest.fixture
def connection(environment, monkeypatch):
    """Changes the connection to the warehouse."""
    found = json.loads(environment["AIRFLOW_CONN_SPARKIFY_REDSHIFT"])

    def change(**other):
        monkeypatch.setitem(os.environ, "AIRFLOW_CONN_SPARKIFY_REDSHIFT", json.dumps({**found, **other}))

    return change


@pytest.fixture
def schema(monkeypatch):
    def choose(name):
        monkeypatch.setenv("AIRFLOW_VAR_SPARKIFY_SCHEMA", name)

    return choose


def refused():
    with pytest.raises(UnavailableError) as caught, opened() as found:
        found.ask("hours")
    return caught.value.attention


def test_before_the_first_run_they_are_empty(environment, schema):
    schema("not_there_yet")
    with opened() as found:
        for query in QUERIES:
            assert found.ask(query, **RANGE, day=RANGE["start"]) == []


def test_each_query_binds_its_values_with_either_driver(loaded, connection, schema):
    schema(loaded.name)
    answers = []
    for other in ({}, {"conn_type": "postgres", "extra": {"sslmode": "disable"}}):
        connection(**other)
        with opened() as found:
            answers.append([found.ask(query, **RANGE, day=RANGE["start"]) for query in QUERIES])
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == 1, "a day"
    assert len(answers[0][1]) == 24, "its hours"


def test_a_query_that_is_refused_says_which_and_what_to_do(corner, environment, schema):
    schema(corner.name)
    corner.execute("create table {star}.loaded_hours (hour timestamp)")
    attention = refused()
    assert attention.what == "The warehouse refused a query"
    assert "observe/hours.sql" in attention.why
    assert "prepare" in attention.do


@pytest.mark.parametrize("kind", ["redshift", "postgres"])
def test_a_port_that_nobody_serves_is_told_at_once(connection, free_port, kind):
    connection(conn_type=kind, port=free_port, extra={})
    attention = refused()
    assert attention.what == "The warehouse does not answer"
    assert "Connection refused" in attention.why


def test_a_password_that_is_wrong_is_told_at_once_and_not_shown(connection):
    connection(password="not-the-password")
    attention = refused()
    assert attention.what == "The warehouse does not answer"
    assert "password" in attention.why
    assert "not-the-password" not in attention.why


def test_a_server_that_says_nothing_is_not_waited_for_long(connection, monkeypatch):
    monkeypatch.setattr(books, "STATEMENT_TIMEOUT", timedelta(seconds=1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection(port=silent.getsockname()[1])
        assert "timed out" in refused().why or "time out" in refused().why
