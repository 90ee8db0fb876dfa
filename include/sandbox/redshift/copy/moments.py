"""Dates and times: DATEFORMAT and TIMEFORMAT (AWS: r_DATEFORMAT_and_TIMEFORMAT_strings, automatic-recognition)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

from include.sandbox.redshift.errors import RedshiftError

EPOCH = datetime(1970, 1, 1)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 - easier to read
ELEMENTS = {
    "YYYY": r"(?P<year>\d{4})", "YY": r"(?P<short>\d{2})", "MONTH": r"(?P<name>[A-Za-z]{3,9})",
    "MON": r"(?P<name>[A-Za-z]{3,9})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})", "HH12": r"(?P<hour>\d{1,2})", "HH": r"(?P<hour>\d{1,2})",
    "MI": r"(?P<minute>\d{1,2})",
    "SS": r"(?P<second>\d{1,2})(?:\.(?P<fraction>\d+))?", "AM": r"(?P<half>[AaPp][Mm])", "PM": r"(?P<half>[AaPp][Mm])",
    "OF": r"(?P<zone>Z|[+-]\d{1,2}(?::?\d{2})?)?",
}  # fmt: skip
ELEMENT = re.compile("|".join(sorted(ELEMENTS, key=len, reverse=True)), re.IGNORECASE)
CLOCK = r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?)?"
# AWS: r_Datetime_types, TIME goes from 00:00:00 to 24:00:00.
TIME = r"(?:(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?|24:00(?::00(?:\.0{1,6})?)?)"
ZONE = r" ?(?P<zone>Z|UTC|GMT|PST|PDT|MST|MDT|CST|CDT|EST|EDT|[+-]\d{1,2}(?::?\d{2})?)?"
AUTOMATIC = [
    re.compile(form + CLOCK + ZONE, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})",
        r"(?P<month>\d{1,2})\.(?P<day>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<name>[A-Za-z]{3,9})[- ](?P<day>\d{1,2})[-, ]+(?P<year>\d{4})",
        r"(?P<day>\d{1,2})[- ](?P<name>[A-Za-z]{3,9})[- ](?P<year>\d{4})",
    )
] + [
    re.compile(
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2}) (?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})", re.ASCII
    ),
]
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "CST": -6, "CDT": -5, "EST": -5,
         "EDT": -4}  # fmt: skip


class BadMomentError(ValueError):
    """The text is no date or time of the format; its message is the format."""


def timestamp_reader(form: str | None, *, zoned: bool) -> Callable[[str], str]:
    """Returns what reads a TIMESTAMP or TIMESTAMPTZ (`zoned`) by TIMEFORMAT `form`; it raises BadMomentError."""
    if form in ("epochsecs", "epochmillisecs"):
        return _epoch(1 if form == "epochsecs" else 1000, "+00" if zoned else "")
    patterns = AUTOMATIC if form == "auto" else [_pattern(form or ("YYYY-MM-DD HH:MI:SSOF" if zoned else _DEFAULT))]
    shown = form or _DEFAULT

    def timestamp(text: str) -> str:
        moment, offset = _read(text, patterns, shown)
        if zoned:
            moment = moment.replace(tzinfo=offset or timezone.utc).astimezone(timezone.utc)
        # not by %Y, which Linux does not pad
        return moment.replace(tzinfo=None).isoformat(" ", "microseconds") + ("+00" if zoned else "")

    return timestamp


_DEFAULT = "YYYY-MM-DD HH:MI:SS"


def date_reader(form: str | None) -> Callable[[str], str]:
    """Returns what reads a DATE by DATEFORMAT `form`; it raises BadMomentError."""
    patterns = AUTOMATIC if form == "auto" else [_pattern(form or "YYYY-MM-DD")]
    shown = form or "YYYY-MM-DD"

    def day(text: str) -> str:
        return _read(text, patterns, shown)[0].date().isoformat()

    return day


def time_reader(text: str) -> str:
    """Reads a TIME.

    Raises:
        BadMomentError: it is none.
    """
    return _time(text)["clock"]


def timetz_reader(text: str) -> str:
    """Reads a TIMETZ, which is kept in UTC.

    Raises:
        BadMomentError: it is none.
    """
    found = _time(text)
    ahead = (_offset(found["zone"]) or timezone.utc).utcoffset(None) // timedelta(minutes=1)
    hour, minute, *rest = found["clock"].split(":")
    if ahead:
        parts = divmod((int(hour) * 60 + int(minute) - ahead) % (24 * 60), 60)
        hour, minute = (f"{part:02}" for part in parts)
    return ":".join([hour, minute, *rest]) + "+00"


def _time(text: str) -> re.Match[str]:
    found = re.fullmatch(f"(?P<clock>{TIME}){ZONE}", text, re.ASCII)
    if not found:
        raise BadMomentError("HH:MI:SS")
    return found


def _epoch(per_second: int, suffix: str) -> Callable[[str], str]:
    def epoch(text: str) -> str:
        if not re.fullmatch(r"-?\d+(\.\d*)?", text):
            raise BadMomentError("epochsecs" if per_second == 1 else "epochmillisecs")
        whole, _, fraction = text.partition(".")
        scale = 1_000_000 // per_second
        micros = int(whole) * scale + int((fraction + "000000")[:6]) * scale // 1_000_000
        try:
            moment = EPOCH + timedelta(microseconds=micros)
        except OverflowError:
            raise BadMomentError("epoch out of range") from None
        return moment.isoformat(" ", "microseconds") + suffix

    return epoch


def _pattern(form: str) -> re.Pattern[str]:
    """Turns a format string into a pattern: its elements, everything else literally."""
    parts, at, seen = [], 0, set[str]()
    for found in ELEMENT.finditer(form):
        element = ELEMENTS[found[0].upper()]
        if element in seen:
            raise RedshiftError(f"the date or time format '{form}' names {found[0]} twice", "22007")
        seen.add(element)
        parts += [re.escape(form[at : found.start()]), element]
        at = found.end()
    if not parts:
        raise RedshiftError(f"'{form}' is not a date or time format", "22007")
    return re.compile("".join([*parts, re.escape(form[at:])]), re.ASCII)


def _read(text: str, patterns: list[re.Pattern[str]], shown: str) -> tuple[datetime, timezone | None]:
    for pattern in patterns:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            try:
                return _moment(parts), _offset(parts.get("zone"))
            except (ValueError, OverflowError):
                break
    raise BadMomentError(shown)


def _moment(parts: dict[str, str | None]) -> datetime:
    month = parts.get("month") or MONTHS.index((parts.get("name") or "jan")[:3].lower()) + 1
    year = int(parts.get("year") or 0) or 2000 + int(parts.get("short") or 0)
    hour, half = int(parts.get("hour") or 0), (parts.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    day = date(year, int(month), int(parts.get("day") or 1))
    micros = int(((parts.get("fraction") or "") + "000000")[:6])
    return datetime(
        day.year, day.month, day.day, hour, int(parts.get("minute") or 0), int(parts.get("second") or 0), micros
    )


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone.upper() in ZONES:
        return timezone(timedelta(hours=ZONES[zone.upper()]))
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    return timezone((1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
