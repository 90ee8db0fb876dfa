"""Events as an app like Sparkify's logs them, 500 bytes each; all of them invented, always the same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EVENTS = 400_000
BAD_EVERY = 1000
COLUMNS = {
    "artist": "varchar(1024)", "auth": "varchar(64)", "firstName": "varchar(256)", "gender": "varchar(16)",
    "itemInSession": "integer", "lastName": "varchar(256)", "length": "double precision", "level": "varchar(16)",
    "location": "varchar(1024)", "method": "varchar(16)", "page": "varchar(64)", "registration": "bigint",
    "sessionId": "integer", "song": "varchar(1024)", "status": "integer", "ts": "bigint",
    "userAgent": "varchar(1024)", "userId": "integer",
}  # fmt: skip
# How a record is spoilt, in turns: a value that does not fit, JSON that cannot be read.
BAD = (lambda line: line.replace('"status": 200', '"status": "20O"'), lambda line: line[:-30])
CHECKSUM = (
    "count(*), sum(ts), sum(userid), sum(length::numeric(18, 5)), count(song), sum(len(useragent)), sum(iteminsession)"
)
AGENTS = (
    '"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.143 Safari/537.36"',
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0 Safari/537.36"',
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0)",
)
CITIES = ("San Francisco-Oakland-Hayward, CA", "Lake Havasu City-Kingman, AZ", "São Paulo", "Tampa-St. Petersburg, FL")


def events() -> Iterator[dict[str, Any]]:
    """Yields the events."""
    chance = random.Random(5)  # noqa: S311 - no secret
    for n in range(EVENTS):
        out, play = chance.random() < 0.03, chance.random() < 0.8
        user = chance.randrange(1, 10_000)
        yield {
            "artist": f"Artist {chance.randrange(5000)} and the Others" if play else None,
            "auth": "Logged Out" if out else "Logged In",
            "firstName": None if out else f"First {user}",
            "gender": None if out else "FM"[user % 2],
            "itemInSession": n % 40,
            "lastName": None if out else f"Last {user}",
            "length": round(chance.uniform(30, 600), 5) if play else None,
            "level": ("free", "paid")[user % 2],
            "location": None if out else CITIES[min(user % 40, 3)],
            "method": "PUT" if play else "GET",
            "page": "NextSong" if play else "Home",
            "registration": None if out else 1540000000000.0 + user * 1000,
            "sessionId": n // 40,
            "song": f"A Song of Some Words, Number {chance.randrange(20_000)}" if play else None,
            "status": 200,
            "ts": 1541105830796 + n * 97,
            "userAgent": None if out else AGENTS[user % 4],
            "userId": "" if out else str(user),
        }


def write(folder: Path) -> tuple[dict[str, Path], list[tuple[Any, ...]]]:
    """Writes the events in every form that is measured.

    Args:
        folder: where to.

    Returns:
        The files: `events.json`, as the app writes them; `lower.json`, with keys in lower case; `bad.json`, with a bad
        record in every thousand; `rows.txt`, already parsed, as PostgreSQL's COPY text. And the checksum of all rows,
        and of those that are not bad.
    """
    files = {name: folder / name for name in ("events.json", "lower.json", "bad.json", "rows.txt")}
    opened = {name: path.open("w", encoding="utf-8") for name, path in files.items()}
    sums = [Checksum(), Checksum()]
    for n, event in enumerate(events()):
        line = json.dumps(event, ensure_ascii=False).replace("/", "\\/")  # as the app's encoder does
        bad = n % BAD_EVERY == BAD_EVERY // 2
        opened["events.json"].write(line + "\n")
        opened["lower.json"].write(json.dumps({k.lower(): v for k, v in event.items()}, ensure_ascii=False) + "\n")
        opened["bad.json"].write((BAD[n // BAD_EVERY % 2](line) if bad else line) + "\n")
        row = {**event, "userId": event["userId"] or None}
        if row["registration"] is not None:
            row["registration"] = int(row["registration"])
        opened["rows.txt"].write("\t".join("\\N" if v is None else str(v) for v in row.values()) + "\n")
        sums[0].add(row)
        if not bad:
            sums[1].add(row)
    for file in opened.values():
        file.close()
    return files, [checksum.row() for checksum in sums]


class Checksum:
    """What `CHECKSUM` selects of the rows added."""

    def __init__(self) -> None:
        self._sums = [0] * 7

    def add(self, row: dict[str, Any]) -> None:
        """Counts a row in; `length` in hundred thousandths."""
        found = (
            1, row["ts"], int(row["userId"] or 0), round((row["length"] or 0) * 100_000), row["song"] is not None,
            len(row["userAgent"] or ""), row["itemInSession"],
        )  # fmt: skip
        self._sums = [total + value for total, value in zip(self._sums, found, strict=True)]

    def row(self) -> tuple[int, ...]:
        """The sums, `length` in hundred thousandths."""
        return tuple(self._sums)
