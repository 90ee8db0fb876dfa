// Hours of some weeks: a row for each day, the newest first, and a cell for each hour, which leads to its run.

import { el } from "./dom.js";
import { counted, dayName, daysFrom, percent, whole } from "./format.js";
import { rove, stopAt } from "./roving.js";
import { STATES } from "./states.js";

const CELL = "[data-hour]";

/**
 * Makes the grid.
 * @param {Array<{day: string, states: string, rows: number, matched: number}>} days - oldest first
 * @param {{look: function(string, string): void, open: function(string): void, current: ?string}} detail - what is told
 *     of an hour that is pointed at or has the focus, and what follows a click or Enter
 * @returns {HTMLElement}
 */
export function hourGrid(days, detail) {
  const names = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
  const head = el(
    "div",
    { role: "row", class: "hour-row head" },
    el("span", { role: "columnheader" }, "Day"),
    names.map((hour) => el("span", { role: "columnheader" }, hour)),
    el("span", { role: "columnheader", class: "sum" }, "Plays"),
    el("span", { role: "columnheader", class: "sum" }, "Matched"),
  );
  const grid = el(
    "div",
    { role: "grid", class: "hour-grid", "aria-label": "Hours by day, in UTC" },
    head,
    days.toReversed().map((day, n, all) => [n ? gap(day, all[n - 1]) : null, row(day, names)]),
  );
  rove(grid, CELL);
  stopAt(grid, CELL, detail.current && `hour ${detail.current}`);
  listen(grid, detail);
  return grid;
}

/** Says how many days are left out between two, because nothing is known of them. */
function gap(day, newer) {
  const left = daysFrom(day.day, newer.day) - 1;
  if (left < 1) return null;
  const years = day.day.slice(0, 4) === newer.day.slice(0, 4) ? "" : ` · below: ${day.day.slice(0, 4)}`;
  return el(
    "div",
    { role: "row", class: "gap" },
    el("span", { role: "gridcell" }, `${counted(left, "day")} of which nothing is known${years}`),
  );
}

function row(day, names) {
  const name = dayName(day.day);
  const cells = names.map((hour, n) => {
    const state = STATES[day.states[n]] ?? STATES["."];
    return el(
      "span",
      {
        role: "gridcell",
        tabindex: -1,
        class: `cell ${state.name.replace(" ", "-")}`,
        "data-hour": `${day.day}T${hour}`,
        "data-key": `hour ${day.day}T${hour}`,
        "aria-label": `${name}, ${hour} h: ${state.name}`,
      },
      state.sign,
    );
  });
  return el(
    "div",
    { role: "row", class: "hour-row" },
    el("span", { role: "rowheader", title: day.day }, name),
    cells,
    el("span", { role: "gridcell", class: "sum" }, day.rows ? whole(day.rows) : ""),
    el("span", { role: "gridcell", class: "sum" }, day.rows ? percent(day.matched, day.rows) : ""),
  );
}

function listen(grid, detail) {
  const cell = (event) => event.target.closest(CELL);
  const look = (event) => {
    const found = cell(event);
    if (found) detail.look(found.dataset.hour, found.getAttribute("aria-label"));
  };
  grid.addEventListener("pointerover", (event) => event.pointerType === "mouse" && look(event));
  grid.addEventListener("focusin", look);
  grid.addEventListener("click", (event) => {
    const found = cell(event);
    if (!found) return;
    // a finger cannot hover: its first tap tells, its second follows
    if (event.pointerType === "mouse" || detail.current === found.dataset.hour) detail.open(found.dataset.hour);
    else look(event);
  });
  grid.addEventListener("keydown", (event) => {
    if (cell(event) && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      detail.open(cell(event).dataset.hour);
    }
  });
}
