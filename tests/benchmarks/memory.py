"""What a COPY of one large object adds to the stand-in's memory."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from include.sandbox.aws import WORK_BUCKET

if TYPE_CHECKING:
    from tests.benchmarks.workbench import Workbench

LOOK_SECONDS = 0.02
SIZES = 1 << 28, 1 << 30
MEGABYTE = 1 << 20


def megabytes(bench: Workbench) -> float:
    """The most that the process holds beyond what it holds at rest, while it copies 1 GB; a quarter of it first."""
    copying = bench.copying
    process = next(child.popen for child in copying.sandbox.children if child.name == "redshift")
    stand_in = psutil.Process(process.pid)
    copying.run("create table numbers (n bigint, filling varchar(1024))")
    rest, grown = stand_in.memory_info().rss, 0.0
    for size in SIZES:
        rows = size // len(_line(0))
        path = bench.folder() / "numbers.json"
        _write(path, rows)
        bench.tell(f"memory: {path.stat().st_size:,} bytes")
        source = copying.put_large(path)
        copying.run("truncate numbers")
        with Watch(stand_in) as watch:
            copying.copy("numbers", source, "json 'auto'")
        found = copying.run("select count(*), sum(n) from numbers")
        assert found == [(rows, rows * (rows - 1) // 2)], f"loaded {found}"
        grown = max(grown, (watch.most - rest) / MEGABYTE)
        bench.tell(f"memory: {rest / MEGABYTE:.0f} MB at rest, {watch.most / MEGABYTE:.0f} MB at most")
        path.unlink()
        copying.s3.delete_object(Bucket=WORK_BUCKET, Key=path.name)
    copying.run("drop table numbers")
    return grown


def _line(n: int) -> str:
    return json.dumps({"n": n, "filling": "x" * 460}).ljust(499) + "\n"


def _write(path: Path, rows: int) -> None:
    with path.open("w") as file:
        for n in range(rows):
            file.write(_line(n))


class Watch:
    """Looks at a process's memory again and again.

    Args:
        process: which.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.most = 0
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.most = max(self.most, self._process.memory_info().rss)
