// Days of years: a small calendar for each month, drawn on a canvas, which leads to the hours of the month. A day has
// the colour and sign of its worst hours, the higher the more there are. So five years are sixty elements, not 43,800.

import { el } from "./dom.js";
import { colours } from "./colours.js";
import { MONTHS, dayName, percent, utc, whole } from "./format.js";
import { rove, stopAt } from "./roving.js";
import { BAD, STATES, settled, tally, told, worst } from "./states.js";

const MONTH = "[data-month]";
const WEEK = 7;
const ROWS = 6; // a month touches at most six weeks
const LEAST = 0.65; // of a day's height: even of one bad hour the sign must be legible

/**
 * Makes the calendar, the newest year first.
 * @param {Array<{day: string, states: string, rows: number, matched: number}>} days - oldest first
 * @param {{look: function(string, string): void, open: function(string): void, current: ?string}} told - of a month
 * @returns {HTMLElement}
 */
export function monthCalendar(days, { look, open, current }) {
  const years = Map.groupBy(days, ({ day }) => day.slice(0, 4));
  const grid = el(
    "div",
    { class: "years", role: "group", "aria-label": "Months; each leads to its hours" },
    [...years]
      .reverse()
      .map(([year, inYear]) =>
        el(
          "div",
          { class: "year" },
          el("h3", {}, year),
          el("div", { class: "months" }, [...Map.groupBy(inYear, ({ day }) => day.slice(0, 7))].map(tile)),
        ),
      ),
  );
  const byMonth = Map.groupBy(days, ({ day }) => day.slice(0, 7));
  rove(grid, MONTH);
  stopAt(grid, MONTH, current && `month ${current}`);
  grid.addEventListener("click", (event) => {
    const found = event.target.closest(MONTH);
    if (found) open(found.dataset.month);
  });
  const tell = (event, point) => {
    const found = event.target.closest(MONTH);
    if (found) look(found.dataset.month, ...summary(byMonth.get(found.dataset.month), point));
  };
  grid.addEventListener("focusin", (event) => tell(event, null));
  grid.addEventListener("pointermove", (event) => tell(event, event));
  new ResizeObserver(() => paint(grid, byMonth)).observe(grid); // tells of the first size too, before the first paint
  return grid;
}

function paint(grid, byMonth) {
  const palette = colours();
  const scale = window.devicePixelRatio || 1;
  const width = grid.querySelector("canvas")?.clientWidth ?? 0;
  for (const tileOf of grid.querySelectorAll(MONTH)) {
    draw(tileOf.querySelector("canvas"), byMonth.get(tileOf.dataset.month), palette, width, scale);
  }
}

function tile([month, days]) {
  const counts = tally(days);
  const { good, due } = settled(counts);
  const name = MONTHS[Number(month.slice(5)) - 1];
  return el(
    "button",
    {
      type: "button",
      class: "month",
      tabindex: -1,
      "data-month": month,
      "data-key": `month ${month}`,
      "aria-label": `${name} ${month.slice(0, 4)}: ${told(counts)}`,
    },
    el("span", { class: "month-head" }, name, el("small", { class: "quiet" }, good < due ? percent(good, due) : "")),
    el("canvas", { "aria-hidden": true }),
  );
}

function draw(canvas, days, palette, width, scale) {
  const size = width / WEEK;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(size * ROWS * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = `700 ${Math.floor((size - 2) * 0.85)}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const day of days) {
    const [column, row] = placeOf(day.day);
    drawDay(pen, column * size + 1, row * size + 1, size - 2, tally([day]), palette);
  }
}

function drawDay(pen, x, y, size, counts, palette) {
  const letter = worst(counts);
  const { good, due } = settled(counts);
  const background = due ? (counts.l ? "l" : good ? "e" : letter) : ".";
  pen.fillStyle = palette[background].fill;
  pen.fillRect(x, y, size, size);
  if (!BAD.includes(letter)) return;
  const height = Math.round(size * (LEAST + (1 - LEAST) * (counts[letter] / due)));
  pen.fillStyle = palette[letter].fill;
  pen.fillRect(x, y + size - height, size, height);
  pen.fillStyle = palette[letter].ink;
  pen.fillText(STATES[letter].sign, x + size / 2, y + size - height / 2 + 0.5);
}

/** Column (Monday is 0) and row of a day in the calendar of its month. */
function placeOf(day) {
  const first = (utc(`${day.slice(0, 7)}-01`).getUTCDay() + 6) % WEEK;
  const cell = first + Number(day.slice(8)) - 1;
  return [cell % WEEK, Math.floor(cell / WEEK)];
}

function summary(days, event) {
  const canvas = event?.target.closest(MONTH)?.querySelector("canvas");
  const box = canvas?.getBoundingClientRect();
  const size = box && box.width / WEEK;
  const [column, row] = box
    ? [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor(at / size))
    : [];
  const day = days.find((one) => box && placeOf(one.day).join() === `${column},${row}`);
  const about = day ? [day] : days;
  const title = day
    ? `${dayName(day.day)} ${day.day.slice(0, 4)}`
    : `${MONTHS[Number(days[0].day.slice(5, 7)) - 1]} ${days[0].day.slice(0, 4)}`;
  const [rows, matched] = ["rows", "matched"].map((name) => about.reduce((sum, one) => sum + one[name], 0));
  return [title, told(tally(about)), `${whole(rows)} plays, ${percent(matched, rows)} matched to a song`];
}
