"""The page in Airflow's UI and what it asks: a FastAPI app that the api-server mounts.

Airflow mounts a plugin's routes without authentication (Airflow: plugins, "fastapi_apps"), so everything here asks for
a user who may read the DAG. Routes are plain functions: FastAPI runs them in threads, and the api-server's event loop
goes on while the warehouse is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BeforeValidator

from sparkify.observe import DAG_ID, alerts, details
from sparkify.observe.attention import UnavailableError
from sparkify.observe.books import Books, opened
from sparkify.observe.calendar import ALWAYS
from sparkify.observe.overview import overview

STATIC = Path(__file__).parent / "static"
# Looked up by name, so that no name that somebody sends comes to the file system.
FILES = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.is_file()}
LATEST = timedelta(days=31)
LATEST_ALERTS = 50
# A request takes a thread as long as the warehouse takes, and Airflow's own routes need some of the 40 that there are
# (anyio: default thread limiter). The others wait without one.
AT_ONCE = asyncio.Semaphore(8)
HEADERS = {
    # the UI shows the page in a frame of its own origin
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",  # what is only for those who may see it is asked for again
}

# A mounted folder of static files would not ask for the user, nor do FastAPI's own pages about the API.
app = FastAPI(
    title="Sparkify",
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(requires_access_dag("GET", param_dag_id=DAG_ID))],
)


def moment(text: Any) -> Any:
    """Read a moment as people write it: `2018-12-01`, `2018-12-01T05` and `2018-12-01T05:00:00Z` will do.

    Args:
        text: ISO 8601, in UTC unless it says; None is left as it is.

    Raises:
        ValueError: it is none, or an offset leads beyond the years that there are.
    """
    if text is None:
        return None
    found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))  # Python 3.10 does not read its Z
    try:
        utc = found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies beyond the calendar") from error
    first, last = ALWAYS
    return min(max(utc, first), last)  # SQL writes the years before 1000 otherwise, and a day is added to a last moment


Moment = Annotated[datetime, BeforeValidator(moment)]


@app.middleware("http")
async def handle(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Ask the warehouse few things at once, and let the browser load and show only what is ours."""
    async with AT_ONCE if "/api/" in request.url.path else nullcontext():
        response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


@app.exception_handler(UnavailableError)
def tell_unavailable(_request: Request, error: UnavailableError) -> JSONResponse:
    """Say what does not answer, and what to do."""
    return JSONResponse(error.attention.json(), status_code=503)


def books() -> Any:
    """The warehouse's books, open as long as a request takes."""
    with opened() as found:
        yield found


TheBooks = Annotated[Books, Depends(books)]


def asked_range(start: Moment | None = None, end: Moment | None = None) -> tuple[datetime, datetime]:
    """The range that is asked for; the last 31 days if it is not."""
    last = end or datetime.now(timezone.utc)
    first = start or last - LATEST
    if first >= last:
        raise HTTPException(422, f"start={start} is not before end={end}.")
    return first, last


TheRange = Annotated[tuple[datetime, datetime], Depends(asked_range)]


@app.get("/api/overview")
def get_overview(books: TheBooks, start: Moment | None = None, end: Moment | None = None) -> dict[str, Any]:
    """The state of every hour of a range, and what needs a person."""
    return overview(books, start, end).json()


@app.get("/api/hour")
def get_hour(books: TheBooks, hour: Moment) -> dict[str, Any]:
    """What became of one hour."""
    return details.hour(books, hour.replace(minute=0, second=0, microsecond=0))


@app.get("/api/checks")
def get_checks(books: TheBooks, shown: TheRange) -> list[dict[str, Any]]:
    """Checks with their history."""
    return details.checks(books, shown)


@app.get("/api/quarantine")
def get_quarantine(books: TheBooks, shown: TheRange) -> list[dict[str, Any]]:
    """What is in quarantine, by reason."""
    return details.quarantine(books, shown)


@app.get("/api/alerts")
def get_alerts() -> list[dict[str, Any]]:
    """The last alerts, newest first."""
    return [alert.json() for alert in alerts.recorded()[:LATEST_ALERTS]]


@app.get("/api/throughput")
def get_throughput(books: TheBooks, shown: TheRange) -> list[dict[str, Any]]:
    """How fast runs were."""
    return details.throughput(books, shown)


@app.get("/")
def get_page() -> FileResponse:
    """The page."""
    return FileResponse(STATIC / "index.html")


@app.get("/static/{path:path}")
def get_static(path: str) -> FileResponse:
    """One of the page's files."""
    if path not in FILES:
        raise HTTPException(404, f"The page has no file {path!r}.")
    return FileResponse(FILES[path])


@app.get("/{path:path}")
def get_nothing(path: str) -> None:
    """Anything else, which a stranger is not told is not there."""
    raise HTTPException(404, f"There is nothing at {path!r}.")
