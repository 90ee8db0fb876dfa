"""Moments as a person writes them."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pendulum


def moment(text: str) -> datetime:
    """Reads an ISO 8601 date or date-time; without an offset it is UTC.

    Returns:
        The moment, in UTC.

    Raises:
        ValueError: it is none; the message says what would be one.
    """
    try:
        parsed: object = pendulum.parse(text, tz="UTC", exact=True)
        if isinstance(parsed, datetime):
            return datetime.fromtimestamp(parsed.timestamp(), timezone.utc)
        if isinstance(parsed, date):
            return datetime(parsed.year, parsed.month, parsed.day, tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # what is within the calendar where it is written may lie outside it in UTC
        pass
    raise ValueError(f"{text} is not an ISO 8601 date, such as 2018-11-01 or 2018-11-01T05:00.")
