"""The page Sparkify in headless Chromium, of a real Airflow: five years, the sample's first days, one that has failed.

Its object holds text that would run if the page took it for HTML.
"""

from __future__ import annotations

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from include.sandbox.airflow import DAG_ID, ui_address
from include.sandbox.aws import SOURCE_BUCKET
from include.sandbox.services import app_client
from tests import ui, years
from tests.airflow_over_sample import airflow_over_sample
from tests.bad_day import unloadable

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]  # tests/e2e/test_airflow.py looks at it in between

DAYS = {"start": "2018-12-01T00:00:00Z", "end": "2018-12-04T00:00:00Z"}
BAD_HOURS = {"start": "2018-12-07T06:00:00Z", "end": "2018-12-07T09:00:00Z"}
BAD_DAY, BAD_MS = "log_data/2018/12/2018-12-07-events.json", 1_544_162_400_000
HARM = "<img src=x onerror='window.harmed=1'>"
PHONE = {"width": 360, "height": 740}
FEW = 2_000  # elements; five years have 43,800 hours


@pytest.fixture(scope="module")
def state():
    with airflow_over_sample() as (airflow, api):
        found = airflow.sandbox.state
        body = unloadable(BAD_MS).replace(b"soon", HARM.encode())
        app_client(found).put_object(Bucket=SOURCE_BUCKET, Key=BAD_DAY, Body=body)
        assert ended(api, DAYS) == "success"
        years.write(airflow.sandbox, objects=False)
        assert ended(api, BAD_HOURS) == "failed"
        yield found


@pytest.fixture(scope="module")
def signed_in(state):
    """A browser, and what it keeps of having signed in, which takes longer than most tests do."""
    with ui.signed_in(state) as page:
        yield page.context.browser, page.context.storage_state()


@pytest.fixture
def page(signed_in):
    """A window, with what it complains of: no test may make the page break its own policy, or fail."""
    browser, kept = signed_in
    window = browser.new_page(storage_state=kept, locale="en-GB", viewport={"width": 1280, "height": 900})
    window.set_default_timeout(ui.PATIENCE)
    window.complaints = []
    window.on("pageerror", lambda error: window.complaints.append(str(error)))
    window.on("console", lambda said: window.complaints.append(said.text) if said.type == "error" else None)
    yield window
    assert window.complaints == []
    window.close()


def ended(api, conf):
    run_id = api.trigger(DAG_ID, conf)
    deadline = time.monotonic() + 240
    while (found := api.run_state(DAG_ID, run_id)) not in ("success", "failed"):
        assert time.monotonic() < deadline, "the run did not end in time"
        time.sleep(0.5)
    return found


def cell(page, hour):
    return page.locator(f"[data-hour='{hour}']")


def month(page, name):
    return page.locator(f"[data-month='{name}']")


def pane(page):
    return page.get_by_label("What is pointed at")


def count(page, name):
    return page.locator(".counts div", has_text=name).locator("dd")


def test_what_needs_a_person_stands_first_with_what_to_do(page, state):
    ui.show_sparkify(page, state)
    needs = page.locator(".attention li", has_text="3 hours failed")
    expect(needs).to_contain_text("Do: Open it, see the log of its failed task")
    assert "/dags/sparkify/runs/manual__" in needs.get_by_role("link").get_attribute("href")
    expect(page.locator("#as-of")).to_have_text(re.compile(r"As of \d{4}-\d\d-\d\d \d\d:\d\d UTC"))


def test_hours_are_told_by_letter_and_name_and_counted(page, state):
    ui.show_sparkify(page, state)
    failed = page.locator(".cell.failed[data-hour]")
    expect(failed).to_have_count(3)
    expect(failed).to_have_text(["F", "F", "F"])
    expect(cell(page, "2018-12-07T06")).to_have_attribute("aria-label", "Fri 7 Dec, 06 h: failed")
    expect(cell(page, "2018-12-01T04")).to_have_text("·")
    expect(cell(page, "2018-12-05T00")).to_have_text("M")
    for name in ("failed", "missing", "empty", "loaded"):
        expect(count(page, name)).to_have_text(str(page.locator(f".cell.{name}[data-hour]").count()))


def test_an_hour_tells_what_it_was_loaded_from_and_leads_to_its_run(page, state):
    ui.show_sparkify(page, state)
    cell(page, "2018-12-03T18").hover()
    expect(pane(page)).to_contain_text("log_data/2018/12/2018-12-03-events.json")
    run = pane(page).get_by_role("link").get_attribute("href")
    cell(page, "2018-12-03T18").click()
    page.wait_for_url(run)
    expect(page.get_by_text("load_songplays").first).to_be_visible()


def test_everything_is_reached_by_keyboard(page, state):
    ui.show_sparkify(page, state)
    page.get_by_role("button", name="Show").focus()
    tab_to(page, "[data-hour]")
    assert focused(page, "hour") == "2018-12-07T00"
    for key, hour in (
        ("ArrowRight", "2018-12-07T01"), ("ArrowDown", "2018-12-06T01"), ("End", "2018-12-06T23"),
        ("ArrowUp", "2018-12-07T23"), ("Home", "2018-12-07T00"), ("PageDown", "2018-11-07T00"),
        ("ArrowDown", "2018-11-07T00"), ("ArrowRight", "2018-11-07T01"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert focused(page, "hour") == hour, key
    assert page.locator("[data-hour][tabindex='0']").count() == 1
    expect(pane(page)).to_contain_text("Wed 7 Nov, 01 h: loaded")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab_to(page, ".chart")
    page.keyboard.press("End")
    expect(page.locator("figcaption").first).to_contain_text("Fri 7 Dec 2018: 0")
    tab_to(page, "#checks summary")
    page.keyboard.press("Enter")
    expect(page.get_by_text("songplays is unique by songplay_id").first).to_be_visible()


def test_five_years_are_few_elements_and_lead_to_the_hours_of_a_month(page, state):
    ui.show_sparkify(page, state, "?range=5y")
    assert page.locator("*").count() < FEW
    assert page.locator(".month").count() > 60
    expect(count(page, "loaded")).to_have_text(re.compile("^43,"))
    expect(month(page, "2018-12")).to_have_attribute("aria-label", re.compile(r"^Dec 2018: \d+ loaded, .*, 3 failed$"))
    month(page, "2018-12").focus()
    page.keyboard.press("ArrowDown")
    assert focused(page, "month") == "2017-12"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(cell(page, "2018-12-07T06")).to_have_text("F")
    assert page.evaluate("location.search") == "?start=2018-12-01&end=2019-01-01"
    page.go_back()
    expect(month(page, "2015-06")).to_be_visible()
    assert page.evaluate("location.search") == "?range=5y"


def test_a_day_of_years_has_the_colour_of_its_worst_hours(page, state):
    ui.show_sparkify(page, state, "?range=1y")
    canvas = month(page, "2018-12").locator("canvas")
    box = canvas.bounding_box()
    # the 7th is a Friday, in the second week of December; the corner below has no letter
    column, row, size = 4, 1, box["width"] / 7
    at = [(column + 0.85) * size, (row + 0.85) * size]
    drawn = canvas.evaluate("(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]", at)
    assert drawn[:3] == colour(page, "failed")
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    expect(pane(page)).to_contain_text("Fri 7 Dec 2018")
    expect(pane(page)).to_contain_text("3 failed")


@pytest.mark.parametrize("search", ["", "?range=5y"])
def test_a_phone_needs_no_scrolling_sideways(page, state, search):
    page.set_viewport_size(PHONE)
    ui.show_sparkify(page, state, search)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    over = "[...document.querySelectorAll('.scrolls')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(over) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("search", ["", "?range=5y"])
def test_axe_finds_nothing(page, state, scheme, search):
    page.emulate_media(color_scheme=scheme)
    ui.show_sparkify(page, state, search)
    unfold(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_text_of_bad_input_stays_text(page, state):
    ui.show_sparkify(page, state)
    expect(page.locator("#quarantine .value")).to_contain_text(HARM)
    unfold(page)
    expect(page.locator("#alerts pre")).to_contain_text(HARM)
    assert page.locator("img").count() == 0
    assert page.evaluate("window.harmed") is None


def test_asking_again_takes_neither_focus_nor_what_is_unfolded(page, state):
    ui.show_sparkify(page, state)
    page.locator("#checks summary").first.click()
    cell(page, "2018-12-03T18").focus()
    page.route("**/api/overview*", lambda route: route.fulfill(json=renamed(route.fetch().json())))
    page.route("**/api/checks*", lambda route: route.fulfill(json=route.fetch().json()[1:]))
    ask_again(page)
    expect(page.locator(".attention li").first).to_contain_text("Something new")
    assert focused(page, "hour") == "2018-12-03T18"
    expect(page.locator("#checks details[data-unfolds='passing']")).to_have_attribute("open", "")
    expect(page.get_by_text("songplays is unique by songplay_id").first).to_be_visible()


def test_the_page_asks_again_every_minute(page, state):
    page.clock.install()
    ui.show_sparkify(page, state)
    with page.expect_response("**/api/overview*"):
        page.clock.run_for(61_000)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"detail": "Not authenticated"}, "You are not signed in to Airflow, or no longer. Sign in"),
        (403, {"detail": "Forbidden"}, "Your user may not see this. Ask who administers Airflow"),
        (503, {"what": "The warehouse does not answer", "why": "Refused.", "do": "See that it runs."},
         "The warehouse does not answer. Refused. See that it runs. This page asks again every minute."),
        (500, {}, "Airflow's API server failed (500). Its log says why."),
    ],
)  # fmt: skip
def test_what_fails_says_what_to_do_and_keeps_what_is_shown(page, state, status, body, told):
    ui.show_sparkify(page, state)
    page.route("**/api/**", lambda route: route.fulfill(status=status, json=body))
    ask_again(page)
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_role("alert")).to_contain_text("What is shown is as of")
    expect(cell(page, "2018-12-07T06")).to_have_text("F")
    page.unroute_all()
    ask_again(page)
    expect(page.get_by_role("alert")).to_be_empty()
    page.complaints[:] = [
        text for text in page.complaints if "status of" not in str(text) and told[:12] not in str(text)
    ]


def test_one_part_that_fails_leaves_the_others(page, state):
    page.route(
        "**/api/alerts*", lambda route: route.fulfill(status=503, json={"what": "No S3", "why": "", "do": "Wait."})
    )
    ui.show_sparkify(page, state)
    expect(page.locator("#alerts")).to_contain_text("No S3. Wait.")
    expect(page.get_by_role("alert")).to_be_empty()
    expect(cell(page, "2018-12-07T06")).to_have_text("F")
    forgive(page, "503")


def test_days_that_are_left_out_are_counted_in_their_place(page, state):
    page.route("**/api/overview*", lambda route: route.fulfill(json=with_a_gap(route.fetch().json())))
    ui.show_sparkify(page, state)
    expect(page.locator(".gap")).to_have_text("10 days of which nothing is known")
    expect(page.locator(".hour-row + .gap + .hour-row")).to_have_count(1)
    assert Axe().run(page).violations_count == 0
    page.unroute_all()


def test_a_range_of_which_nothing_is_known_says_what_is(page, state):
    ui.show_sparkify(page, state, "?start=2001-01-01&end=2001-02-01")
    expect(page.locator("#hours")).to_contain_text("Hours are known from 2013-12-01 00:00 to 2018-12-07 23:00")


def test_in_airflows_ui_it_keeps_its_address_and_theme_and_leads_the_whole_window(page, state):
    page.goto(ui_address(state))
    page.locator("a[href$='/plugin/sparkify']").click()
    frame = page.frame_locator("iframe[title='Sparkify']")
    expect(frame.locator(ui.PAINTED)).to_have_count(1)
    page.evaluate("localStorage.setItem('theme', 'dark')")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    page.evaluate("localStorage.removeItem('theme')")
    frame.get_by_role("button", name="7 days").click()
    page.wait_for_url(re.compile(r"/plugin/sparkify/.*\?range=7d$"))
    page.reload()
    expect(frame.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    frame.locator(".attention li", has_text="3 hours failed").get_by_role("link").click()
    page.wait_for_url(re.compile("/dags/sparkify/runs/manual__"))
    expect(page.locator("iframe[title='Sparkify']")).to_have_count(0)


def unfold(page):
    """Unfold all that is folded; what is made only then is there afterwards."""
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    expect(page.locator("details[open] > summary:only-child")).to_have_count(0)


def tab_to(page, selector):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not come to {selector}")


def focused(page, name):
    return page.evaluate("(name) => document.activeElement.dataset[name]", name)


def ask_again(page):
    """As when the person comes back to the tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator(ui.PAINTED).wait_for()


def forgive(page, *said):
    """What the test itself has made the page complain of."""
    page.complaints[:] = [text for text in page.complaints if not any(words in text for words in said)]


def renamed(overview):
    overview["attention"][0]["what"] = "Something new"
    overview["days"][-5]["states"] = "s" * 24
    return overview


def with_a_gap(overview):
    del overview["days"][5:15]
    return overview


def colour(page, name):
    """What the style sheet's colour is painted as."""
    probe = f"""() => {{
        const probe = document.body.appendChild(document.createElement("span"));
        probe.style.color = "var(--{name})";
        const found = getComputedStyle(probe).color;
        probe.remove();
        return found.match(/\\d+/g).map(Number);
    }}"""
    return page.evaluate(probe)[:3]
