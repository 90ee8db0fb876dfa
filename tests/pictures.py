"""The pictures in README.md and include/docs, taken from the sandbox that is up: `make pictures`.

The charts of the reports are not among them: `make pictures` has `make report` draw those.
"""

from __future__ import annotations

from include.sandbox.services import running
from include.sandbox.state import REPOSITORY, default_root
from tests import ui

FOLDER = REPOSITORY / "include" / "docs"
SAMPLE = "?start=2018-12-01&end=2018-12-08"
STILL = 2000  # milliseconds until the drawing of the graph has moved into place
PHONE = {"width": 390, "height": 844}


def main() -> None:
    """Takes each; the sample must be loaded."""
    state = running(default_root())
    with ui.signed_in(state) as page:
        ui.show_graph(page, state, ui.latest_range_run(state))
        page.wait_for_timeout(STILL)
        page.screenshot(path=FOLDER / "graph.png")
        ui.show_sparkify(page, state, SAMPLE)
        ui.picture_of_sparkify(page, FOLDER / "page.png")
    with ui.signed_in(state, color_scheme="dark", viewport=PHONE) as page:
        ui.show_sparkify(page, state, SAMPLE)
        ui.picture_of_sparkify(page, FOLDER / "page-phone.png", height=PHONE["height"])


if __name__ == "__main__":
    main()
