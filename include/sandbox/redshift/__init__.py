"""The sandbox Redshift: Redshift's wire protocol and SQL in front of an embedded PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable

import uvloop

from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.install import install
from include.sandbox.redshift.server import Server

# Objects made until those of them in cycles are looked for; Python's own 700 take a tenth of the time of a COPY.
YOUNG = 50_000

__all__ = ["RedshiftConfig", "install", "run", "serve"]


async def serve(config: RedshiftConfig, on_ready: Callable[[int], None]) -> None:
    """Serves clients until the task is cancelled.

    Args:
        config: where to listen and what lies behind; `install` must have run once.
        on_ready: called with the TCP port once clients can connect.
    """
    await Server(config).serve(on_ready)


def run(config: RedshiftConfig, on_ready: Callable[[int], None]) -> None:
    """Serves clients in the foreground, until SIGTERM or Ctrl-C; on uvloop, which passes a message on in half the time.

    Args:
        config: where to listen and what lies behind; `install` must have run once.
        on_ready: called with the TCP port once clients can connect.
    """

    async def until_stopped() -> None:
        serving = asyncio.ensure_future(serve(config, on_ready))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    # What is imported stays; a COPY makes and drops tens of thousands of tuples, none of them in a cycle.
    gc.freeze()
    gc.set_threshold(YOUNG)
    uvloop.run(until_stopped())
