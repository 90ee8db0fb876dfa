"""COPY of JSON from the sandbox's S3, side by side with PostgreSQL's own COPY of the rows already parsed."""

from __future__ import annotations

import gzip
import shutil
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg2

from include.sandbox.aws import ROLE_ARN, WORK_BUCKET, client, root_keys
from include.sandbox.services import Sandbox
from include.sandbox.state import DATABASE, LOOPBACK, USER
from tests.benchmarks import events

if TYPE_CHECKING:
    from tests.benchmarks.workbench import Workbench

TIMES = 5
PATHS = '{"jsonpaths": [' + ", ".join(f"\"$['{key}']\"" for key in events.COLUMNS) + "]}"
TABLE = "create table {} (" + ", ".join(f"{key.lower()} {kind}" for key, kind in events.COLUMNS.items()) + ")"


@dataclass
class Copying:
    """The events in the sandbox's S3, and what their loading takes.

    Args:
        bench: whose sandbox it is.
    """

    bench: Workbench
    sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = self.bench.sandbox()
        self.s3 = client("s3", self.sandbox.state.aws["endpoint"], **root_keys(self.sandbox.state.aws))

    @cached_property
    def seconds(self) -> dict[str, float]:
        """The least time of each way, all of them measured in turns."""
        files, (good, better) = self.written
        files = {**files, "packed": files["events.json"].with_name("packed.json.gz")}  # COPY takes a prefix: a new one
        with files["events.json"].open("rb") as plain, gzip.open(files["packed"], "wb", 6) as packed:
            shutil.copyfileobj(plain, packed)
        urls = {name: self.put(path) for name, path in files.items() if name != "rows.txt"}
        by_paths = self.by_paths
        ways = {
            "postgres": lambda: self.parsed("events", files["rows.txt"]),
            "jsonpaths": lambda: self.copy("events", urls["events.json"], by_paths),
            "auto": lambda: self.copy("events", urls["lower.json"], "json 'auto'"),
            "gzip": lambda: self.copy("events", urls["packed"], f"{by_paths} gzip"),
            "errors": lambda: self.copy("events", urls["bad.json"], f"{by_paths} maxerror 100000"),
        }
        self.make("events")
        found: dict[str, list[float]] = {name: [] for name in ways}
        for n in range(TIMES + 1):  # the first round warms up
            for name, way in ways.items():
                self.run("truncate events")
                found[name].append(way())
                self.check("events", better if name == "errors" else good)
            took = ", ".join(f"{name} {seconds[-1]:.2f} s" for name, seconds in found.items())
            self.bench.tell(f"copy {n}/{TIMES}: {took}")
        return {name: min(seconds[1:]) for name, seconds in found.items()}

    @cached_property
    def written(self) -> tuple[dict[str, Path], list[tuple[Any, ...]]]:
        """The events as files, with their checksums: see `events.write`."""
        self.bench.tell(f"copy: writing {events.EVENTS:,} events")
        return events.write(self.bench.folder())

    @cached_property
    def by_paths(self) -> str:
        """The options of a COPY by a jsonpaths file, which is in S3 from now on."""
        return f"json '{self.put_text('jsonpaths.json', PATHS)}'"

    def make(self, table: str) -> None:
        """Makes a table for the events, empty."""
        self.run(f"drop table if exists {table}")
        self.run(TABLE.format(table))

    def put(self, path: Path) -> str:
        """Puts a file into S3; returns its URL."""
        self.s3.put_object(Bucket=WORK_BUCKET, Key=path.name, Body=path.read_bytes())
        return f"s3://{WORK_BUCKET}/{path.name}"

    def put_large(self, path: Path) -> str:
        """Puts a file into S3 in parts; returns its URL."""
        self.s3.upload_file(str(path), WORK_BUCKET, path.name)
        return f"s3://{WORK_BUCKET}/{path.name}"

    def put_text(self, key: str, text: str) -> str:
        """Puts a text into S3; returns its URL."""
        self.s3.put_object(Bucket=WORK_BUCKET, Key=key, Body=text.encode())
        return f"s3://{WORK_BUCKET}/{key}"

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs a statement in the stand-in; returns its rows."""
        with closing(psycopg2.connect(
            host=LOOPBACK, port=self.sandbox.state.ports["redshift"], dbname=DATABASE, user=USER,
            password=self.sandbox.state.secret("redshift"),
        )) as connection:  # fmt: skip
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []

    def copy(self, table: str, source: str, options: str) -> float:
        """Seconds that the stand-in takes for a COPY, with connecting and committing."""
        began = time.perf_counter()
        self.run(f"copy {table} from '{source}' iam_role '{ROLE_ARN}' {options}")
        return time.perf_counter() - began

    def parsed(self, table: str, rows: Path) -> float:
        """Seconds that PostgreSQL itself takes for rows that are parsed already."""
        with rows.open("rb") as file:
            began = time.perf_counter()
            _copy_text(self.sandbox.postgres().dsn(DATABASE, USER, self.sandbox.state.secret("redshift")), table, file)
            return time.perf_counter() - began

    def check(self, table: str, expected: tuple[Any, ...]) -> None:
        """Raises AssertionError if other rows have been loaded: a fast wrong answer counts for nothing."""
        (found,) = self.run(f"select {events.CHECKSUM} from {table}")
        found = tuple(int(value * 100_000) if n == 3 else value for n, value in enumerate(found))
        assert found == expected, f"loaded {found}, not {expected}"


def _copy_text(dsn: str, table: str, file: IO[bytes]) -> None:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.copy_expert(f"copy {table} from stdin", file, 1 << 18)


def by_paths(bench: Workbench) -> float:
    """The speed of COPY by a jsonpaths file as a part of PostgreSQL's own."""
    return bench.copying.seconds["postgres"] / bench.copying.seconds["jsonpaths"]


def by_name(bench: Workbench) -> float:
    """The speed of COPY by 'auto' as a part of PostgreSQL's own."""
    return bench.copying.seconds["postgres"] / bench.copying.seconds["auto"]


def packed(bench: Workbench) -> float:
    """The speed of COPY from a gzipped object as a part of that from a plain one."""
    return bench.copying.seconds["jsonpaths"] / bench.copying.seconds["gzip"]


def with_errors(bench: Workbench) -> float:
    """The speed of COPY with a bad record in every thousand as a part of that without any."""
    return bench.copying.seconds["jsonpaths"] / bench.copying.seconds["errors"]
