"""S3 fails, stalls or breaks off when a worker asks it for something: asking again cures it, or Airflow's retry."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException

from tests.proxies import CUT, STALL, Fault, FaultyHttp

S3 = "AIRFLOW_CONN_SPARKIFY_AWS"
LONGEST = 30  # seconds that a task may take to give up, on a busy machine
IMPATIENT = {"read_timeout": 0.5, "retries": {"mode": "standard", "total_max_attempts": 2}}
# What a worker asks of S3: the task, the request, and what the message has to name.
REQUESTS = {
    "list": ("stage_events", lambda method, path: method == "GET" and "list-type" in path, "s3://sparkify-source/"),
    "manifest": ("stage_events", lambda method, path: method == "PUT", "s3://sparkify-work/"),
    "record": ("stage_songs", lambda method, path: method == "GET" and path.endswith(".json"), "s3://sparkify-source/"),
}
requests = pytest.mark.parametrize(("task", "is_one", "named"), REQUESTS.values(), ids=REQUESTS)


@pytest.fixture
def s3(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FaultyHttp]]:
    """Puts a proxy between the workers and S3; what is given besides goes to the connection's configuration."""
    found = json.loads(os.environ[S3])
    with FaultyHttp(int(found["extra"]["endpoint_url"].rsplit(":", 1)[1])) as proxy:

        def faulty(fault: Callable[[str, str], Fault], **config: Any) -> FaultyHttp:
            proxy.fault = fault
            extra = found["extra"] | {"endpoint_url": proxy.url, "config_kwargs": config}
            monkeypatch.setenv(S3, json.dumps(found | {"extra": extra}))
            return proxy

        yield faulty


def counts(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("objects", "lines", "rows")}


def staged(pipeline: Any, run: Any) -> list[int]:
    schema = run.xcoms["prepare"]["run_schema"]
    tables = ("staging_events", "staging_songs", "staging_events_objects", "staging_songs_objects", "table_stamps")
    return [pipeline.sql(f"select count(*) from {schema}.{table}")[0][0] for table in tables]


@pytest.mark.parametrize("status", [500, 503])
def test_s3_that_fails_twice_is_asked_again(prepared, s3, status):
    undisturbed = counts(prepared.task("stage_songs"))
    number = itertools.count()
    proxy = s3(lambda method, path: status if next(number) < 2 else None)
    assert counts(prepared.task("stage_songs")) == undisturbed
    assert proxy.faults == 2


@requests
@pytest.mark.parametrize("fault", [500, 503, STALL])
def test_s3_that_does_not_answer_is_left_to_the_retry(loaded, prepared, s3, task, is_one, named, fault):
    proxy = s3(lambda method, path: fault if is_one(method, path) else None, **IMPATIENT)
    began = time.monotonic()
    with pytest.raises(AirflowException, match=f"{named}.* on connection 'sparkify_aws'.* tried again") as stopped:
        prepared.task(task)
    assert stopped.type is AirflowException
    assert time.monotonic() - began < LONGEST
    assert proxy.faults > 1
    assert staged(loaded, prepared) == [0] * 5
    proxy.fault = lambda method, path: None
    assert prepared.task(task)["rows"] > 0


def test_an_answer_that_breaks_off_is_left_to_the_retry(loaded, prepared, s3):
    task, is_one, named = REQUESTS["record"]
    proxy = s3(lambda method, path: CUT if is_one(method, path) else None)
    with pytest.raises(AirflowException, match=f"{named}.* on connection 'sparkify_aws'") as stopped:
        prepared.task(task)
    assert stopped.type is AirflowException
    assert staged(loaded, prepared) == [0] * 5
    proxy.fault = lambda method, path: None
    assert prepared.task(task)["rows"] > 0
