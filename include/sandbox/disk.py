"""A full disk, as the cause of what else goes wrong."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

ERRORS = (errno.ENOSPC, errno.EDQUOT)
# What PostgreSQL and Airflow need to go on for a while; who fails above it may still have found no space, and says so.
LEAST_BYTES = 16 * 1024 * 1024


def explained(root: Path, message: str) -> str:
    """Returns what a person is to read of a failure: first that the disk is full, where it is.

    A log cannot hold that if it lies on the full disk itself.

    Args:
        root: the state folder.
        message: what failed, with the end of its log.
    """
    free = shutil.disk_usage(root).free if root.exists() else LEAST_BYTES
    if free >= LEAST_BYTES and not any(os.strerror(number) in message for number in ERRORS):
        return message
    return (
        f"No space left on device: {free:,} bytes are free where {root} is. Free some (`make clean` forgets what the "
        f"sandbox holds), then start it again. What failed for it:\n{message}"
    )
