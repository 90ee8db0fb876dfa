"""What the sandbox's own tests share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(state_root: Path) -> Iterator[Path]:
    """A file system of 3 MiB; who is not root needs sudo for it."""
    folder = state_root / "disk"
    folder.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "mount", "-t", "tmpfs", "-o", "size=3m,mode=777", "tmpfs", folder], check=True)
    yield folder
    subprocess.run([*as_root, "umount", folder], check=True)
