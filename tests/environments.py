"""Virtual environments of their own, for what cannot be, or need not be, installed next to Airflow."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def prepare(pins: Path, folder: Path, tell: Callable[[str], object]) -> Path:
    """Makes the environment of a file of pins, again only when the pins have changed.

    Args:
        pins: as `uv pip compile` writes them.
        folder: where the environment is.
        tell: told when there is something to wait for.

    Returns:
        Its Python.
    """
    python = folder / "bin" / "python"
    mark, wanted = folder / "pinned", hashlib.sha256(pins.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return python
    tell(f"Setting up {folder.parent.name}/{folder.name}")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, pins], check=True)
    mark.write_text(wanted)
    return python
