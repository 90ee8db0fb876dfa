"""A pipeline of each test's own in the shared sandbox: its own schemas in the warehouse, its own prefix in S3."""

from __future__ import annotations

import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import DAG, BaseOperator

from include.sandbox import data
from include.sandbox.aws import SOURCE_BUCKET, WORK_BUCKET
from include.sandbox.sample import generate, marker_keys
from include.sandbox.services import Sandbox, app_client, connect, pipeline_environment, query
from sparkify.macros import MACROS
from tests.oracle import expected_tables
from tests.pipeline import Run, sparkify, variables_in

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABLES = ("songplays", "users", "songs", "artists", "time")
ORDINARY_SONGS = 6
TRAP_USER = b'"userId":"90'
TASK = "task"
DAY = ("2018-12-01", "2018-12-02")


@pytest.fixture(scope="session")
def environment(_sandbox: Any) -> Iterator[dict[str, str]]:
    """What Airflow reads its connections and variables from."""
    found = pipeline_environment(_sandbox.services.state)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setitem(os.environ, name, value)
        # boto3 takes longer to make a client than to use it, and the runs of a test process can share one
        patch.setattr(AwsBaseHook, "get_conn", _shared(AwsBaseHook.get_conn))
        yield found


def _shared(connect: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One client for all hooks of a service, connection and configuration, as long as these stay as they are."""
    clients: dict[tuple[str, str, str], Any] = {}

    def client(hook: Any) -> Any:
        found = hook.get_connection(str(hook.aws_conn_id)).get_uri()
        connection = hook.client_type, found, repr(hook.config and vars(hook.config))
        if connection not in clients:
            clients[connection] = connect(hook)
        return clients[connection]

    return client


@pytest.fixture(scope="session")
def dag() -> DAG:
    return sparkify()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of the sample with all its traps, and little in which nothing is odd. Not to be changed."""
    sample = generate(tmp_path_factory.mktemp("bucket") / "sample", days=2).folder
    ordinary = [path for path in sorted(sample.glob("song_data/**/*.json")) if b"0000" not in path.read_bytes()]
    for path in ordinary[ORDINARY_SONGS:]:
        path.unlink()
    for path in sample.glob("log_data/**/*-events.json"):
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join(line for n, line in enumerate(lines) if n % 4 == 0 or TRAP_USER in line))
    return sample


@dataclass
class Pipeline:
    """The product over one schema and one source prefix that nobody else uses.

    Args:
        sandbox: where it runs.
        dag: whose tasks are run.
        variables: the Airflow Variables.
        name: of the star schema and of the prefix.
        s3: with the keys of the app, which writes the source bucket.
    """

    sandbox: Sandbox
    dag: DAG
    variables: dict[str, str]
    name: str
    s3: S3Client
    _opened: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables = {
            **self.variables,
            "sparkify_schema": self.name,
            "sparkify_source": f"s3://{SOURCE_BUCKET}/{self.name}",
            "sparkify_work": f"s3://{WORK_BUCKET}/{self.name}",
        }
        self.reconnect()

    def reconnect(self) -> None:
        """Open the session of the pipeline's own; once more after the warehouse was restarted."""
        self._opened.clear()
        self.warehouse = self.connect()
        self.warehouse.autocommit = True

    def connect(self) -> Any:
        """Another session in the warehouse; closed when the test ends."""
        self._opened.append(connect(self.sandbox.state))
        return self._opened[-1]

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=SOURCE_BUCKET, Key=f"{self.name}/{key}", Body=body)

    def remove(self, key: str) -> None:
        self.s3.delete_object(Bucket=SOURCE_BUCKET, Key=f"{self.name}/{key}")

    def upload(self, folder: Path, only: Callable[[str], bool] = lambda key: True) -> None:
        """Put what a bucket-shaped folder holds below the prefix, with the folder markers that consoles make."""
        for key, path in data.objects(folder):
            if only(key):
                self.put(key, path.read_bytes())
        for key in filter(only, marker_keys(folder)):
            self.put(key, b"")

    def source(self) -> dict[str, str]:
        """Every object below the prefix with its version."""
        listed = self.s3.list_objects_v2(Bucket=SOURCE_BUCKET, Prefix=f"{self.name}/").get("Contents", [])
        return {found["Key"]: found["ETag"] for found in listed}

    def run(self, start: str | None = DAY[0], end: str | None = DAY[1], run_id: str | None = None, **how: str) -> Run:
        return Run(self.dag, start, end, self.variables, run_id, **how)

    def operator(self, operator: type[BaseOperator], **arguments: Any) -> Run:
        """A run of a DAG that has one task, of the given operator; {star} in texts is the star schema."""
        named = {name: _named(value, self.name) for name, value in arguments.items()}
        with DAG("adhoc", schedule=None, user_defined_macros=MACROS, params={"start": None, "end": None}) as dag:
            operator(task_id=TASK, conn_id="sparkify_redshift", **named)
        return Run(dag, *DAY, self.variables)

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of a query, in which {star} is the star schema."""
        return [tuple(row) for row in query(self.warehouse, text.format(star=self.name))]

    def execute(self, text: str) -> None:
        """Run a statement, in which {star} is the star schema."""
        self.warehouse.cursor().execute(text.format(star=self.name))

    def published(self) -> dict[str, Counter[tuple[Any, ...]]]:
        """The rows of the five tables that analysts read, each with how often it is there."""
        return {table: Counter(self.sql(f'select * from {{star}}."{table}"')) for table in TABLES}

    def schemas(self) -> set[str]:
        """The schemas of runs that exist."""
        named = f"select nspname from pg_namespace where nspname like '{self.name}_run_%'"
        return {name for (name,) in self.sql(named)}

    def clear(self) -> None:
        """Remove all that the test made; first the sessions that may hold a lock on it."""
        for connection in self._opened[1:]:
            connection.close()
        if objects := [{"Key": key} for key in self.source()]:
            self.s3.delete_objects(Bucket=SOURCE_BUCKET, Delete={"Objects": objects})
        for schema in [*self.schemas(), self.name]:
            self.execute(f"drop schema if exists {schema} cascade")
        if self.sql(f"select 1 from svv_roles where role_name = '{self.name}_reader'"):
            self.execute(f"drop role {self.name}_reader")
        self.warehouse.close()


@pytest.fixture(scope="session")
def pipelines_in(dag: DAG) -> Callable[[Sandbox], Callable[[], Pipeline]]:
    """What makes pipelines in a sandbox, to which the environment has to lead."""

    def maker(sandbox: Sandbox) -> Callable[[], Pipeline]:
        variables = variables_in(pipeline_environment(sandbox.state))
        s3 = app_client(sandbox.state)
        return lambda: Pipeline(sandbox, dag, variables, f"t_{secrets.token_hex(5)}", s3)

    return maker


@pytest.fixture(scope="session")
def new_pipeline(_sandbox: Any, environment: dict[str, str], pipelines_in: Any) -> Callable[[], Pipeline]:
    return pipelines_in(_sandbox.services)


@pytest.fixture
def pipeline(new_pipeline: Callable[[], Pipeline]) -> Iterator[Pipeline]:
    """With an empty warehouse and an empty source."""
    made = new_pipeline()
    yield made
    made.clear()


@pytest.fixture
def corner(pipeline: Pipeline) -> Pipeline:
    """With an empty schema of its name."""
    pipeline.execute("create schema {star}")
    return pipeline


@pytest.fixture(scope="module")
def loaded(new_pipeline: Callable[[], Pipeline], folder: Path) -> Iterator[Pipeline]:
    """With the sample's first day published. What a test changes in the source, it puts back."""
    made = new_pipeline()
    made.upload(folder)
    made.run().all()
    yield made
    made.clear()


@pytest.fixture
def prepared(loaded: Pipeline) -> Iterator[Run]:
    """A run over the published day that has prepared its schema and nothing else; all objects are new to it."""
    loaded.execute("delete from {star}.loaded_objects")
    run = loaded.run()
    run.task("prepare")
    yield run
    for schema in loaded.schemas():
        loaded.execute(f"drop schema {schema} cascade")


@pytest.fixture(scope="session")
def expected(folder: Path) -> Callable[..., dict[str, Counter[tuple[Any, ...]]]]:
    """What must be published of an interval, worked out without the pipeline's SQL."""

    def tables(start: str = DAY[0], end: str = DAY[1], source: Path = folder) -> dict[str, Counter[tuple[Any, ...]]]:
        found = expected_tables(source, datetime.fromisoformat(start), datetime.fromisoformat(end))
        return {table: Counter(_rows(getattr(found, table))) for table in TABLES}

    return tables


def _named(value: Any, schema: str) -> Any:
    if isinstance(value, str):
        return value.replace("{star}", schema)
    return [_named(item, schema) for item in value] if isinstance(value, list) else value


def _rows(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that is bound, so that nobody else takes it, and that nobody serves."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
