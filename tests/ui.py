"""Airflow's UI in headless Chromium: sign in, look at a run's graph and at what a task rendered.

As a program it writes the README's picture of the DAG: `python -m tests.ui PICTURE`, while the sandbox is up.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, expect, sync_playwright

from include.sandbox.airflow import ADMIN, DAG_ID, ui_address
from include.sandbox.services import connect, query, running
from include.sandbox.state import State, default_root

TASKS = 12
PATIENCE = 60_000  # milliseconds

expect.set_options(timeout=PATIENCE)


@contextmanager
def signed_in(state: State) -> Iterator[Page]:
    """Open the UI as its administrator.

    Args:
        state: of the running sandbox.
    """
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            # as root, in a container, there is no user namespace for Chromium's own sandbox
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(viewport={"width": 1500, "height": 800})
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


def latest_range_run(state: State) -> str:
    """The id of the newest run that published a range."""
    newest = "select run_id from sparkify.published_runs where run_id like 'manual%' order by published_at desc limit 1"
    with connect(state) as connection:
        return str(query(connection, newest)[0][0])


if __name__ == "__main__":
    sandbox_state = running(default_root())
    with signed_in(sandbox_state) as ui:
        show_graph(ui, sandbox_state, latest_range_run(sandbox_state))
        ui.wait_for_timeout(2000)  # the drawing is still moving into place
        ui.screenshot(path=Path(sys.argv[1]))
