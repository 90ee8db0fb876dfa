// The page: asks for its parts, shows them, and asks again every minute without taking the focus from anyone.

import { alerts } from "./alerts.js";
import { Trouble, get } from "./api.js";
import { attention, counts } from "./attention.js";
import { checks } from "./checks.js";
import { dayCharts } from "./days.js";
import { Detail } from "./detail.js";
import { el, replace } from "./dom.js";
import { counted, moment } from "./format.js";
import { followLinks, tellAddress } from "./frame.js";
import { hourGrid } from "./hours.js";
import { monthCalendar } from "./months.js";
import { picker } from "./picker.js";
import { quarantine } from "./quarantine.js";
import { asked, bounds, month, written } from "./range.js";
import { throughput } from "./throughput.js";

const MINUTE = 60_000; // milliseconds
const HOURS_UP_TO = 62; // days; over longer ranges the calendar has days, and leads to the hours of a month
const PARTS = { checks, quarantine, alerts, throughput };

const place = (id) => document.getElementById(id);
const detail = new Detail(el("aside", { class: "detail", "aria-live": "polite", "aria-label": "What is pointed at" }));
const calendar = el("div", { class: "calendar" });
const shown = {}; // of each part the JSON that is shown, and what shows it
let choice = asked(location.search);
let known = null; // the overview that is shown
let round = 0; // of asking; answers of earlier ones are dropped
let asking = new AbortController();

const show = picker(place("range"), (made) => {
  choice = made;
  history.pushState(null, "", written(made) || location.pathname);
  tellAddress();
  ask();
});

/** Asks for everything, and shows what is not the same as before. */
async function ask() {
  const mine = ++round;
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  place("page").setAttribute("aria-busy", "true");
  delete document.documentElement.dataset.painted;
  try {
    // a preset counts back from the newest hour
    if (!known && choice.preset) known = JSON.parse(await get("overview", {}, signal));
    if (choice.preset || choice.start) {
      const range = bounds(choice, known ?? {});
      await Promise.all([overview(range, signal), parts(range, signal)]);
    } else {
      await parts(await overview({}, signal), signal);
    }
    place("trouble").replaceChildren();
  } catch (error) {
    if (signal.aborted) return;
    trouble(error);
  }
  if (mine !== round) return;
  place("page").setAttribute("aria-busy", "false");
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      document.documentElement.dataset.painted = location.search || "?";
    }),
  );
}

async function overview(range, signal) {
  const answer = await get("overview", range, signal);
  known = JSON.parse(answer);
  const { as_of: asOf, ...rest } = known;
  place("as-of").textContent = `As of ${moment(asOf)} UTC · all times are UTC`;
  show(choice, known);
  detail.forget();
  changed("overview", JSON.stringify(rest), () => {
    replace(place("attention"), attention(known.attention));
    replace(place("counts"), counts(known.counts));
    replace(place("days"), ...dayCharts(known.days));
    place("hours").classList.toggle("wide", known.days.length > HOURS_UP_TO);
    replace(calendar, ...days(known.days));
  });
  return { start: known.start.slice(0, 10), end: known.end.slice(0, 10) };
}

function parts(range, signal) {
  return Promise.all(
    Object.entries(PARTS).map(async ([name, made]) => {
      try {
        const answer = await get(name, name === "alerts" ? {} : range, signal);
        changed(name, answer, () => replace(place(name), ...[made(JSON.parse(answer))].flat()));
      } catch (error) {
        if (signal.aborted || error.signIn) throw error;
        delete shown[name];
        replace(place(name), told(error));
      }
    }),
  );
}

function changed(name, answer, draw) {
  if (shown[name]?.answer === answer) return;
  shown[name] = { answer, draw };
  draw();
}

function days(found) {
  if (!known.last_hour)
    return [el("p", { class: "quiet" }, "No hour was ever loaded. Unpause the DAG, or trigger it with start and end.")];
  if (!found.length)
    return [
      el(
        "p",
        { class: "quiet" },
        "Nothing is known of this range. " +
          `Hours are known from ${moment(known.first_hour)} to ${moment(known.last_hour)}.`,
      ),
    ];
  if (found.length <= HOURS_UP_TO) {
    if (!detail.current)
      detail.invite(
        "Point at an hour, or go there by Tab and the arrow keys, to see what it is made of. " +
          "Click or Enter opens its run.",
      );
    return [hourGrid(found, detail)];
  }
  detail.invite("Point at a day or a month to see it in figures. A month leads to its hours.");
  return [
    monthCalendar(found, {
      look: (_, title, ...lines) => detail.tell(title, ...lines.map((line) => el("p", {}, line))),
      open: (chosen) => openMonth(chosen),
    }),
  ];
}

function openMonth(chosen) {
  choice = month(`${chosen}-01`);
  detail.current = null;
  history.pushState(null, "", written(choice));
  tellAddress();
  ask().then(() => calendar.querySelector("[tabindex='0']")?.focus({ preventScroll: true }));
}

function told(error) {
  const foreseen = error instanceof Trouble;
  return el(
    "p",
    { class: "bad" },
    `${foreseen ? error.message : `This page has a fault: ${error.message}.`} `,
    foreseen ? error.todo : "Reload it.",
  );
}

function trouble(error) {
  console.error(error);
  const since = known ? ` What is shown is as of ${moment(known.as_of)} UTC.` : "";
  const signIn = error.signIn
    ? el("a", { href: new URL("../auth/login", document.baseURI).href, target: "_top" }, "Sign in")
    : null;
  place("trouble").replaceChildren(told(error), since, signIn ?? "");
}

place("hours").append(calendar, detail.pane);
place("refresh").addEventListener("click", ask);
document.addEventListener("themechange", () => Object.values(shown).forEach(({ draw }) => draw())); // canvases
document.addEventListener("visibilitychange", () => document.hidden || ask());
addEventListener("popstate", () => {
  choice = asked(location.search);
  ask();
});
setInterval(() => document.hidden || ask(), MINUTE);
followLinks();
ask();
