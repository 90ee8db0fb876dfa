"""The sandbox's services as child processes: PostgreSQL, the Redshift and AWS stand-ins, and the alerts' inbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import redshift_connector
from redshift_connector.core import Connection
from redshift_connector.error import Error

from include.sandbox import ports, process
from include.sandbox.aws import SOURCE_BUCKET, WORK_BUCKET, client
from include.sandbox.disk import explained
from include.sandbox.inbox import SMTP_USER
from include.sandbox.ports import HeldPort
from include.sandbox.postgres import Postgres, PostgresError
from include.sandbox.process import Child
from include.sandbox.state import (
    DATABASE,
    HOST,
    LOOPBACK,
    POSTGRES,
    REGION,
    USER,
    Lock,
    SandboxError,
    State,
    close_to_others,
)

if TYPE_CHECKING:
    from types import TracebackType

    from mypy_boto3_s3 import S3Client

SCHEMA = "sparkify"
WORK_URL = f"s3://{WORK_BUCKET}/manifests"
START_SECONDS = 60.0
ENDED = "ended"  # file in the state folder: why the last sandbox ended, if not because somebody stopped it


@dataclass
class Sandbox:
    """The local AWS in one state folder; as a context manager it starts on entry and leaves nothing running.

    Args:
        root: absolute state folder; made if missing.
        fill: called before the services start, to bring the source bucket's folder up to date.
    """

    root: Path
    fill: Callable[[State], object] = lambda _state: None
    state: State = field(init=False)
    children: list[Child] = field(default_factory=list, init=False)
    _ports: dict[str, HeldPort] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.state = State.load(self.root)

    def start(self) -> None:
        """Starts everything and returns once it serves; first ends what a killed sandbox left behind.

        Raises:
            SandboxError: another process runs this sandbox, or a service did not start; nothing is left running.
        """
        self._lock = Lock(self.root)
        self._lock.acquire()
        (self.root / ENDED).unlink(missing_ok=True)
        self.state = State.load(self.root)
        try:
            self._end_leftovers()
            self.fill(self.state)
            close_to_others(self.root)
            aws = self._spawn("aws", "--port", str(self.hold_port("aws")))
            self._start_postgres()
            inbox = self._spawn_inbox()
            self.state.aws = process.wait_ready(self.root, aws, START_SECONDS)
            self.state.save()
            redshift = self._spawn(
                "redshift", "--port", str(self.hold_port("redshift")), environment=self._redshift_environment()
            )
            process.wait_ready(self.root, redshift, START_SECONDS)
            process.wait_ready(self.root, inbox, START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def start_feed(self) -> None:
        """Starts the live feed, which writes the current day's log object."""
        self._spawn("feed")

    def stop(self) -> None:
        """Stops everything, the last started first; what is kept stays in the state folder."""
        try:
            process.stop(reversed(self.children))
            self.children.clear()
            self.postgres().stop()
            process.sweep(self.root)
        finally:
            self._release_ports()
            self._lock.release()

    def hold_port(self, name: str) -> int:
        """Chooses a port for a service, and holds it until the sandbox stops: the one used last if it can be had.

        Called again, it chooses another one if somebody listens on the port meanwhile.
        """
        if held := self._ports.pop(name, None):
            held.release()
        self._ports[name] = ports.hold(HOST if name != "ui" else LOOPBACK, self.state.wanted_ports(name))
        self.state.ports[name] = self._ports[name].number
        self.state.save()
        return self.state.ports[name]

    def _release_ports(self) -> None:
        for held in self._ports.values():
            held.release()
        self._ports.clear()

    def check(self) -> None:
        """Raises SandboxError, with the end of its log, if a service has ended."""
        for child in self.children:
            child.check()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def postgres(self) -> Postgres:
        """Returns the embedded PostgreSQL server."""
        return Postgres(self.root / POSTGRES, self.state.ports.get("postgres", 0), self.state.secret("postgres"))

    def metadata_dsn(self) -> str:
        """Returns the connection URI of Airflow's metadata database."""
        return self.postgres().dsn("airflow", user="airflow", password=self.state.secret("airflow_database"))

    def _spawn(self, name: str, *arguments: str, environment: dict[str, str] | None = None) -> Child:
        command = process.python_command("include.sandbox", "--state", str(self.root), name, *arguments)
        self.children.append(process.spawn(self.root, name, command, environment))
        return self.children[-1]

    def _start_postgres(self) -> None:
        for attempt in range(3):  # another program may take the port between the choice and the start
            self.hold_port("postgres")
            server = self.postgres()
            try:
                server.start()
                break
            except PostgresError as error:
                if attempt == 2:
                    raise SandboxError(explained(self.root, str(error))) from error
        server.ensure_database("airflow", "airflow", self.state.secret("airflow_database"))
        server.ensure_database(DATABASE, USER, self.state.secret("redshift"))

    def _redshift_environment(self) -> dict[str, str]:
        aws = self.state.aws
        return {
            "SANDBOX_POSTGRES_DSN": self.postgres().dsn(DATABASE),
            "SANDBOX_REDSHIFT_PASSWORD": self.state.secret("redshift"),
            "SANDBOX_AWS_ENDPOINT": aws["endpoint"],
            "SANDBOX_IAM_ROLE": aws["role_arn"],
            "AWS_ACCESS_KEY_ID": aws["redshift_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": aws["redshift_secret_access_key"],
        }

    def _spawn_inbox(self) -> Child:
        for name in ("smtp", "webhook"):
            self.hold_port(name)
            self.state.secret(name)
        return self._spawn("inbox-server")

    def _end_leftovers(self) -> None:
        process.sweep(self.root)
        self.postgres().stop()


def running(root: Path) -> State:
    """Returns the state of a sandbox that runs.

    Raises:
        SandboxError: none runs in that folder.
    """
    if Lock(root).holder() is None:
        why = f" {cause}" if (cause := why_ended(root)) else ""
        raise SandboxError(f"The sandbox in {root} is not running: start it with `make up` or `make run`.{why}")
    return State.load(root)


def why_ended(root: Path) -> str:
    """Returns why the last sandbox in a folder has ended, or is ending; empty if somebody stopped it, or it runs."""
    cause = root / ENDED
    return f"The last one has ended: {cause.read_text()}" if cause.exists() else ""


def connect(state: State, user: str = USER, password: str | None = None) -> Connection:
    """Connects to the sandbox Redshift: as its owner, as the pipeline does, or as another user.

    Args:
        state: of the running sandbox.
        user: the Redshift user.
        password: of the user; the owner's if None.

    Raises:
        SandboxError: it does not answer, is another program, or refuses the password.
    """
    port = state.ports.get("redshift", 0)
    process.require_ours(state.root, port, "The sandbox Redshift")
    try:
        return redshift_connector.connect(
            host=HOST, port=port, database=DATABASE, user=user, password=password or state.secret("redshift"),
            ssl=False, application_name="sandbox",
        )  # fmt: skip
    except Error as error:
        raise SandboxError(f"The sandbox Redshift on {HOST}:{port} let nobody in: {error}") from error


def query(connection: Connection, text: str) -> list[Sequence[Any]]:
    """Returns the rows of one statement."""
    cursor = connection.cursor()
    cursor.execute(text)
    return list(cursor.fetchall())


def recorded(state: State, table: str, columns: str, where: str = "true") -> list[Sequence[Any]]:
    """Returns rows of one of the pipeline's tables; none before its first run has made it."""
    there = f"select count(*) from pg_tables where schemaname = '{SCHEMA}' and tablename = '{table}'"  # noqa: S608 - constants
    with connect(state) as connection:
        if not query(connection, there)[0][0]:
            return []
        return query(connection, f"select {columns} from {SCHEMA}.{table} where {where}")  # noqa: S608 - constants


def app_client(state: State) -> S3Client:
    """Returns an S3 client with the keys of the app, which writes the source bucket."""
    aws = state.aws
    keys = {"aws_access_key_id": aws["app_access_key_id"], "aws_secret_access_key": aws["app_secret_access_key"]}
    return cast("S3Client", client("s3", aws["endpoint"], **keys))


def pipeline_client(state: State, service: str) -> Any:
    """Returns a boto3 client with the pipeline's own keys."""
    aws = state.aws
    return client(
        service, aws["endpoint"], aws_access_key_id=aws["access_key_id"], aws_secret_access_key=aws["secret_access_key"]
    )


def pipeline_environment(state: State) -> dict[str, str]:
    """Returns the connections and variables of the pipeline's DAG, as Airflow reads them from the environment."""
    aws = state.aws
    redshift = {
        "conn_type": "redshift", "host": HOST, "port": state.ports["redshift"], "schema": DATABASE, "login": USER,
        "password": state.secret("redshift"),
        # without a name the driver looks for one in the call stack, which takes half a second (redshift_connector)
        "extra": {"ssl": False, "application_name": "airflow"},
    }  # fmt: skip
    amazon = {
        "conn_type": "aws", "login": aws["access_key_id"], "password": aws["secret_access_key"],
        "extra": {"endpoint_url": aws["endpoint"], "region_name": REGION},
    }  # fmt: skip
    return {
        **alert_environment(state),
        "AIRFLOW_CONN_SPARKIFY_REDSHIFT": json.dumps(redshift),
        "AIRFLOW_CONN_SPARKIFY_AWS": json.dumps(amazon),
        "AIRFLOW_VAR_SPARKIFY_SOURCE": f"s3://{SOURCE_BUCKET}",
        "AIRFLOW_VAR_SPARKIFY_WORK": WORK_URL,
        "AIRFLOW_VAR_SPARKIFY_IAM_ROLE": aws["role_arn"],
        "AIRFLOW_VAR_SPARKIFY_REGION": REGION,
        "AIRFLOW_VAR_SPARKIFY_SCHEMA": SCHEMA,
    }


def alert_environment(state: State) -> dict[str, str]:
    """Returns the connections and variables of all channels of alerts."""
    mail = {
        "conn_type": "smtp", "host": HOST, "port": state.ports["smtp"], "login": SMTP_USER,
        "password": state.secret("smtp"),
        "extra": {"from_email": "airflow@sparkify.example", "disable_ssl": True, "disable_tls": True, "timeout": 5,
                  "retry_limit": 1},
    }  # fmt: skip
    web = f"http://{HOST}:{state.ports['webhook']}"
    slack = {"conn_type": "slackwebhook", "host": f"{web}/slack", "password": state.secret("webhook")}
    webhook = {"conn_type": "http", "host": f"{web}/{state.secret('webhook')}"}
    return {
        "AIRFLOW_CONN_SPARKIFY_SMTP": json.dumps(mail),
        "AIRFLOW_CONN_SPARKIFY_SLACK": json.dumps(slack),
        "AIRFLOW_CONN_SPARKIFY_WEBHOOK": json.dumps(webhook),
        "AIRFLOW_VAR_SPARKIFY_ALERT_TOPIC": state.aws["topic_arn"],
        "AIRFLOW_VAR_SPARKIFY_ALERT_MAIL": "on-call@sparkify.example",
        "AIRFLOW_VAR_SPARKIFY_ALERT_SLACK": "sparkify_slack",
        "AIRFLOW_VAR_SPARKIFY_ALERT_WEBHOOK": "sparkify_webhook",
    }
