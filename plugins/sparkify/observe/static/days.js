// Plays and the share of them that is matched to a song, over time: by day, over long ranges by week or month.

import { chart } from "./charts.js";
import { el } from "./dom.js";
import { dayName, daysFrom, percent, short, utc, whole } from "./format.js";

const BY_DAY = 120; // days at most
const BY_WEEK = 800;

/**
 * Makes both charts.
 * @param {Array<{day: string, rows: number, matched: number}>} found - oldest first; where days are left out between
 *     them, the longest part is drawn
 * @returns {HTMLElement[]}
 */
export function dayCharts(found) {
  const days = longest(found);
  const part = days.length < found.length ? `, ${days[0].day} to ${days.at(-1).day}` : "";
  const all = sum(days);
  if (!all.rows) return [el("p", { class: "quiet" }, "No plays were published in this range.")];
  const { unit, groups } = grouped(days);
  const at = groups.map(({ day }) => utc(day).getTime() / 1000);
  const margin = at.length > 1 ? (at.at(-1) - at[0]) / (at.length - 1) / 2 : 43_200;
  const common = { at, span: [at[0] - margin, at.at(-1) + margin], sync: "days" };
  const name = ({ day }) =>
    unit === "month" ? day.slice(0, 7) : `${unit === "week" ? "Week of " : ""}${dayName(day)} ${day.slice(0, 4)}`;
  return [
    chart({
      ...common,
      kind: "bars",
      tint: "loaded",
      title: `Plays per ${unit}${part}`,
      values: groups.map(({ rows }) => rows),
      axis: short,
      summary: `${whole(all.rows)} in all`,
      told: (n) => `${name(groups[n])}: ${whole(groups[n].rows)}`,
    }),
    chart({
      ...common,
      kind: "line",
      tint: "accent",
      title: `Matched to a song, %${part}`,
      axis: String,
      values: groups.map(({ rows, matched }) => (rows ? (100 * matched) / rows : null)),
      summary: `${percent(all.matched, all.rows)} of all`,
      told: (n) => `${name(groups[n])}: ${percent(groups[n].matched, groups[n].rows)}`,
    }),
  ];
}

function longest(days) {
  const parts = [[]];
  for (const [n, day] of days.entries()) {
    if (n && daysFrom(days[n - 1].day, day.day) > 1) parts.push([]);
    parts.at(-1).push(day);
  }
  return parts.reduce((best, part) => (part.length > best.length ? part : best));
}

function grouped(days) {
  if (days.length <= BY_DAY) return { unit: "day", groups: days };
  const unit = days.length <= BY_WEEK ? "week" : "month";
  const start = unit === "month" ? (day) => `${day.slice(0, 7)}-01` : monday;
  const groups = [...Map.groupBy(days, ({ day }) => start(day))].map(([day, parts]) => ({ day, ...sum(parts) }));
  return { unit, groups };
}

function monday(day) {
  const date = utc(day);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
}

function sum(days) {
  return days.reduce((all, { rows, matched }) => ({ rows: all.rows + rows, matched: all.matched + matched }), {
    rows: 0,
    matched: 0,
  });
}
