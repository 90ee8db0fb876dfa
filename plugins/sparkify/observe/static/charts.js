// Time series, drawn by uPlot. A chart is read by pointer or, once it has the focus, by the arrow keys.

import { colour } from "./colours.js";
import { el } from "./dom.js";
import { MONTHS } from "./format.js";

const FONT = "11px system-ui, sans-serif";
const DAY = 86_400; // seconds

/**
 * Makes a chart that is as wide as the page.
 * @param {object} options
 * @param {string} options.title - what is shown, with the unit
 * @param {string} options.summary - what a person who does not see the chart is told
 * @param {number[]} options.at - seconds since 1970, ascending
 * @param {Array<?number>} options.values
 * @param {"bars"|"line"|"points"} options.kind
 * @param {string} options.tint - name of a colour
 * @param {function(number): string} options.axis - a value at the axis
 * @param {function(number): string} options.told - a point in words, by its position
 * @param {[number, number]} [options.span] - first and last moment, if more than the points' own
 * @param {string} [options.sync] - charts of the same name move their cursors together
 * @returns {HTMLElement}
 */
export function chart(options) {
  const readout = el("output", { class: "quiet" }, options.summary);
  const host = el("div", {
    class: "chart",
    role: "img",
    tabindex: 0,
    "aria-label": `${options.title}. ${options.summary}`,
    "data-key": `chart ${options.title}`,
  });
  const made = el("figure", {}, el("figcaption", {}, el("strong", {}, options.title), readout), host);
  let plot = null;
  const read = (at) => readout.replaceChildren(at === null || at === undefined ? options.summary : options.told(at));
  new ResizeObserver(([{ contentRect }]) => {
    if (plot) plot.setSize({ width: contentRect.width, height: contentRect.height });
    else if (contentRect.width)
      plot = new uPlot(configuration(options, contentRect, read), [options.at, options.values], host);
  }).observe(host);
  host.addEventListener("keydown", (event) => step(event, plot, options));
  return made;
}

function configuration({ kind, tint, axis, span, at, sync }, { width, height }, read) {
  const [ink, line, fill] = [colour("quiet"), colour("line"), colour(tint)];
  const common = { stroke: ink, font: FONT, ticks: { show: false } };
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: sync ? { key: sync } : undefined },
    scales: {
      x: { range: () => padded(span ?? [at[0], at.at(-1)]) },
      y: { range: (_, __, top) => [0, top > 0 ? top * 1.08 : 1] },
    },
    axes: [
      {
        ...common,
        grid: { show: false },
        size: 30,
        space: 70,
        values: (_, ticks, __, ___, step_) => ticks.map((tick) => tickName(tick, step_)),
      },
      { ...common, grid: { stroke: line, width: 1 }, size: 52, space: 26, values: (_, ticks) => ticks.map(axis) },
    ],
    series: [{}, { ...drawn(kind, fill), label: tint }],
    hooks: { setCursor: [(u) => read(u.cursor.idx)] },
  };
}

function drawn(kind, fill) {
  if (kind === "bars") return { fill, width: 0, paths: uPlot.paths.bars({ size: [0.8, 44] }), points: { show: false } };
  if (kind === "points")
    return { stroke: fill, width: 0, paths: () => null, points: { show: true, size: 5, fill, stroke: fill } };
  return { stroke: fill, width: 1.75, points: { size: 5, fill, stroke: fill } };
}

const padded = ([first, last]) => (last > first ? [first, last] : [first - DAY / 2, last + DAY / 2]);

function tickName(tick, step) {
  const date = new Date(tick * 1000);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  if (step < DAY) return date.getUTCHours() ? date.toISOString().slice(11, 16) : day;
  if (step < 28 * DAY) return day;
  return step < 360 * DAY ? `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}` : `${date.getUTCFullYear()}`;
}

function step(event, plot, { at, values }) {
  const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -at.length, End: at.length };
  if (!plot || !(event.key in moves)) return;
  event.preventDefault();
  const from = plot.cursor.idx ?? (moves[event.key] > 0 ? -1 : at.length);
  const to = Math.min(Math.max(from + moves[event.key], 0), at.length - 1);
  plot.setCursor({ left: plot.valToPos(at[to], "x"), top: plot.valToPos(values[to] ?? 0, "y") });
}
