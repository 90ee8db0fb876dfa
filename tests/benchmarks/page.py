"""How long the page Sparkify takes to show five years of hours, over what it takes to show one month."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import CDPSession

from tests import ui, years
from tests.benchmarks.workbench import Workbench

MONTH, YEARS = "?start=2018-10-01&end=2018-11-01", "?range=5y"
TIMES = 9
# From the change of the range to the frame in which all of it is painted, in milliseconds.
CHANGE = """(search) => new Promise((resolve) => {
    const root = document.documentElement;
    const began = performance.now();
    new MutationObserver((_, observer) => {
        if (root.dataset.painted !== search) return;
        observer.disconnect();
        resolve(performance.now() - began);
    }).observe(root, { attributeFilter: ["data-painted"] });
    history.pushState(null, "", search);
    dispatchEvent(new PopStateEvent("popstate"));
})"""


def ratio(bench: Workbench) -> float:
    """Medians of changes of the range, in turns, of a real api-server with real rows, in headless Chromium.

    Returns:
        The greater of two ratios: of the whole time, most of which the server takes, and of the browser's own work.
    """
    sandbox = bench.runs.sandbox
    bench.tell("page: writing five years of hourly runs before the sample")
    years.write(sandbox, objects=True)
    painted: dict[str, list[float]] = {MONTH: [], YEARS: []}
    worked: dict[str, list[float]] = {MONTH: [], YEARS: []}
    with ui.signed_in(sandbox.state) as page:
        ui.show_sparkify(page, sandbox.state, YEARS)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        for n in range(TIMES + 1):  # the first pair warms up
            for search in (MONTH, YEARS):
                before = _work(session)
                painted[search].append(page.evaluate(CHANGE, search))
                worked[search].append(_work(session) - before)
            told = (f"{painted[search][-1]:.0f} ms, {worked[search][-1]:.0f} of them work" for search in (YEARS, MONTH))
            bench.tell(f"page {n}/{TIMES}: " + " / ".join(told))
    whole, work = _over(painted), _over(worked)
    bench.tell(f"page: {whole:.2f} times as long, {work:.2f} times the browser's work")
    return max(whole, work)


def _over(times: dict[str, list[float]]) -> float:
    return median(times[YEARS][1:]) / median(times[MONTH][1:])


def _work(session: CDPSession) -> float:
    """What the page's main thread has worked so far, in milliseconds (Chrome DevTools Protocol: Performance)."""
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000
