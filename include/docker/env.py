"""Writes .env from .env.example: `make env`. Needs nothing but Python, as a server has no environment set up."""

from __future__ import annotations

import os
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def generated(example: str) -> str:
    """Returns the example with a secret of its own wherever a name has no value.

    Each is 32 random bytes in URL-safe base64, which is what Fernet asks of a key (cryptography: Fernet), and what
    stands in a connection's URL as it is.
    """
    lines = example.splitlines()
    filled = [line + urlsafe_b64encode(os.urandom(32)).decode() if line.endswith("=") else line for line in lines]
    return "\n".join(filled) + "\n"


def main(target: Path) -> int:
    """Writes the file, readable by its owner only, unless there is one; returns the exit code."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{target} exists: edit it. New secrets would lock out what the old ones opened.", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(generated((REPOSITORY / ".env.example").read_text()))
    print(f"{target} is written, for its owner's eyes only. Next: make server")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / ".env"))
