"""What the sandbox remembers between two starts: folders, ports, generated secrets, and what data it holds."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
# Where the stand-ins listen and are found: the name of their own container, for the others of a private network.
HOST = os.environ.get("SANDBOX_HOST") or LOOPBACK
REGION = "us-west-2"
DATABASE, USER = "dev", "awsuser"  # of the sandbox Redshift; the user is its owner
POSTGRES = "postgres"  # the folder of its cluster
PREFERRED_PORTS = {"redshift": 5439, "ui": 8080}


class SandboxError(RuntimeError):
    """Something a person can put right; the message says what and how, and is shown without a traceback."""


def default_root() -> Path:
    """Returns the state folder: the environment's SANDBOX_STATE, else `.sandbox` at the top of the repository."""
    return Path(os.environ.get("SANDBOX_STATE") or REPOSITORY / ".sandbox").resolve()


@dataclass
class State:
    """The contents of `state.json`, readable by its owner only.

    Args:
        root: absolute folder that holds everything the sandbox keeps.
        ports: TCP port on `HOST` by service, as last used.
        secrets: generated passwords and keys, by name.
        aws: what the last start of the AWS stand-in gave out: endpoint, access keys, ARNs.
        source: what the source bucket was filled from: `sample`, or the absolute path of a DATA folder; empty if none.
        loaded: whether a run over that data has succeeded.
        metadata_version: the Airflow version whose schema the metadata database has.
        airflow: address of an Airflow that runs elsewhere and uses this sandbox; empty if it is a part of the sandbox.
    """

    root: Path
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    aws: dict[str, str] = field(default_factory=dict)
    source: str = ""
    loaded: bool = False
    metadata_version: str = ""
    airflow: str = ""

    @classmethod
    def load(cls, root: Path) -> State:
        """Reads the state in a folder; an empty one if there is none.

        Raises:
            SandboxError: the file is there and cannot be read as state.
        """
        try:
            return cls(root=root, **json.loads((root / "state.json").read_text()))
        except FileNotFoundError:
            return cls(root=root)
        except (ValueError, TypeError) as error:
            raise SandboxError(f"{root / 'state.json'} is damaged ({error}); `make clean` starts afresh.") from error

    def save(self) -> None:
        """Replaces `state.json` in one step, readable by the owner only."""
        content = asdict(self)
        del content["root"]
        write_private(self.root / "state.json", json.dumps(content, indent=1))

    def secret(self, name: str, size: int = 18) -> str:
        """Returns the secret of that name, generated from `size` random bytes and saved at first use."""
        if name not in self.secrets:
            self.secrets[name] = secrets.token_urlsafe(size)
            self.save()
        return self.secrets[name]

    def wanted_ports(self, name: str) -> list[int]:
        """Returns the ports that a service would have: the one used last, in the default folder a known one too."""
        preferred = PREFERRED_PORTS.get(name) if self.root == default_root() else None
        return [port for port in (self.ports.get(name), preferred) if port]

    def folder(self, name: str) -> Path:
        """Returns a folder below the root, created if it is missing, its owner's only."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def close_to_others(root: Path) -> None:
    """Makes the state folder, and one that an earlier version has left open, its owner's only.

    Where that is root, PostgreSQL runs as another account, which passes through the folder (`postgres.py`) and cannot
    list it: so what lies in it is closed too, but for PostgreSQL's own folder.
    """
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for path in root.iterdir():
        if path.name != POSTGRES and not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)


class Lock:
    """Held by the one process that runs the sandbox in a folder; the system frees it however that process ends.

    Args:
        root: absolute state folder.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / "lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Takes the lock and writes this process's id into it.

        Raises:
            SandboxError: another process holds it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.path.open("a+")
        for _ in range(10):  # a look by `holder` has it for a moment too
            if _locked(file, fcntl.LOCK_EX):
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
                self._file = file
                return
            time.sleep(0.05)
        file.close()
        raise SandboxError(f"The sandbox in {self.path.parent} runs already (process {self.holder()}): `make down`.")

    def release(self) -> None:
        """Lets the lock go."""
        if self._file:
            self._file.close()
            self._file = None

    def holder(self) -> int | None:
        """Returns the id of the process that runs the sandbox; None if none does."""
        if not self.path.exists():
            return None
        with self.path.open("r") as file:
            if _locked(file, fcntl.LOCK_SH):
                return None
            content = file.read()
            return int(content) if content else None


def write_private(path: Path, content: str) -> None:
    """Writes a text file in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - Path cannot set the mode at creation
        file.write(content)
    draft.replace(path)


def read_ready(root: Path, name: str) -> dict[str, Any] | None:
    """Returns what a child process said when it was ready; None if it has not yet."""
    try:
        answer: dict[str, Any] = json.loads((root / "ready" / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    return answer


def write_ready(root: Path, name: str, answer: Mapping[str, Any]) -> None:
    """Tells the parent process that this child serves, and where."""
    write_private(root / "ready" / f"{name}.json", json.dumps(answer))


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
