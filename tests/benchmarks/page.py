"""How long the page Sparkify takes to show five years of hours, over what it takes to show one month."""

from __future__ import annotations

from statistics import median

from tests import ui, years
from tests.benchmarks.workbench import Workbench

MONTH, YEARS = "?start=2018-10-01&end=2018-11-01", "?range=5y"
TIMES = 9
# From the change of the range to the frame in which all of it is painted, and to the server's last answer, in ms.
CHANGE = """(search) => new Promise((resolve) => {
    const root = document.documentElement;
    performance.clearResourceTimings();
    const began = performance.now();
    new MutationObserver((_, observer) => {
        if (root.dataset.painted !== search) return;
        observer.disconnect();
        const answered = performance.getEntriesByType("resource").map(({ responseEnd }) => responseEnd);
        resolve([performance.now() - began, Math.max(...answered) - began]);
    }).observe(root, { attributeFilter: ["data-painted"] });
    history.pushState(null, "", search);
    dispatchEvent(new PopStateEvent("popstate"));
})"""


def ratio(bench: Workbench) -> float:
    """Medians of changes of the range, in turns, of a real api-server with real rows, in headless Chromium."""
    sandbox = bench.runs.sandbox
    bench.tell("page: writing five years of hourly runs before the sample")
    years.write(sandbox, objects=True)
    painted: dict[str, list[float]] = {MONTH: [], YEARS: []}
    drawn: dict[str, list[float]] = {MONTH: [], YEARS: []}
    with ui.signed_in(sandbox.state) as page:
        ui.show_sparkify(page, sandbox.state, YEARS)
        for n in range(TIMES + 1):  # the first pair warms up
            for search in (MONTH, YEARS):
                whole, answered = page.evaluate(CHANGE, search)
                painted[search].append(whole)
                drawn[search].append(whole - answered)
            bench.tell(
                f"page {n}/{TIMES}: five years {_told(painted, drawn, YEARS)}, a month {_told(painted, drawn, MONTH)}"
            )
    bench.tell(f"page: of what follows the server's last answer {_over(drawn):.2f} times")
    return _over(painted)


def _over(times: dict[str, list[float]]) -> float:
    return median(times[YEARS][1:]) / median(times[MONTH][1:])


def _told(painted: dict[str, list[float]], drawn: dict[str, list[float]], search: str) -> str:
    return f"{painted[search][-1]:.0f} ms ({drawn[search][-1]:.0f} after the server's answer)"
