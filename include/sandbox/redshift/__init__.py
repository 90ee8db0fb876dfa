"""The sandbox Redshift: Redshift's wire protocol and SQL in front of an embedded PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.install import install
from include.sandbox.redshift.server import Server

__all__ = ["RedshiftConfig", "install", "serve"]


async def serve(config: RedshiftConfig, on_ready: Callable[[int], None]) -> None:
    """Serves clients until the task is cancelled.

    Args:
        config: where to listen and what lies behind; `install` must have run once.
        on_ready: called with the TCP port once clients can connect.
    """
    await Server(config).serve(on_ready)
