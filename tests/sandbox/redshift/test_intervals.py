"""Intervals in binary: Amazon's driver reads and sends what PostgreSQL 8.0 does, others what PostgreSQL does today."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import redshift_connector
from redshift_connector.interval import Interval, IntervalDayToSecond, IntervalYearToMonth


def test_c2_amazons_driver_reads_intervals(cluster: Any, schema: str) -> None:
    cursor = cluster.connector().cursor()
    cursor.execute("""
        SELECT interval '3 seconds', interval '1 day 2 hours', interval '-1 day', interval '14 months',
               interval '-1 month 2 days', timestamp '2020-01-03' - timestamp '2020-01-01 10:00', null::interval
    """)
    assert list(cursor.fetchone()[:4]) == [
        timedelta(seconds=3), timedelta(days=1, hours=2), timedelta(days=-1), Interval(0, 0, 14)
    ]  # fmt: skip
    cursor.execute("SELECT timestamp '2020-01-03' - timestamp '2020-01-01 10:00', null::interval")
    assert list(cursor.fetchone()) == [timedelta(days=1, hours=14), None]


@pytest.mark.parametrize("span", [timedelta(days=1, seconds=2.5), timedelta(hours=-3)])
def test_c2_amazons_driver_sends_intervals(cluster: Any, schema: str, span: timedelta) -> None:
    cursor = cluster.connector().cursor()
    cursor.execute("SELECT %s, timestamp '2020-01-01' + %s, %s, %s", (span, span, "text", 2**40))
    assert list(cursor.fetchone()) == [span, datetime(2020, 1, 1) + span, "text", 2**40]


@pytest.mark.parametrize("span", [IntervalYearToMonth(5), IntervalDayToSecond(5)])
def test_c2_an_interval_of_redshifts_own_types_is_refused(cluster: Any, schema: str, span: Interval) -> None:
    cursor = cluster.connector().cursor()
    with pytest.raises(redshift_connector.ProgrammingError, match=r"type interval (year|day) to (month|second)"):
        cursor.execute("SELECT %s", (span,))


def test_c1_other_drivers_read_and_send_intervals_in_binary(cluster: Any, schema: str) -> None:
    address = {"host": "127.0.0.1", "port": cluster.port, "user": "awsuser", "password": cluster.password}
    with closing(psycopg.connect(**address, dbname="dev")) as connection, connection.cursor(binary=True) as cursor:
        cursor.execute("SELECT interval '1 day 2 seconds', %b", (timedelta(days=3),))
        assert cursor.fetchone() == (timedelta(days=1, seconds=2), timedelta(days=3))
