"""Airflow's UI in headless Chromium: sign in, look at a run's graph, at what a task rendered, at our own page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect, sync_playwright

from include.sandbox.airflow import ADMIN, DAG_ID, ui_address
from include.sandbox.services import connect, query
from include.sandbox.state import State

TASKS = 12
PATIENCE = 60_000  # milliseconds
PAINTED = "html[data-painted]"  # what the page Sparkify says of itself once everything it asked for is on the screen

expect.set_options(timeout=PATIENCE)


@contextmanager
def signed_in(state: State, **look: Any) -> Iterator[Page]:
    """Open the UI as its administrator.

    Args:
        state: of the running sandbox.
        look: of the window, as Playwright's `new_context` takes it: `viewport`, `color_scheme`, `locale` and others.
    """
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            # as root, in a container, there is no user namespace for Chromium's own sandbox
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(**{"viewport": {"width": 1500, "height": 800}, **look})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{ui_address(state)}/auth/login")
        page.fill("input[name=username]", ADMIN)
        page.fill("input[name=password]", state.secret("airflow_admin"))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{ui_address(state)}/")
        yield page
        browser.close()


def show_graph(page: Page, state: State, run_id: str) -> None:
    """Go to a run's graph and wait until every task is drawn."""
    page.goto(f"{ui_address(state)}/dags/{DAG_ID}/runs/{quote(run_id)}")
    page.get_by_label("Show Graph (Press g)").click()
    expect(page.locator(".react-flow__node")).to_have_count(TASKS, timeout=PATIENCE)


def show_rendered(page: Page, state: State, run_id: str, task_id: str) -> None:
    """Go to what Airflow rendered for a task."""
    page.goto(f"{ui_address(state)}/dags/{DAG_ID}/runs/{quote(run_id)}/tasks/{task_id}/rendered_templates")


def page_address(state: State, search: str = "") -> str:
    """The address of the page Sparkify by itself, without Airflow's UI around it.

    Args:
        state: of the running sandbox.
        search: the range, e.g. `?range=5y` or `?start=2018-12-01&end=2018-12-08`; the last 31 days without.
    """
    return f"{ui_address(state)}/sparkify/{search}"


def show_sparkify(page: Page, state: State, search: str = "") -> None:
    """Go to the page Sparkify, and wait until all of it is painted; `search` as in `page_address`."""
    page.goto(page_address(state, search))
    page.locator(PAINTED).wait_for()


def picture_of_sparkify(page: Page, path: Path, *, height: int | None = None) -> None:
    """Take the picture of the page that is shown, from its top.

    Args:
        page: that shows it.
        path: of the PNG.
        height: of the picture in pixels; as long as the page if not given.
    """
    whole = page.evaluate("document.documentElement.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height or whole})


def latest_range_run(state: State) -> str:
    """The id of the newest run that published a range."""
    newest = "select run_id from sparkify.published_runs where run_id like 'manual%' order by published_at desc limit 1"
    with connect(state) as connection:
        return str(query(connection, newest)[0][0])
