"""What real operators tell a StatsD server, held against what they did."""

import os
import subprocess
import sys
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from include.sandbox.statsd import StatsdServer, settings
from sparkify import metrics
from sparkify.metrics import Counter, Gauge, Metric, Timer
from tests.bad_day import unloadable

PAGE = Path(__file__).parents[3] / "include" / "docs" / "lineage-and-metrics.md"
KINDS = {Counter: "c", Gauge: "g", Timer: "ms"}
DECLARED = [found for found in vars(metrics).values() if isinstance(found, Metric)]
LAST_HOUR = ("2018-12-01T23", "2018-12-02")


@pytest.fixture
def server(monkeypatch):
    """Airflow's stats go to it, set up as Airflow sets them up in each task's process."""
    with StatsdServer() as listening:
        for name, value in settings("127.0.0.1", listening.port).items():
            monkeypatch.setenv(name, value)
        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
        yield listening
        stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def test_a_run_tells_what_it_did(pipeline, folder, server):
    pipeline.upload(folder)
    done = pipeline.run().all()
    server.settle()
    for task in ("stage_events", "stage_songs"):
        for name in ("objects", "bytes", "lines", "rows", "rejected"):
            assert server.of(f"sparkify.stage.{name}", task_id=task, dag_id="sparkify") == [done[task][name]], name
        (whole,), copies = (server.of(f"sparkify.stage.{name}", task_id=task) for name in ("duration", "copy"))
        assert 0 < sum(copies) < whole
    assert server.of("sparkify.publish") == [1]
    assert len(server.of("sparkify.publish.duration")) == 1
    for table, rows in pipeline.published().items():
        assert server.of("sparkify.publish.rows", table=table) == [sum(rows.values())], table
    assert server.of("sparkify.checks.passed") == [done["check_quality"]["passed"]]
    assert server.of("sparkify.checks.warned") == [done["check_quality"]["warned"]]
    assert server.of("sparkify.checks.failed") == [0]


def test_a_scheduled_run_tells_how_far_behind_it_is_and_what_is_stale(pipeline, folder, server):
    pipeline.upload(folder)
    pipeline.run(*LAST_HOUR, run_type="scheduled").all()
    server.settle()
    end = datetime.fromisoformat(LAST_HOUR[1]).replace(tzinfo=timezone.utc)
    (behind,) = server.of("sparkify.hours_behind")
    now = (datetime.now(timezone.utc) - end).total_seconds() / 3600
    assert now - 1 < behind < now
    assert server.of("sparkify.stale.hours") == [0]


def test_only_scheduled_runs_tell_how_far_behind_they_are(pipeline, folder, server):
    pipeline.upload(folder)
    run = pipeline.run(*LAST_HOUR, run_type="scheduled")
    run.run_type = "backfill"
    run.all()
    server.settle()
    assert server.of("sparkify.publish") == [1]
    assert server.of("sparkify.hours_behind") == []


def test_the_match_rate_is_that_of_the_check(pipeline, folder, server):
    """Of a thousand plays it can be told."""
    pipeline.upload(folder)
    pipeline.run().all()
    pipeline.execute("update {star}.published_runs set plays = 10000, matched_plays = 2500")
    pipeline.run("2018-12-02", "2018-12-02T01").all()
    server.settle()
    (rate,) = server.of("sparkify.match_rate")
    (plays, matched) = pipeline.sql("select sum(plays), sum(matched_plays) from {star}.published_runs")[0]
    assert rate == pytest.approx(float(matched) / float(plays), abs=0.001)


def test_what_fails_is_told_as_well(pipeline, server):
    pipeline.put("log_data/2018/12/2018-12-01-events.json", unloadable(1543622400001))
    pipeline.put("log_json_path.json", b"{}")
    run = pipeline.run()
    run.task("prepare")
    with pytest.raises(AirflowFailException):
        run.task("stage_events")
    server.settle()
    assert server.of("sparkify.stage.rejected")[0] > 0
    assert server.of("sparkify.publish") == []


@pytest.mark.parametrize("metric", DECLARED, ids=lambda metric: metric.name)
def test_each_metric_is_sent_as_what_it_is(metric, server):
    {Counter: lambda: metric.add(2, {}), Gauge: lambda: metric.set(2, {}), Timer: lambda: metric.record(0.002, {})}[
        type(metric)
    ]()
    server.settle()
    ((name, kind, value),) = [(told.name, told.kind, told.value) for told in server.told]
    assert (name, kind, value) == (f"airflow.{metric.name}", KINDS[type(metric)], 2)


def test_the_page_lists_exactly_these():
    listed = PAGE.read_text().split("<!-- metrics -->\n")[1].split("<!-- end -->")[0].splitlines()[2:]
    assert listed == [
        f"| `{metric.name}` | {type(metric).__name__.lower()} | {metric.unit} | {metric.meaning} |"
        for metric in DECLARED
    ]


# What a task's process does: sets up the stats, tells, ends.
PROCESS = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from sparkify import metrics
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
metrics.PUBLISH.add(1, {"dag_id": "sparkify"})
metrics.HOURS_BEHIND.set(0.5, {})
metrics.STAGE.record(2, {})
"""


@pytest.fixture
def collector():
    """Its port, and what an OpenTelemetry collector is sent."""
    sent = ExportMetricsServiceRequest()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.MergeFromString(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, sent
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_process_that_ends_has_sent_them_to_opentelemetry_too(collector):
    port, sent = collector
    settings = {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    subprocess.run([sys.executable, "-c", PROCESS], env={**os.environ, **settings}, check=True, timeout=120)
    arrived = [
        metric for resource in sent.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
    ]
    points = {metric.name: getattr(metric, metric.WhichOneof("data")).data_points[0] for metric in arrived}
    assert points["airflow.sparkify.publish"].as_int == 1
    assert points["airflow.sparkify.hours_behind"].as_double == 0.5
    assert points["airflow.sparkify.stage.duration"].sum == 2000
    assert {one.key: one.value.string_value for one in points["airflow.sparkify.publish"].attributes} == {
        "dag_id": "sparkify"
    }
