"""COPY of many small objects by manifest, beside a plain client that only gets them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from include.sandbox.aws import WORK_BUCKET, root_keys
from include.sandbox.state import REGION

if TYPE_CHECKING:
    from tests.benchmarks.workbench import Workbench

SONGS, THREADS, TIMES = 2_000, 16, 5
TABLE = """create table songs (artist_id varchar(64), artist_latitude double precision, artist_location varchar(1024),
artist_longitude double precision, artist_name varchar(1024), duration double precision, num_songs integer,
song_id varchar(64), title varchar(1024), year integer)"""


def ratio(bench: Workbench) -> float:
    """The least time of each, measured in turns; both read every object to its end."""
    import boto3

    copying = bench.copying
    clients = Config(max_pool_connections=THREADS)
    aws = copying.sandbox.state.aws
    plain = boto3.Session().client(
        "s3", endpoint_url=aws["endpoint"], region_name=REGION, config=clients, **root_keys(aws)
    )
    keys = [f"songs/{n:04}.json" for n in range(SONGS)]
    bench.tell(f"songs: writing {SONGS:,} objects")
    for n, key in enumerate(keys):
        copying.put_text(key, json.dumps(_song(n)))
    entries = [{"url": f"s3://{WORK_BUCKET}/{key}", "mandatory": True} for key in keys]
    manifest = copying.put_text("songs.manifest", json.dumps({"entries": entries}))
    copying.run(TABLE)

    def get(key: str) -> int:
        return len(plain.get_object(Bucket=WORK_BUCKET, Key=key)["Body"].read())

    gets, copies = [], []
    for n in range(TIMES + 1):  # the first pair warms up
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            size = sum(pool.map(get, keys))
        gets.append(time.perf_counter() - began)
        copying.run("truncate songs")
        copies.append(copying.copy("songs", manifest, "manifest json 'auto'"))
        found = copying.run("select count(*), sum(year), count(distinct song_id) from songs")
        assert found == [(SONGS, sum(_song(n)["year"] for n in range(SONGS)), SONGS)], f"loaded {found}"
        bench.tell(f"songs {n}/{TIMES}: {size:,} bytes, {copies[-1]:.2f} s / {gets[-1]:.2f} s")
    return min(copies[1:]) / min(gets[1:])


def _song(n: int) -> dict[str, Any]:
    return {
        "num_songs": 1, "artist_id": f"AR{n % 700:016}", "artist_latitude": None, "artist_longitude": None,
        "artist_location": "", "artist_name": f"Artist {n % 700}", "song_id": f"SO{n:016}",
        "title": f"A Song of {n} Words", "duration": 200.5 + n / 100, "year": 1960 + n % 60,
    }  # fmt: skip
