"""`make bench`: runs every benchmark and prints a line for each: name, figure, mark, and `ok` or `short`.

`make bench ARGS="parse range"` runs those only. What is being done is told on stderr. Where the machine decides, the
figure is a ratio of two things that are measured in turns. Other tools get environments of their own below
`.venv-peers`, set up by the first run and again when their pins change.
"""

from __future__ import annotations

import argparse
import os
import sys

from include.sandbox.process import stopped_by_signals
from tests.benchmarks import checks, copying, first_row, growth, memory, overhead, page, parse, ranges, relay, songs
from tests.benchmarks.benchmark import Benchmark
from tests.benchmarks.peers import race
from tests.benchmarks.workbench import Workbench

# Those with Airflow come last: it goes on running for the next one.
BENCHMARKS = [
    Benchmark("sandbox", "empty folder to first row, s", 10.0, first_row.seconds),
    Benchmark("parse", "import of the DAG file beyond Airflow's SDK, s", 0.4, parse.seconds),
    Benchmark("growth", "hourly run's statements over 2,000,000 plays to over 20,000, times", 1.2, growth.ratio),
    Benchmark("relay_selects", "10,000 single-row selects through the stand-in over direct, times", 3.0, relay.selects),
    Benchmark("relay_fetch", "fetch of 1,000,000 rows through the stand-in over direct, times", 1.3, relay.fetch),
    Benchmark("checks", "60 checks over an hour's data over one, times", 3.0, checks.ratio),
    Benchmark("copy_json", "COPY by paths, its speed over PostgreSQL's of parsed rows", 0.45, copying.by_paths, True),
    Benchmark("copy_auto", "COPY by 'auto', its speed over PostgreSQL's of parsed rows", 0.45, copying.by_name, True),
    Benchmark("copy_gzip", "COPY of a gzipped object, its speed over a plain one's", 0.6, copying.packed, True),
    Benchmark("copy_errors", "COPY with a bad record in 1,000, its speed over none's", 0.5, copying.with_errors, True),
    Benchmark("copy_songs", "COPY of 2,000 small objects over 16 threads that get them, times", 1.2, songs.ratio),
    Benchmark("copy_memory", "COPY of 1 GB, beyond the stand-in's memory at rest, MB", 300.0, memory.megabytes),
    Benchmark("peer_orjson", "orjson and COPY row by row over COPY of the same, times", 3.0, race.over_orjson, True),
    Benchmark("peer_dlt", "dlt by Arrow, parquet and ADBC over COPY of the same, times", 2.0, race.over_dlt, True),
    Benchmark("peer_pandas", "pandas by read_json and COPY over COPY of the same, times", 4.0, race.over_pandas, True),
    Benchmark("peer_airflow", "Airflow's S3ToSqlOperator over COPY of the same, times", 7.0, race.over_airflow, True),
    Benchmark("overhead", "hourly run over the same graph of empty tasks, times", 2.2, overhead.ratio),
    Benchmark("range", "24 hourly runs over the day as one run, times", 12.0, ranges.ratio, at_least=True),
    # it writes five years into that Airflow's warehouse
    Benchmark("page", "the page over five years over one month, whole or its drawing alone, times", 1.5, page.ratio),
]


def main() -> int:
    """Runs all, or those named; 1 if a figure is short of its mark."""
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)}; all if none")
    wanted = parser.parse_args().names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    figures = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # Airflow's logs go to stdout
    short = False
    with stopped_by_signals(), Workbench() as bench:
        for benchmark in BENCHMARKS:
            if not wanted or benchmark.name in wanted:
                figure = benchmark.measure(bench)
                short |= not benchmark.reaches(figure)
                print(benchmark.line(figure), file=figures, flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
